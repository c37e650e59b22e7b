#pragma once

#include <array>
#include <string_view>

namespace perin::persistence {

/// The built-in calendar, links for guests, and what they book. A link is a credential and must not
/// outlive its owner; nothing of a link outlives the link.
inline constexpr std::array<std::string_view, 16> migration_0004 = {
    // One more with every change of an owner's bookings, which wait here for each other.
    R"(CREATE TABLE calendars (
        user_id TEXT PRIMARY KEY NOT NULL,
        version BIGINT NOT NULL CHECK (version > 0)))",

    // Named as in RFC 5545. `last_ends_at`: of a series its last end, nothing where it has none.
    // `recurrence_id` is empty but for an occurrence that was moved or changed, `timezone` for an
    // event that is at its local time everywhere.
    R"(CREATE TABLE calendar_events (
        id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL,
        uid TEXT NOT NULL,
        recurrence_id TEXT NOT NULL DEFAULT '',
        title TEXT NOT NULL,
        description TEXT NOT NULL DEFAULT '',
        location TEXT NOT NULL DEFAULT '',
        starts_at BIGINT NOT NULL,
        ends_at BIGINT NOT NULL,
        last_ends_at BIGINT,
        timezone TEXT NOT NULL,
        all_day BIGINT NOT NULL DEFAULT 0 CHECK (all_day IN (0, 1)),
        busy BIGINT NOT NULL DEFAULT 1 CHECK (busy IN (0, 1)),
        status TEXT NOT NULL DEFAULT 'confirmed'
            CHECK (status IN ('confirmed', 'tentative', 'cancelled')),
        recurrence_rule TEXT,
        added_dates {json} NOT NULL DEFAULT '[]',
        excluded_dates {json} NOT NULL DEFAULT '[]',
        organizer TEXT NOT NULL DEFAULT '',
        attendees {json} NOT NULL DEFAULT '[]',
        sequence BIGINT NOT NULL DEFAULT 0,
        version BIGINT NOT NULL DEFAULT 1 CHECK (version > 0),
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        UNIQUE (user_id, uid, recurrence_id),
        CHECK (ends_at >= starts_at)))",
    "CREATE INDEX calendar_events_by_start ON calendar_events (user_id, starts_at)",
    "CREATE INDEX calendar_events_by_end ON calendar_events (user_id, last_ends_at)",

    R"(CREATE TABLE delegations (
        id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL REFERENCES users (id),
        token_hash TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        rules {json} NOT NULL,
        approval BIGINT NOT NULL CHECK (approval IN (0, 1)),
        uses BIGINT NOT NULL DEFAULT 0,
        most_uses BIGINT NOT NULL,
        turns BIGINT NOT NULL DEFAULT 0,
        most_turns BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        revoked_at BIGINT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        CHECK (uses >= 0 AND uses <= most_uses),
        CHECK (turns >= 0 AND turns <= most_turns)))",
    "CREATE INDEX delegations_of_user ON delegations (user_id, created_at, id)",

    // A guest's browser.
    R"(CREATE TABLE guest_sessions (
        id TEXT PRIMARY KEY NOT NULL,
        delegation_id TEXT NOT NULL REFERENCES delegations (id),
        hash TEXT NOT NULL UNIQUE,
        conversation_id TEXT,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        last_used_at BIGINT))",
    "CREATE INDEX guest_sessions_of_delegation ON guest_sessions (delegation_id)",
    "CREATE INDEX guest_sessions_by_age ON guest_sessions (expires_at)",

    // `blocked_from` to `blocked_until` is the meeting with its buffers. `day` is that of the
    // link's
    // time zone, and `day_number` counts its bookings from 1.
    R"(CREATE TABLE bookings (
        id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL,
        delegation_id TEXT REFERENCES delegations (id),
        negotiation_id TEXT,
        conversation_id TEXT,
        workflow_id TEXT,
        event_id TEXT,
        idempotency_key TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('held', 'awaiting_approval', 'booked', 'declined', 'cancelled', 'expired')),
        starts_at BIGINT NOT NULL,
        ends_at BIGINT NOT NULL,
        blocked_from BIGINT NOT NULL,
        blocked_until BIGINT NOT NULL,
        hold_expires_at BIGINT,
        day TEXT NOT NULL,
        day_number BIGINT NOT NULL CHECK (day_number > 0),
        guest_name TEXT NOT NULL,
        guest_email TEXT NOT NULL,
        guest_timezone TEXT NOT NULL,
        note TEXT NOT NULL,
        version BIGINT NOT NULL DEFAULT 1 CHECK (version > 0),
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        UNIQUE (user_id, idempotency_key),
        CHECK (blocked_from <= starts_at AND starts_at < ends_at AND ends_at <= blocked_until),
        CHECK (state <> 'held' OR hold_expires_at IS NOT NULL)))",
    "CREATE INDEX bookings_by_start ON bookings (user_id, starts_at)",
    "CREATE INDEX bookings_of_delegation ON bookings (delegation_id, created_at, id)",
    "CREATE INDEX bookings_held ON bookings (hold_expires_at) WHERE state = 'held'",
    // The most bookings a day hold here too.
    "CREATE UNIQUE INDEX bookings_of_day ON bookings (delegation_id, day, day_number) "
    "WHERE state IN ('held', 'awaiting_approval', 'booked')",

    // The minutes that an active booking blocks, counted since 1970: the key lets no two bookings
    // of an owner overlap.
    R"(CREATE TABLE booked_minutes (
        user_id TEXT NOT NULL,
        minute BIGINT NOT NULL,
        booking_id TEXT NOT NULL REFERENCES bookings (id),
        PRIMARY KEY (user_id, minute)))",
    "CREATE INDEX booked_minutes_of_booking ON booked_minutes (booking_id)",
};

}  // namespace perin::persistence
