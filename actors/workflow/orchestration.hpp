#pragma once

#include "actors/workflow/workflows.hpp"

#include <cstdint>
#include <string>

namespace perin::actors {

/// From an attempt: it tells how far it is.
struct attempt_progressed {
    std::uint64_t number = 0;
    std::string message;
};

/// From an attempt: it has ended.
struct attempt_ended {
    std::uint64_t number = 0;
    step_end how;
};

/// To a workflow, from its parent: look whether there is something to do.
struct wake_workflow {};

/// To the parent: a workflow does nothing. `handled`: messages that it has had from its parent;
/// where the parent has sent no more than that, nothing is on its way.
struct workflow_rests {
    std::string id;
    std::uint64_t handled = 0;
    /// It has ended, or there is none: nobody will ask for it soon.
    bool over = false;
    /// When it is due; nothing where it waits for somebody.
    std::optional<timestamp> due_at = {};
};

/// To the parent itself: a workflow that died is started again.
struct revive_workflow {
    std::string id;
};

/// To the parent itself: some may be due.
struct look_for_due {};

/// The parent as its workflows know it.
using workflows_parent =
    runtime::workflows_actor::extend<caf::reacts_to<workflow_rests>,
                                     caf::reacts_to<revive_workflow>, caf::reacts_to<look_for_due>>;

/// One workflow: it keeps the stream, and has the attempts of its steps made.
using orchestration_actor =
    caf::typed_actor<caf::replies_to<runtime::begin_workflow>::with<result<workflow::account_of>>,
                     caf::replies_to<runtime::command_workflow>::with<result<workflow::account_of>>,
                     caf::replies_to<runtime::find_workflow>::with<result<workflow::account_of>>,
                     // From its attempt.
                     caf::reacts_to<attempt_progressed>, caf::reacts_to<attempt_ended>,
                     // From its parent.
                     caf::reacts_to<wake_workflow>, caf::reacts_to<runtime::forget_user>,
                     // To itself: something is due.
                     caf::reacts_to<runtime::tick>>;

/// Starts the actor of one workflow. It loads itself, unless it is `fresh`: known not to be there.
[[nodiscard]] orchestration_actor spawn_orchestration(caf::actor_system& system,
                                                      std::shared_ptr<const workflows_parts> parts,
                                                      std::string id, workflows_parent parent,
                                                      bool fresh);

}  // namespace perin::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::actors::attempt_progressed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::actors::attempt_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::actors::wake_workflow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::actors::workflow_rests)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::actors::revive_workflow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::actors::look_for_due)
