#pragma once

#include "persistence/database.hpp"
#include "runtime/actors.hpp"
#include "runtime/supervision/actor_slot.hpp"
#include "runtime/upstream/upstream.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace perin::actors {

struct reader_pool_settings {
    /// Connections at most (features section 9, less those of the writers).
    std::size_t most = 16;
    /// One that had nothing to do for this long is closed.
    std::chrono::milliseconds idle = std::chrono::seconds{30};
    /// Reads that wait for a connection; past it they are refused.
    std::size_t most_waiting = 2'000;
    /// How long one waits at most.
    std::chrono::milliseconds longest_wait = std::chrono::seconds{10};
    /// For a connection and a statement.
    std::chrono::milliseconds longest_read = std::chrono::seconds{40};
};

struct reader_pool_parts {
    /// A connection that reads. Called in the pool: it must not wait for a server.
    std::function<std::unique_ptr<persistence::database>()> open;
    runtime::actor_slot<runtime::upstream_actor> supervisor = {};
    reader_pool_settings settings = {};
    /// Whether each connection has a thread of its own, as all but a test wants.
    bool detached = true;
};

/// Starts a reader that has many connections: each read goes to one that is free, else to a new
/// one, else it waits. Where too many wait, or one waits too long, it is `unavailable`.
[[nodiscard]] runtime::reader_actor spawn_reader_pool(caf::actor_system& system,
                                                      reader_pool_parts parts);

}  // namespace perin::actors
