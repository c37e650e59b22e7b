#pragma once

#include "actors/calendar/owner_calendar.hpp"
#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace perin::actors {

struct calendars_parts {
    runtime::actor_slot<runtime::store_actor> store;
    runtime::actor_slot<runtime::reader_actor> reader;
    std::shared_ptr<const runtime::wall_clock> clock;
    std::shared_ptr<runtime::entropy> entropy;
    std::chrono::milliseconds store_timeout{20'000};
    /// Other processes may be on the same database: each question first asks whether the calendar
    /// at hand is the newest.
    bool shared = false;
    /// How often idleness is looked at.
    std::chrono::milliseconds tick_every{30'000};
    /// A calendar that nobody asks for leaves the process after this.
    std::chrono::milliseconds passivate_after{600'000};
    /// Changes of one calendar that wait for their turn; one more is `unavailable`.
    std::size_t most_waiting = 256;
    /// Somebody else, such as another process, may change a calendar meanwhile: how often a
    /// decision is made anew before it is `unavailable`.
    std::size_t most_attempts = most_decisions;
};

/// Starts the actor of every user's calendar. It starts one for each owner who is asked about,
/// which keeps that owner's events and bookings at hand and makes one decision after the other:
/// check, commit, answer.
[[nodiscard]] runtime::calendars_actor spawn_calendars(caf::actor_system& system,
                                                       calendars_parts parts);

}  // namespace perin::actors
