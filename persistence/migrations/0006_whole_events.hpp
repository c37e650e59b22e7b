#pragma once

#include <array>
#include <string_view>

namespace perin::persistence {

/// What an event of the calendar needs to be read back as it was, and calendars that others
/// subscribe to.
inline constexpr std::array<std::string_view, 5> migration_0006 = {
    // Seconds since 1970 that the event's own wall clock shows: an instant does not tell the time
    // of a clock that is set back or forward. NULL: `starts_at` tells it.
    "ALTER TABLE calendar_events ADD COLUMN local_start BIGINT",
    // Seconds; NULL: from `starts_at` to `ends_at`.
    "ALTER TABLE calendar_events ADD COLUMN length BIGINT",
    // NULL: the event has no organizer, unless `organizer` is not empty.
    "ALTER TABLE calendar_events ADD COLUMN organizer_name TEXT",
    // When it came to its version.
    "ALTER TABLE calendars ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0",

    // The address is a credential: only its hash is here, and it goes with its owner.
    R"(CREATE TABLE calendar_feeds (
        user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id),
        token_hash TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL))",
};

}  // namespace perin::persistence
