#pragma once

#include "actors/workflow/step_kind.hpp"

namespace perin::actors {

/// The event that an order comes to. `conflict` where the state is not one to do it in,
/// `not_found` where there is no such step, `invalid_request` where an answer is none that the step
/// can go on with.
[[nodiscard]] result<workflow::event> event_of(const runtime::workflow_order& order,
                                               const workflow::workflow_state& on,
                                               const workflow_book& book);

}  // namespace perin::actors
