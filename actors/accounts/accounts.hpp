#pragma once

#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <memory>

namespace perin::actors {

struct accounts_parts {
    runtime::actor_slot<runtime::store_actor> store;
    runtime::actor_slot<runtime::reader_actor> reader;
    runtime::actor_slot<runtime::password_actor> passwords;
    std::shared_ptr<const runtime::wall_clock> clock;
    std::shared_ptr<runtime::entropy> entropy;
    /// Life of a session token, renewed by use (protocol, Who is calling).
    std::chrono::hours session_life{30 * 24};
    /// A token's use is noted at most so often.
    std::chrono::minutes touch_every{10};
    /// A token that was looked up is known for so long, unless it is ended here.
    std::chrono::seconds remember_for{10};
    std::size_t most_remembered = 10'000;
    std::chrono::milliseconds timeout{20'000};
    /// Told of a user who is erased, where they are there.
    runtime::actor_slot<runtime::conversations_actor> conversations = {};
    runtime::actor_slot<runtime::memory_actor> memory = {};
    runtime::actor_slot<runtime::calendars_actor> calendars = {};
};

[[nodiscard]] runtime::accounts_actor spawn_accounts(caf::actor_system& system,
                                                     accounts_parts parts);

[[nodiscard]] runtime::password_actor spawn_passwords(caf::actor_system& system,
                                                      bool detached = true);

}  // namespace perin::actors
