#pragma once

#include <array>
#include <string_view>

namespace perin::persistence {

/// Accounts, conversations and their journal, memory, and what makes a repeated request or tool
/// call happen once. Only tokens refer to their owner: they must not outlive it.
inline constexpr std::array<std::string_view, 14> migration_0001 = {
    R"(CREATE TABLE users (
        id TEXT PRIMARY KEY NOT NULL,
        email TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        timezone TEXT NOT NULL,
        admin BIGINT NOT NULL,
        password_hash TEXT NOT NULL,
        created_at BIGINT NOT NULL))",

    R"(CREATE TABLE tokens (
        id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL REFERENCES users (id),
        kind TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        label TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        last_used_at BIGINT))",
    "CREATE INDEX tokens_of_user ON tokens (user_id, created_at)",

    R"(CREATE TABLE conversations (
        user_id TEXT NOT NULL,
        id TEXT NOT NULL,
        title TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        last_seq BIGINT NOT NULL,
        deleted_at BIGINT,
        PRIMARY KEY (user_id, id)))",
    "CREATE INDEX conversations_by_creation ON conversations (user_id, created_at, id) "
    "WHERE deleted_at IS NULL",

    R"(CREATE TABLE journal (
        stream TEXT NOT NULL,
        version BIGINT NOT NULL,
        kind TEXT NOT NULL,
        payload TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (stream, version)))",

    R"(CREATE TABLE turns (
        turn_id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        accepted_version BIGINT NOT NULL,
        ended_version BIGINT,
        user_message_id TEXT NOT NULL,
        assistant_message_id TEXT NOT NULL))",
    "CREATE INDEX turns_of_conversation ON turns (user_id, conversation_id, accepted_version)",
    "CREATE INDEX turns_unfinished ON turns (turn_id) WHERE ended_version IS NULL",

    R"(CREATE TABLE memory (
        user_id TEXT NOT NULL,
        key TEXT NOT NULL,
        content TEXT NOT NULL,
        type TEXT NOT NULL,
        context TEXT NOT NULL,
        importance DOUBLE PRECISION NOT NULL,
        at BIGINT NOT NULL,
        use_count BIGINT NOT NULL,
        PRIMARY KEY (user_id, key)))",

    R"(CREATE TABLE idempotency (
        user_id TEXT NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        turn_id TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (user_id, key)))",
    "CREATE INDEX idempotency_by_age ON idempotency (at)",

    R"(CREATE TABLE tool_effects (
        turn_id TEXT NOT NULL,
        call_id TEXT NOT NULL,
        result TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (turn_id, call_id)))",

    R"(CREATE TABLE settings (
        name TEXT PRIMARY KEY NOT NULL,
        value TEXT NOT NULL))",
};

}  // namespace perin::persistence
