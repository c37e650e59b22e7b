#pragma once

#include "actors/store/group_commit.hpp"
#include "persistence/database.hpp"
#include "runtime/actors.hpp"
#include "runtime/supervision/actor_slot.hpp"
#include "runtime/upstream/upstream.hpp"

#include <caf/fwd.hpp>

#include <atomic>
#include <memory>

namespace perin::actors {

/// Starts the actor that writes. It owns `db`; `detached`: on a thread of its own. What fails for
/// the database's sake is tried again as `supervisor` says; without one it fails at once.
[[nodiscard]] runtime::store_actor spawn_store(
    caf::actor_system& system, std::unique_ptr<persistence::database> db,
    group_commit_settings settings, bool detached = true,
    runtime::actor_slot<runtime::upstream_actor> supervisor = {});

/// Whether a read of any of these readers failed for the database's sake, and none has told the
/// supervisor since that reads go well. Thread-safe.
using failed_reads = std::shared_ptr<std::atomic<bool>>;

/// Starts an actor that reads. It owns `db`, a connection of its own. Readers of one database share
/// `failed`: what one was refused, another one finds well again. Null: it is on its own.
[[nodiscard]] runtime::reader_actor spawn_reader(
    caf::actor_system& system, std::unique_ptr<persistence::database> db, bool detached = true,
    runtime::actor_slot<runtime::upstream_actor> supervisor = {}, failed_reads failed = {});

}  // namespace perin::actors
