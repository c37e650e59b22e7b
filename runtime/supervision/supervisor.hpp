#pragma once

#include "domain/result.hpp"
#include "runtime/clock.hpp"
#include "runtime/messages.hpp"
#include "runtime/supervision/actor_report.hpp"
#include "runtime/supervision/child_spec.hpp"
#include "runtime/supervision/supervised_children.hpp"

#include <caf/fwd.hpp>
#include <caf/typed_actor.hpp>

#include <memory>

namespace perin::runtime {

/// A child to be supervised from now on.
struct start_child {
    child_spec spec;
};

struct child_started {
    child_id id = 0;
};

/// Ends a child for good.
struct end_child {
    child_id id = 0;
};

/// To itself: something is due.
struct supervision_wake {};

/// Starts, restarts and ends its children. An exit message ends it: children first, in order.
using supervisor_actor = caf::typed_actor<
    // `unavailable` where it is ending. The child's start has been tried when the answer comes.
    caf::replies_to<start_child>::with<result<child_started>>,
    // Unknown ids are ignored: the child may have ended meanwhile.
    caf::reacts_to<end_child>,
    // Answered within the time it gives, whatever the children do.
    caf::replies_to<describe_actors>::with<result<actor_report>>, caf::reacts_to<supervision_wake>>;

/// What a supervisor is made of; kept by whoever supervises it, which makes it anew from this.
struct supervisor_plan {
    std::string name;
    restart_rules rules = {};
    std::vector<child_spec> children = {};
    /// For waits; null: none is shortened.
    std::shared_ptr<entropy> chance = {};
    /// Called within the supervisor; may be null.
    supervision_observer observer = {};
    /// The root's: called once, as it gives up or is killed, with a sentence for the operator. Not
    /// called where it was asked to end.
    std::function<void(const std::string& why)> gave_up = {};
};

[[nodiscard]] supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_plan plan);

/// A supervisor as a child of another. `grace` is for its whole branch to end in order: past it the
/// branch is killed.
[[nodiscard]] child_spec supervised_branch(
    supervisor_plan plan, std::chrono::milliseconds grace = std::chrono::seconds{30},
    actor_slot<supervisor_actor> slot = {});

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::start_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::end_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::supervision_wake)
