#pragma once

#include <array>
#include <string_view>

namespace perin::persistence {

/// How far a workflow's events are told in its conversation, and what lists of workflows and of
/// timers go by.
inline constexpr std::array<std::string_view, 5> migration_0007 = {
    "ALTER TABLE streams ADD COLUMN tells BIGINT NOT NULL DEFAULT 0",
    // Events up to this version. 0: none.
    "ALTER TABLE streams ADD COLUMN told BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX streams_untold ON streams (kind, stream) WHERE tells = 1 AND told < version",
    "CREATE INDEX streams_by_age ON streams (kind, created_at, stream)",
    "CREATE INDEX timers_by_kind ON timers (kind, due_at, id)",
};

}  // namespace perin::persistence
