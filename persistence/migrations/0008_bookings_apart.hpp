#pragma once

#include <array>
#include <string_view>

namespace perin::persistence {

/// Bookings keep themselves apart (docs/decisions/0013-bookings-keep-themselves-apart.md), and one
/// is written into no index that does not need it. The states are in ORs because SQLite makes a
/// table in memory for an IN each time.
inline constexpr std::array<std::string_view, 13> migration_0008 = {
    "DROP TABLE booked_minutes",
    "DROP INDEX bookings_by_start",
    R"(CREATE INDEX bookings_active ON bookings (user_id, blocked_from)
        WHERE (state = 'held' OR state = 'awaiting_approval' OR state = 'booked'))",

    // As the active bookings of an owner lie apart, of those that begin before another one's end
    // the last is the only one that can reach into it. SQLite has one writer at a time: what its
    // trigger finds is what there is. The equality of texts would need an extension in
    // PostgreSQL's constraint (btree_gist); a range of one name does without.
    R"({sqlite}CREATE TRIGGER bookings_apart BEFORE INSERT ON bookings
        WHEN (NEW.state = 'held' OR NEW.state = 'awaiting_approval' OR NEW.state = 'booked')
        AND (SELECT blocked_until FROM bookings WHERE user_id = NEW.user_id
            AND (state = 'held' OR state = 'awaiting_approval' OR state = 'booked')
            AND blocked_from < NEW.blocked_until AND id <> NEW.id
            ORDER BY blocked_from DESC LIMIT 1) > NEW.blocked_from
        BEGIN SELECT RAISE(ABORT, 'bookings_apart'); END
        {postgresql}CREATE TYPE text_span AS RANGE (subtype = text, collation = "C"))",
    R"({sqlite}CREATE TRIGGER bookings_stay_apart
        BEFORE UPDATE OF id, user_id, state, blocked_from, blocked_until ON bookings
        WHEN (NEW.state = 'held' OR NEW.state = 'awaiting_approval' OR NEW.state = 'booked')
        AND (SELECT blocked_until FROM bookings WHERE user_id = NEW.user_id
            AND (state = 'held' OR state = 'awaiting_approval' OR state = 'booked')
            AND blocked_from < NEW.blocked_until AND id <> OLD.id
            ORDER BY blocked_from DESC LIMIT 1) > NEW.blocked_from
        BEGIN SELECT RAISE(ABORT, 'bookings_stay_apart'); END
        {postgresql}ALTER TABLE bookings ADD CONSTRAINT bookings_apart EXCLUDE USING gist
        (text_span(user_id, user_id, '[]') WITH &&,
        int8range(blocked_from, blocked_until) WITH &&)
        WHERE (state = 'held' OR state = 'awaiting_approval' OR state = 'booked'))",

    // What is of no link has no use for its keys.
    "DROP INDEX bookings_of_day",
    R"(CREATE UNIQUE INDEX bookings_of_day ON bookings (delegation_id, day, day_number)
        WHERE delegation_id IS NOT NULL
        AND (state = 'held' OR state = 'awaiting_approval' OR state = 'booked'))",
    "DROP INDEX bookings_of_delegation",
    R"(CREATE INDEX bookings_of_delegation ON bookings (delegation_id, created_at, id)
        WHERE delegation_id IS NOT NULL)",
    "DROP INDEX bookings_held",
    R"(CREATE INDEX bookings_held ON bookings (user_id, hold_expires_at) WHERE state = 'held')",

    // A calendar is read whole, by its owner.
    "DROP INDEX calendar_events_by_start",
    "DROP INDEX calendar_events_by_end",
};

}  // namespace perin::persistence
