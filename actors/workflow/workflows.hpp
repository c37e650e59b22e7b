#pragma once

#include "actors/workflow/step_kind.hpp"
#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace perin::actors {

struct workflows_parts {
    runtime::actor_slot<runtime::store_actor> store;
    runtime::actor_slot<runtime::reader_actor> reader;
    /// Where workflows that were begun in a conversation are told of. Empty: nowhere.
    runtime::actor_slot<runtime::conversations_actor> conversations;
    std::shared_ptr<const workflow_book> book;
    std::shared_ptr<const runtime::wall_clock> clock;
    std::shared_ptr<runtime::entropy> entropy;
    std::chrono::milliseconds store_timeout{20'000};
    std::chrono::milliseconds tell_timeout{20'000};
    /// How often deadlines and idleness are looked at.
    std::chrono::milliseconds tick_every{1'000};
    /// A workflow that waits for somebody leaves the process after this.
    std::chrono::milliseconds passivate_after{10'000};
    /// Workflows in the process; one more that is begun or asked for is `unavailable`.
    std::size_t most_resident = 20'000;
    /// Orders to one workflow that wait for their turn.
    std::size_t most_waiting = 64;
    /// Events of one workflow; one that comes to more fails with `too_large`.
    std::size_t most_events = 10'000;
    /// Progress that one attempt may tell; more is dropped.
    std::size_t most_progress = 100;
    /// Bytes of what a step comes to.
    std::size_t most_outcome_bytes = 256 * 1024;
    /// Between looks for workflows whose time has come.
    std::chrono::milliseconds shortest_look{20};
    std::chrono::milliseconds longest_look{60'000};
    /// Of one that dies: before it is started a second time, and at most.
    std::chrono::milliseconds first_wait{100};
    std::chrono::milliseconds longest_wait{30'000};
};

/// Starts the actor of the workflows. It takes up those that a crash cut off, starts an actor for
/// each that has something to do, wakes those whose time has come, and lets those go that wait for
/// somebody: they are rows then.
[[nodiscard]] runtime::workflows_actor spawn_workflows(caf::actor_system& system,
                                                       workflows_parts parts);

}  // namespace perin::actors
