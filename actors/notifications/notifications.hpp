#pragma once

#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace perin::actors {

struct notifications_parts {
    runtime::actor_slot<runtime::store_actor> store;
    runtime::actor_slot<runtime::reader_actor> reader;
    /// Told of what users have decided on a tool's call.
    runtime::actor_slot<runtime::conversations_actor> conversations;
    std::shared_ptr<const runtime::wall_clock> clock;
    std::shared_ptr<runtime::entropy> entropy;
    /// Other processes may be on the same database, and make notifications there.
    bool shared = false;
    /// Users who are known to have nothing open; with one more all are asked for again.
    std::size_t most_without = 100'000;
    std::chrono::milliseconds store_timeout{20'000};
    /// For a conversation to accept a decision.
    std::chrono::milliseconds send_timeout{35'000};
    /// Between two looks at what has expired and what is still to follow.
    std::chrono::milliseconds shortest_look{1'000};
    std::chrono::milliseconds longest_look{60'000};
    /// A decision that cannot be told is told again after this, then after twice as long.
    std::chrono::milliseconds first_wait{1'000};
    std::chrono::milliseconds longest_wait{300'000};
    /// Sessions of one user that are told; one more is not.
    std::size_t most_listeners = 1'000;
    /// Decisions that are on their way at once.
    std::size_t most_sent = 32;
    /// Told of what owners have decided on a booking.
    runtime::actor_slot<runtime::workflows_actor> workflows = {};
};

/// Starts the actor of the notifications: it keeps none in memory but knows who listens and who
/// has none open, lets them expire, and has what users decided on a tool's call carried out once,
/// whatever crashes.
[[nodiscard]] runtime::notifications_actor spawn_notifications(caf::actor_system& system,
                                                               notifications_parts parts);

}  // namespace perin::actors
