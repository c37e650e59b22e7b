#include "actors/workflow/workflow_orders.hpp"

namespace perin::actors {

using namespace runtime;

result<workflow::event> event_of(const workflow_order& order, const workflow::workflow_state& on,
                                 const workflow_book& book) {
    if (const auto* one = std::get_if<pause_workflow>(&order)) return on.pause(one->reason);
    if (std::holds_alternative<resume_workflow>(order)) return on.resume();
    if (const auto* one = std::get_if<cancel_workflow>(&order)) return on.cancel(one->reason);
    if (const auto* one = std::get_if<skip_step>(&order)) return on.skip(one->step_id);
    if (const auto* one = std::get_if<retry_step>(&order)) return on.retry(one->step_id);
    const auto& one = std::get<answer_step>(order);
    auto answered = on.answer(one.step_id, one.answer, one.by);
    if (!answered) return answered;
    const auto* step = on.current();
    const auto* kind = step ? book.find_step(step->is.kind) : nullptr;
    if (!kind || !kind->check_answer) return answered;
    auto kept = kind->check_answer(one.answer);
    if (!kept) return kept.error();
    return on.answer(one.step_id, std::move(*kept), one.by);
}

}  // namespace perin::actors
