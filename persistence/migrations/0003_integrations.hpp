#pragma once

#include <array>
#include <string_view>

namespace perin::persistence {

/// Connections to services outside, and those that a user has begun to make. Tokens and verifiers
/// are sealed.
inline constexpr std::array<std::string_view, 4> migration_0003 = {
    R"(CREATE TABLE integrations (
        id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL,
        type TEXT NOT NULL,
        label TEXT NOT NULL,
        status TEXT NOT NULL,
        scopes TEXT NOT NULL,
        settings {json} NOT NULL,
        access_token TEXT,
        refresh_token TEXT,
        access_expires_at BIGINT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        UNIQUE (user_id, type, label)))",

    // OAuth's `state`, as a hash: used once, by whoever was sent away with it.
    R"(CREATE TABLE authorizations (
        state_hash TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL,
        type TEXT NOT NULL,
        label TEXT NOT NULL,
        verifier TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL))",
    "CREATE INDEX authorizations_of_user ON authorizations (user_id)",
    "CREATE INDEX authorizations_by_age ON authorizations (expires_at)",
};

}  // namespace perin::persistence
