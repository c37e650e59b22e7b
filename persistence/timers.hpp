#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perin::persistence {

/// Something to be done at a time, also after a restart.
struct timer_row {
    std::string id;
    /// What is to be done, such as `link.expire`.
    std::string kind;
    /// What it is about: a stream, a booking, ...
    std::string subject;
    /// Whose it is; empty for nobody's.
    std::string user_id = {};
    timestamp due_at = {};
    /// JSON text.
    std::string payload = "{}";
    timestamp created_at = {};
    friend bool operator==(const timer_row&, const timer_row&) = default;
};

/// Timers that survive. No method begins a transaction.
class timer_repository {
  public:
    explicit timer_repository(database& on) noexcept : on_(on) {}

    /// Writes a new timer, or moves the one with its id: due time and payload are replaced.
    result<void> put(const timer_row& fresh);

    /// The one timer that a subject has, whose id is the subject's: sets it, or takes it away.
    result<void> wake(const std::string& kind, const std::string& subject,
                      const std::string& user_id, const std::optional<timestamp>& due_at,
                      timestamp now);

    [[nodiscard]] result<std::optional<timer_row>> find(const std::string& id);

    /// Up to `limit` timers due at `now` or before, by due time and id, after a given one of them
    /// (nothing: from the first).
    [[nodiscard]] result<std::vector<timer_row>> due(timestamp now, std::size_t limit,
                                                     const std::optional<timer_row>& after = {});

    /// Up to `limit` of a kind due at `now` or before, by due time and id.
    [[nodiscard]] result<std::vector<timer_row>> due_of(const std::string& kind, timestamp now,
                                                        std::size_t limit);

    /// When the next one is due; nothing where there is none.
    [[nodiscard]] result<std::optional<timestamp>> next_due();

    /// When the next one of a kind is due after a time; nothing where there is none.
    [[nodiscard]] result<std::optional<timestamp>> next_of(const std::string& kind,
                                                           timestamp after);

    /// Removes a timer that was read, to do what it is for in the same transaction. False where
    /// somebody else has taken, moved or removed it: then it is not to be done.
    [[nodiscard]] result<bool> take(const timer_row& due);

    /// Whether it was there.
    result<bool> remove(const std::string& id);

    /// Removes all that are about something; how many there were.
    result<std::size_t> remove_of(const std::string& subject);

  private:
    database& on_;
};

}  // namespace perin::persistence
