#pragma once

#include "runtime/actors.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <memory>

namespace perin::actors {

struct session_parts {
    runtime::actor_slot<runtime::conversations_actor> conversations;
    runtime::actor_slot<runtime::notifications_actor> notifications = {};
    runtime::actor_slot<runtime::workflows_actor> workflows = {};
    std::chrono::milliseconds timeout{35'000};
    /// Conversations that one connection may follow.
    std::size_t most_subscriptions = 1'000;
};

/// Starts the session of a connection. News go to `sink` until `session_stop`.
[[nodiscard]] runtime::session_actor spawn_session(caf::actor_system& system,
                                                   std::shared_ptr<const session_parts> parts,
                                                   std::shared_ptr<runtime::session_sink> sink);

}  // namespace perin::actors
