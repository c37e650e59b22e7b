#pragma once

#include "domain/result.hpp"
#include "domain/retention.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace perin::persistence {

/// A conversation that may go.
struct idle_conversation {
    std::string user_id;
    std::string id;
    /// It is gone already, and records of it are left.
    bool removed = false;
    friend bool operator==(const idle_conversation&, const idle_conversation&) = default;
};

struct idle_page {
    std::vector<idle_conversation> items;
    /// As in `pruned_batch`.
    std::optional<retention_position> next = {};
    friend bool operator==(const idle_page&, const idle_page&) = default;
};

struct pruned_conversation {
    /// False: it stays.
    bool gone = false;
    /// No more records of it are left.
    bool whole = false;
    std::size_t records = 0;
    friend bool operator==(const pruned_conversation&, const pruned_conversation&) = default;
};

/// Removes what ended long ago. A batch looks at `limit` rows at most, so that writers wait only
/// shortly, and begins after a position of the batch before it (nothing: a new round). Somebody who
/// takes a row up again meanwhile wins, or finds it gone. No method begins a transaction; each
/// batch needs one around it.
class retention_repository {
  public:
    explicit retention_repository(database& on) noexcept : on_(on) {}

    /// What has been over since before a time:
    /// - workflows and other streams with a row of their own that completed, failed, were cancelled
    ///   or expired, with their effects and timers, where no effect is unsettled;
    /// - effects that are settled, of what does not go on;
    /// - bookings that have ended, whatever became of them;
    /// - links that expired or were revoked, where all their bookings are over by then as well:
    ///   with these and their guests' sessions;
    /// - negotiations that have ended, and whose meeting is over;
    /// - notifications that were closed, tokens that expired;
    /// - results of tools whose turn does not run any more, and idempotency keys, by their age;
    /// - guests' sessions and unfinished authorizations that have expired.
    /// Not for conversations.
    result<pruned_batch> prune(prunable what, timestamp before, std::size_t limit,
                               const std::optional<retention_position>& after = std::nullopt);

    /// Conversations without a turn that runs or waits, and without an effect that is not settled,
    /// not touched since `before`; and those of which `prune_conversation` left records.
    [[nodiscard]] result<idle_page> idle_conversations(
        timestamp before, std::size_t limit,
        const std::optional<retention_position>& after = std::nullopt);

    /// Removes such a one: the title goes and nobody finds it any more, its id stays taken. Of its
    /// records the oldest `most_records` go, with their turns: again, until it is `whole`.
    result<pruned_conversation> prune_conversation(const std::string& user_id,
                                                   const std::string& conversation_id,
                                                   timestamp before, std::size_t most_records);

  private:
    database& on_;
};

}  // namespace perin::persistence
