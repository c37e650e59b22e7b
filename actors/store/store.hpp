#pragma once

#include "persistence/database.hpp"
#include "runtime/actors.hpp"

#include <caf/fwd.hpp>

#include <memory>

namespace perin::actors {

struct store_settings {
    /// Most changes that one transaction takes.
    std::size_t batch = 256;
};

/// Starts the actor that writes. It owns `db`; `detached`: on a thread of its own.
[[nodiscard]] runtime::store_actor spawn_store(caf::actor_system& system,
                                               std::unique_ptr<persistence::database> db,
                                               store_settings settings, bool detached = true);

/// Starts an actor that reads. It owns `db`, a connection of its own.
[[nodiscard]] runtime::reader_actor spawn_reader(caf::actor_system& system,
                                                 std::unique_ptr<persistence::database> db,
                                                 bool detached = true);

}  // namespace perin::actors
