#pragma once

#include "actors/workflow/orchestration.hpp"

namespace perin::actors {

/// Which attempt: what an earlier one says late is nothing.
struct attempt_start {
    std::uint64_t number = 0;
    /// Undoes what the step has done, instead of doing it.
    bool compensates = false;
    step_context context;
};

/// Starts an attempt of a step, which tells `whose` how it ends. It waits for `begin_step`.
[[nodiscard]] step_actor spawn_attempt(caf::actor_system& system,
                                       std::shared_ptr<const workflow_book> book,
                                       const step_kind& kind, attempt_start start,
                                       orchestration_actor whose);

}  // namespace perin::actors
