#pragma once

#include "runtime/supervision/actor_slot.hpp"
#include "runtime/supervision/supervisor_rules.hpp"

#include <caf/actor_cast.hpp>
#include <caf/local_actor.hpp>

#include <functional>
#include <string>
#include <utility>

namespace perin::runtime {

/// How a child is started and treated. Its handle is untyped here, as is that of everything whose
/// interface is of no concern: a supervisor only watches its children and sends them exits.
struct child_spec {
    /// As `GET /actors` shows it. Without a user's data.
    std::string name;
    child_rules rules = {};
    /// Starts an incarnation, within the supervisor's handler: it must not block for long. What it
    /// throws, and null, count as a death.
    std::function<caf::strong_actor_ptr(caf::local_actor& supervisor)> start;
    /// Told of each incarnation, before anything else is started.
    std::function<void(const caf::strong_actor_ptr&)> stands = {};
    /// It is a supervisor and tells of its own children.
    bool supervises = false;
};

/// A child that `start`, called with the supervisor, spawns. Each incarnation stands in `slot`.
template <class Handle, class Start>
[[nodiscard]] child_spec supervised(std::string name, child_rules rules, Start start,
                                    actor_slot<Handle> slot) {
    child_spec out;
    out.name = std::move(name);
    out.rules = rules;
    out.start = [start = std::move(start)](caf::local_actor& supervisor) mutable {
        Handle made = start(supervisor);
        return caf::actor_cast<caf::strong_actor_ptr>(made);
    };
    out.stands = [slot = std::move(slot)](const caf::strong_actor_ptr& made) mutable {
        slot.put(caf::actor_cast<Handle>(made));
    };
    return out;
}

/// A child that somebody else has spawned already: watched, shown and ended with the others, never
/// started again. For what comes and goes with a connection or a call.
template <class Handle>
[[nodiscard]] child_spec adopted(std::string name, const Handle& child,
                                 std::chrono::milliseconds grace = std::chrono::seconds{1}) {
    child_spec out;
    out.name = std::move(name);
    out.rules = {child_kind::temporary, grace, {}};
    // Given away at the start: the watched handle alone keeps it.
    out.start = [held = caf::actor_cast<caf::strong_actor_ptr>(child)](caf::local_actor&) mutable {
        return std::exchange(held, nullptr);
    };
    return out;
}

}  // namespace perin::runtime
