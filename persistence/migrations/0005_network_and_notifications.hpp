#pragma once

#include <array>
#include <string_view>

namespace perin::persistence {

/// Users who know each other, the meetings they negotiate, and what everyone is told.
inline constexpr std::array<std::string_view, 10> migration_0005 = {
    // Of two users there is one row, whoever asked: the lower id comes first.
    R"(CREATE TABLE network_connections (
        id TEXT PRIMARY KEY NOT NULL,
        first_user_id TEXT NOT NULL,
        second_user_id TEXT NOT NULL,
        requested_by TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('requested', 'accepted', 'blocked')),
        blocked_by TEXT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        UNIQUE (first_user_id, second_user_id),
        CHECK (first_user_id < second_user_id),
        CHECK ((state = 'blocked') = (blocked_by IS NOT NULL))))",
    "CREATE INDEX network_connections_of_second_user ON network_connections (second_user_id)",

    R"(CREATE TABLE negotiations (
        id TEXT PRIMARY KEY NOT NULL,
        initiator_id TEXT NOT NULL,
        counterpart_id TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('proposing', 'agreed', 'confirmed', 'declined', 'cancelled', 'expired')),
        title TEXT NOT NULL,
        duration_mins BIGINT NOT NULL CHECK (duration_mins > 0),
        window_start BIGINT NOT NULL,
        window_end BIGINT NOT NULL,
        timezone TEXT NOT NULL,
        agreed_start BIGINT,
        initiator_event_id TEXT,
        counterpart_event_id TEXT,
        version BIGINT NOT NULL DEFAULT 1 CHECK (version > 0),
        expires_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        CHECK (window_start < window_end)))",
    "CREATE INDEX negotiations_of_initiator ON negotiations (initiator_id, created_at, id)",
    "CREATE INDEX negotiations_of_counterpart ON negotiations (counterpart_id, created_at, id)",

    R"(CREATE TABLE proposals (
        negotiation_id TEXT NOT NULL REFERENCES negotiations (id),
        round BIGINT NOT NULL CHECK (round > 0),
        proposed_by TEXT NOT NULL,
        slots {json} NOT NULL,
        note TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'countered', 'withdrawn')),
        created_at BIGINT NOT NULL,
        PRIMARY KEY (negotiation_id, round)))",

    // `about_user_id`: another user it tells of, who may be erased.
    R"(CREATE TABLE notifications (
        id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL,
        about_user_id TEXT,
        type TEXT NOT NULL,
        subject TEXT NOT NULL,
        title TEXT NOT NULL,
        payload {json} NOT NULL,
        actions {json} NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'resolved', 'expired')),
        resolution {json},
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        closed_at BIGINT,
        CHECK ((state = 'open') = (closed_at IS NULL))))",
    "CREATE INDEX notifications_of_user ON notifications (user_id, created_at, id)",
    "CREATE INDEX notifications_by_expiry ON notifications (expires_at) WHERE state = 'open'",
    "CREATE INDEX notifications_about_user ON notifications (about_user_id)",
};

}  // namespace perin::persistence
