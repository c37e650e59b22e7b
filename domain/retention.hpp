#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace perin {

/// What is removed once it has been over for long enough.
enum class prunable {
    conversations,
    workflows,
    effects,
    bookings,
    links,
    negotiations,
    notifications,
    tokens,
    tool_results,
    claims,
    /// Guests' sessions and authorizations that were begun.
    sessions,
};
inline constexpr std::size_t prunable_kinds = 11;

/// Such as `tool_results`.
[[nodiscard]] const char* to_string(prunable what) noexcept;

/// How far a round through a table has come: the keys of the last row that was looked at.
struct retention_position {
    std::string user_id;
    std::string id;
    friend bool operator==(const retention_position&, const retention_position&) = default;
};

/// What one batch did.
struct pruned_batch {
    /// Conversations, workflows, links or what it was of.
    std::size_t removed = 0;
    /// Records of the journal that went with them.
    std::size_t records = 0;
    /// Where the next batch goes on; nothing at the end of the round.
    std::optional<retention_position> next = {};
    friend bool operator==(const pruned_batch&, const pruned_batch&) = default;
};

}  // namespace perin
