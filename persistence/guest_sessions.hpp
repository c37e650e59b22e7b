#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace perin::persistence {

/// The browser of a guest who has opened a link. The secret of its cookie is kept as a hash only.
struct guest_session_row {
    std::string id;
    std::string delegation_id;
    /// Its own, from the beginning on.
    std::string conversation_id;
    timestamp created_at = {};
    timestamp expires_at = {};
    friend bool operator==(const guest_session_row&, const guest_session_row&) = default;
};

/// Guests' sessions; housekeeping removes those that have expired. No method begins a transaction.
class guest_session_repository {
  public:
    explicit guest_session_repository(database& on) noexcept : on_(on) {}

    /// Of a link with more than `most` the oldest go. `conflict` where the id or the hash is taken,
    /// or there is no such link.
    result<void> create(const guest_session_row& fresh, const std::string& hash, std::size_t most);

    /// Also one that has expired: that is for the caller to see.
    [[nodiscard]] result<std::optional<guest_session_row>> find(const std::string& hash);

  private:
    database& on_;
};

}  // namespace perin::persistence
