#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"
#include "persistence/page.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace perin::persistence {

/// A link for guests. Its secret is kept as a hash only.
struct delegation_row {
    std::string id;
    std::string user_id;
    std::string title;
    /// When may be booked, as JSON: compared as JSON.
    std::string rules = "{}";
    bool approval = false;
    /// Bookings that count: all but those that were cancelled, declined or never confirmed.
    std::uint64_t uses = 0;
    std::uint64_t most_uses = 1;
    /// Turns that guests have taken in chat.
    std::uint64_t turns = 0;
    std::uint64_t most_turns = 50;
    /// Of the model, that those turns have cost.
    std::uint64_t tokens = 0;
    std::uint64_t most_tokens = 200'000;
    timestamp expires_at = {};
    std::optional<timestamp> revoked_at = {};
    timestamp created_at = {};
    timestamp updated_at = {};
    friend bool operator==(const delegation_row&, const delegation_row&) = default;
};

/// Links for guests; `booking_repository` counts their uses. No method begins a transaction.
class delegation_repository {
  public:
    explicit delegation_repository(database& on) noexcept : on_(on) {}

    /// `conflict` where the id or the hash is taken, or there is no such user.
    result<void> create(const delegation_row& fresh, const std::string& token_hash);

    /// Also one that is spent, expired or revoked: that is for the caller to see.
    [[nodiscard]] result<std::optional<delegation_row>> find(const std::string& user_id,
                                                             const std::string& id);
    /// Whoever's it is.
    [[nodiscard]] result<std::optional<delegation_row>> find_any(const std::string& id);
    [[nodiscard]] result<std::optional<delegation_row>> find_by_token(
        const std::string& token_hash);

    /// Newest `created_at` first, of equal ones the higher id first. `invalid_request` with
    /// parameter `cursor` where that is not ours.
    [[nodiscard]] result<page<delegation_row>> list(const std::string& user_id, std::size_t limit,
                                                    const std::optional<std::string>& cursor);

    /// `not_found` where there is no such link; one that is revoked already stays as it is.
    result<void> revoke(const std::string& user_id, const std::string& id, timestamp now);

    /// Counts a turn of a guest's, and the tokens that it will cost at least; `gone` where the link
    /// has no turns or tokens left, is revoked or has expired.
    result<void> take_turn(const std::string& id, std::uint64_t tokens, timestamp now);

    /// Counts what a turn has cost besides; more than the most is counted all the same.
    /// `not_found` where there is no such link.
    result<void> spend_tokens(const std::string& id, std::uint64_t tokens);

  private:
    database& on_;
};

}  // namespace perin::persistence
