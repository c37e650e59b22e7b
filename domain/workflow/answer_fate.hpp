#pragma once

#include "domain/workflow/summary.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace perin::workflow {

/// What became of an answer to a step. `monostate`: nothing yet, the attempt that was given it has
/// not ended. `step_waits`: it was not taken, and the step asks again.
using answer_fate = std::variant<std::monostate, step_done, step_waits, step_failed>;

/// Of the last answer that `by` gave the step; nothing where it gave none.
[[nodiscard]] std::optional<answer_fate> fate_of_answer(std::span<const past_event> history,
                                                        std::string_view step_id,
                                                        std::string_view by);

}  // namespace perin::workflow
