#pragma once

#include "domain/turn.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace perin::actors {

// What operators see of turns: a count in the metrics and a line in the log, never what was said.

void record_turn_begin(const conversation_key& key, const pending_turn& turn, bool again);

/// `ran`: nothing where the turn had not begun to run.
void record_turn_end(const conversation_key& key, const pending_turn& turn, const turn_end& end,
                     std::optional<std::chrono::nanoseconds> ran);

/// `tool`: a tool's name, or `unknown` where the model named none of ours.
void record_tool(const conversation_key& key, const pending_turn& turn, std::string_view tool,
                 const tool_outcome& outcome);

}  // namespace perin::actors
