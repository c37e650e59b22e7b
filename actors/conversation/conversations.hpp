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
    /// A conversation that dies is started again at once; one that died before within
    /// `deaths_within` after `first_wait`, doubled with each death up to `longest_wait`, unless it
    /// is asked sooner: for a reader that goes on, `reader_waits` after its death at the earliest,
    /// since readers ask until they are answered.
    std::chrono::milliseconds deaths_within{600'000};
    std::chrono::milliseconds first_wait{100};
    std::chrono::milliseconds longest_wait{60'000};
    std::chrono::milliseconds reader_waits{1'000};
};

/// Starts the actor that finds or starts conversations. It takes up what a crash cut off.
[[nodiscard]] runtime::conversations_actor spawn_conversations(
    caf::actor_system& system, std::shared_ptr<const conversation_parts> parts,
    conversations_settings settings);

}  // namespace perin::actors
