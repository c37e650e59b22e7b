#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace perin::persistence {

/// How far a round through a table has come: the keys of the last row that was looked at.
struct retention_position {
    std::string user_id;
    std::string id;
    friend bool operator==(const retention_position&, const retention_position&) = default;
};

/// What one batch did.
struct pruned_batch {
    /// Conversations, workflows, links or notifications.
    std::size_t removed = 0;
    /// Records of the journal that went with them.
    std::size_t records = 0;
    /// Where the next batch goes on; nothing at the end of the round.
    std::optional<retention_position> next = {};
    friend bool operator==(const pruned_batch&, const pruned_batch&) = default;
};

/// Removes what ended long ago. A batch looks at `limit` rows at most, so that writers wait only
/// shortly, and begins after a position of the batch before it (nothing: a new round). Somebody who
/// takes a row up again meanwhile wins, or finds it gone. No method begins a transaction; each
/// batch needs one around it.
class retention_repository {
  public:
    explicit retention_repository(database& on) noexcept : on_(on) {}

    /// Conversations without a turn that runs or waits, and without an effect that is not settled,
    /// not touched since `before`: journal, turns and title go, the id stays taken.
    result<pruned_batch> prune_conversations(
        timestamp before, std::size_t limit,
        const std::optional<retention_position>& after = std::nullopt);

    /// Workflows and other streams with a row of their own that completed, failed, were cancelled
    /// or expired before `before`, with their effects and timers. One with an effect that is not
    /// settled stays.
    result<pruned_batch> prune_streams(
        timestamp before, std::size_t limit,
        const std::optional<retention_position>& after = std::nullopt);

    /// Links that expired or were revoked before `before`, where all their bookings are over by
    /// then as well: with these and their guests' sessions.
    result<pruned_batch> prune_links(timestamp before, std::size_t limit,
                                     const std::optional<retention_position>& after = std::nullopt);

    /// Notifications that were closed before `before`.
    result<pruned_batch> prune_notifications(
        timestamp before, std::size_t limit,
        const std::optional<retention_position>& after = std::nullopt);

    /// Guests' sessions and unfinished authorizations that have expired; how many there were. An
    /// index finds them: no position.
    result<std::size_t> prune_expired(timestamp now);

  private:
    database& on_;
};

}  // namespace perin::persistence
