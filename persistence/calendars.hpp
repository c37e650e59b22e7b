#pragma once

#include "domain/account.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace perin::persistence {

struct calendar_state {
    /// One more with every change of the calendar's events or bookings; 0: there was none yet.
    std::uint64_t version = 0;
    timestamp changed_at = {};
    friend bool operator==(const calendar_state&, const calendar_state&) = default;
};

struct found_feed {
    user owner;
    calendar_state state;
};

/// Each owner's calendar as a whole. No method begins a transaction.
class calendar_repository {
  public:
    explicit calendar_repository(database& on) noexcept : on_(on) {}

    [[nodiscard]] result<calendar_state> state_of(const std::string& user_id);

    /// Goes on from a version, and keeps all others from doing so until the transaction ends.
    /// `conflict` where the calendar is not at that version.
    result<void> advance(const std::string& user_id, std::uint64_t expected, timestamp at);

    /// The same for a booking of this key, in one statement; `conflict` also where the owner has
    /// one of the key (`booking_repository::earlier`). Precondition: `expected` is not 0.
    result<void> advance_for(const std::string& booking_key, const std::string& user_id,
                             std::uint64_t expected, timestamp at);

    /// The secret address by which others read the calendar; an earlier one no longer works.
    /// `conflict` where the hash is another one's.
    result<void> put_feed(const std::string& user_id, const std::string& token_hash, timestamp at);

    /// None is fine.
    result<void> end_feed(const std::string& user_id);

    [[nodiscard]] result<bool> has_feed(const std::string& user_id);

    [[nodiscard]] result<std::optional<found_feed>> find_feed(const std::string& token_hash);

  private:
    database& on_;
};

}  // namespace perin::persistence
