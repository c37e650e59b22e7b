#pragma once

#include <array>
#include <string_view>

namespace perin::persistence {

/// What stands beside the journal: streams by their state, snapshots, timers, and the ledger of
/// effects on the outside. A `user_id` that may be empty is the owner of what is theirs.
inline constexpr std::array<std::string_view, 12> migration_0002 = {
    "ALTER TABLE users ADD COLUMN profile {json} NOT NULL DEFAULT '{}'",
    "ALTER TABLE memory ADD COLUMN details {json} NOT NULL DEFAULT '{}'",

    // Workflows and others that go on by themselves; conversations have tables of their own.
    R"(CREATE TABLE streams (
        stream TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL,
        user_id TEXT NOT NULL,
        state TEXT NOT NULL,
        summary TEXT NOT NULL,
        version BIGINT NOT NULL CHECK (version > 0),
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL))",
    "CREATE INDEX streams_by_state ON streams (kind, state, stream)",
    "CREATE INDEX streams_of_user ON streams (user_id, kind, created_at, stream)",

    R"(CREATE TABLE snapshots (
        stream TEXT PRIMARY KEY NOT NULL,
        version BIGINT NOT NULL CHECK (version > 0),
        payload TEXT NOT NULL,
        at BIGINT NOT NULL))",

    R"(CREATE TABLE timers (
        id TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        user_id TEXT NOT NULL,
        due_at BIGINT NOT NULL,
        payload TEXT NOT NULL,
        created_at BIGINT NOT NULL))",
    "CREATE INDEX timers_by_due_time ON timers (due_at, id)",
    "CREATE INDEX timers_of_subject ON timers (subject)",

    R"(CREATE TABLE effects (
        id TEXT PRIMARY KEY NOT NULL,
        subject TEXT NOT NULL,
        step_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        idempotency_key TEXT NOT NULL UNIQUE,
        request TEXT NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('intended', 'completed', 'failed', 'unknown', 'reconciled')),
        outcome TEXT,
        attempts BIGINT NOT NULL CHECK (attempts > 0),
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL))",
    "CREATE INDEX effects_unsettled ON effects (id) WHERE state IN ('intended', 'unknown')",
    "CREATE INDEX effects_of_subject ON effects (subject, id)",
};

}  // namespace perin::persistence
