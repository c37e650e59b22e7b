#pragma once

#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <memory>

namespace perin::actors {

struct memory_parts {
    runtime::actor_slot<runtime::store_actor> store;
    runtime::actor_slot<runtime::reader_actor> reader;
    std::shared_ptr<const runtime::wall_clock> clock;
    /// Entries of one user; one more drops the least valuable old one.
    std::size_t most_entries = 1'000;
    std::chrono::milliseconds store_timeout{20'000};
    /// How often counted uses are written, and idleness is looked at.
    std::chrono::milliseconds tick_every{30'000};
    /// A user's memory that nobody asks for leaves the process after this.
    std::chrono::milliseconds passivate_after{600'000};
};

/// Starts the actor of every user's memory. It starts one for each user who is asked about, which
/// keeps that user's entries at hand and is the only one to write them.
[[nodiscard]] runtime::memory_actor spawn_memories(caf::actor_system& system, memory_parts parts);

}  // namespace perin::actors
