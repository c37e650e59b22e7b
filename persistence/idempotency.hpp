#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <optional>
#include <string>

namespace perin::persistence {

/// What a request with an idempotency key led to.
struct idempotency_row {
    std::string user_id;
    /// The client's.
    std::string key;
    /// Of what the request said: the same key with another one is a conflict.
    std::string fingerprint;
    std::string conversation_id;
    std::string turn_id;
    timestamp at = {};
    friend bool operator==(const idempotency_row&, const idempotency_row&) = default;
};

/// Which requests have been taken already. No method begins a transaction.
class idempotency_repository {
  public:
    explicit idempotency_repository(database& on) noexcept : on_(on) {}

    [[nodiscard]] result<std::optional<idempotency_row>> find(const std::string& user_id,
                                                              const std::string& key);

    /// `conflict` where the user's key is there.
    result<void> insert(const idempotency_row& fresh);

    /// Removes what is older than `limit`; how many there were.
    result<std::size_t> remove_before(timestamp limit);

  private:
    database& on_;
};

}  // namespace perin::persistence
