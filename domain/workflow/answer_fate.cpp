#include "domain/workflow/answer_fate.hpp"

namespace perin::workflow {

std::optional<answer_fate> fate_of_answer(std::span<const past_event> history,
                                          std::string_view step_id, std::string_view by) {
    std::optional<answer_fate> out;
    // Events of the step between the answer and the end of its attempts.
    bool follows = false;
    for (const auto& one : history) {
        if (step_of(one.what) != step_id) continue;
        if (const auto* answered = std::get_if<step_answered>(&one.what)) {
            follows = answered->by == by;
            if (follows) out = answer_fate{};
        } else if (!follows) {
            continue;
        } else if (const auto* done = std::get_if<step_done>(&one.what)) {
            out = *done;
        } else if (const auto* waits = std::get_if<step_waits>(&one.what)) {
            out = *waits;
        } else if (const auto* failed_one = std::get_if<step_failed>(&one.what);
                   failed_one && !failed_one->retry_at) {
            out = *failed_one;
        }
    }
    return out;
}

}  // namespace perin::workflow
