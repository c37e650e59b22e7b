#pragma once

#include "actors/turn/turn.hpp"
#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <memory>

namespace perin::actors {

/// What every conversation of a server shares.
struct conversation_parts {
    runtime::actor_slot<runtime::store_actor> store;
    runtime::actor_slot<runtime::reader_actor> reader;
    std::shared_ptr<const turn_parts> turns;
    std::shared_ptr<const runtime::wall_clock> clock;
    std::shared_ptr<runtime::entropy> entropy;
    /// A turn that runs longer fails.
    std::chrono::milliseconds turn_deadline{600'000};
    /// For the store and the reader to answer.
    std::chrono::milliseconds store_timeout{30'000};
    /// Most readers of one conversation.
    std::size_t most_readers = 1'000;
};

/// Starts the actor of one conversation. It loads itself (unless it is `fresh`: known not to be
/// there), goes on with what a crash cut off, and tells `parent` when it has nothing to do.
[[nodiscard]] runtime::conversation_actor spawn_conversation(
    caf::actor_system& system, std::shared_ptr<const conversation_parts> parts,
    conversation_key key, runtime::conversations_actor parent, bool fresh);

}  // namespace perin::actors
