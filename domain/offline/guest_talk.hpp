#pragma once

#include "domain/offline/intent_row.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace perin::offline {

/// What a guest's message comes to: a call, or words.
struct guest_step {
    /// Empty where words are enough.
    std::string_view tool = {};
    nlohmann::json arguments = {};
    std::string text = {};
    /// What the tool is needed for, in the infinitive.
    std::string_view activity = {};
};

/// Answers the guest of a link: finds free times and books one, and does nothing else, whatever the
/// message says. The table is apart from the owner's: none of its intents can be reached here. The
/// context has a link.
[[nodiscard]] guest_step guest_step_of(const question& asked);

/// Tells what became of a guest's call.
[[nodiscard]] std::string tell_guest(const tool_outcome& outcome, const question& asked);

/// "30 or 60 minutes".
[[nodiscard]] std::string spoken_lengths(const link_context& link);
/// The owner as an answer names them.
[[nodiscard]] std::string owner_of(const link_context& link);
/// The next free times that the context holds, as a list with its sentence; empty where there are
/// none.
[[nodiscard]] std::string next_free(const assistant_context& context);
/// How far the meeting has come, as a sentence; empty where nothing was chosen.
[[nodiscard]] std::string standing_of(const assistant_context& context);

}  // namespace perin::offline
