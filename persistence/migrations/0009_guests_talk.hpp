#pragma once

#include <array>
#include <string_view>

namespace perin::persistence {

/// Conversations of guests, and what a link may cost its owner.
inline constexpr std::array<std::string_view, 4> migration_0009 = {
    // The link whose guest it is with; NULL: it is its user's own.
    "ALTER TABLE conversations ADD COLUMN delegation_id TEXT",
    // Of the model, spent by a link's guests in chat.
    "ALTER TABLE delegations ADD COLUMN tokens BIGINT NOT NULL DEFAULT 0 CHECK (tokens >= 0)",
    "ALTER TABLE delegations ADD COLUMN most_tokens BIGINT NOT NULL DEFAULT 200000 "
    "CHECK (most_tokens > 0)",
    // A session has its conversation from its beginning on.
    "DELETE FROM guest_sessions WHERE conversation_id IS NULL",
};

}  // namespace perin::persistence
