#pragma once

#include "domain/event.hpp"
#include "domain/workflow/workflow_state.hpp"

#include <string>
#include <vector>

namespace perin::workflow {

/// What a conversation is told of an event of a workflow (protocol, Events); nothing for one that
/// people need not see. `before` is the state that the event came to.
[[nodiscard]] std::vector<event_body> told_of(const std::string& workflow_id,
                                              const workflow_state& before, const event& what);

}  // namespace perin::workflow
