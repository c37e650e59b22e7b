#pragma once

#include "actors/conversation/conversation.hpp"

#include <caf/fwd.hpp>

namespace perin::actors {

struct conversations_settings {
    /// An idle conversation leaves memory after this.
    std::chrono::milliseconds passivate_after{600'000};
    /// Past so many in memory the one that has been idle longest leaves at once.
    std::size_t most_resident = 10'000;
    /// How often deadlines and idleness are looked at.
    std::chrono::milliseconds tick_every{1'000};
    /// A conversation that dies more often than this within a minute stays down until it is asked.
    std::size_t most_restarts = 3;
};

/// Starts the actor that finds or starts conversations. It takes up what a crash cut off.
[[nodiscard]] runtime::conversations_actor spawn_conversations(
    caf::actor_system& system, std::shared_ptr<const conversation_parts> parts,
    conversations_settings settings);

}  // namespace perin::actors
