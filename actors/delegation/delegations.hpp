#pragma once

#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace perin::actors {

struct delegations_parts {
    runtime::actor_slot<runtime::store_actor> store;
    runtime::actor_slot<runtime::reader_actor> reader;
    runtime::actor_slot<runtime::calendars_actor> calendars;
    runtime::actor_slot<runtime::workflows_actor> workflows;
    std::shared_ptr<const runtime::wall_clock> clock;
    std::shared_ptr<runtime::entropy> entropy;
    std::chrono::milliseconds store_timeout{20'000};
    std::chrono::milliseconds calendar_timeout{25'000};
    /// How long a guest waits for the workflow of a booking to rest.
    std::chrono::milliseconds longest_wait{10'000};
    /// Bookings that are under way at once; one more is `unavailable`.
    std::size_t most_under_way = 1'000;
};

/// Starts the actor of the links. It keeps nothing: whether a guest may come in is asked of the
/// database each time, so that a revoked link is closed at once.
[[nodiscard]] runtime::delegations_actor spawn_delegations(caf::actor_system& system,
                                                           delegations_parts parts);

}  // namespace perin::actors
