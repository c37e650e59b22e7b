#pragma once

#include "domain/integration.hpp"
#include "domain/result.hpp"
#include "persistence/database.hpp"
#include "persistence/vault/vault.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perin::persistence {

/// Users' accounts at outside services. Tokens reach the database sealed only. No method begins a
/// transaction.
class integration_repository {
  public:
    /// `keys` is for `sealed_columns_purpose`. Both must outlive the repository.
    integration_repository(database& on, vault& keys) noexcept : on_(on), keys_(keys) {}

    /// `conflict` where the id is taken, or the user's label for this type. Needs a transaction
    /// around it, and fails like `sealing_key_repository::claim`.
    result<void> create(const integration& fresh, const integration_tokens& tokens);

    [[nodiscard]] result<std::optional<integration>> find(const std::string& id);
    [[nodiscard]] result<std::optional<integration>> find(const std::string& user_id,
                                                          const std::string& type,
                                                          const std::string& label);

    /// All of a user, oldest first.
    [[nodiscard]] result<std::vector<integration>> list(const std::string& user_id);

    /// Nothing where there is no such integration. Fails like `vault::open`.
    [[nodiscard]] result<std::optional<integration_tokens>> tokens(const std::string& id);

    /// Replaces all of them; `not_found` where there is no such integration. Needs a transaction
    /// around it, and fails like `sealing_key_repository::claim`.
    result<void> put_tokens(const std::string& id, const integration_tokens& tokens, timestamp now);

    /// `not_found` where there is no such integration.
    result<void> set_status(const std::string& id, integration_status status, timestamp now);

    /// `not_found` where there is no such integration.
    result<void> remove(const std::string& id);

  private:
    struct sealed_pair {
        value access;
        value refresh;
    };
    [[nodiscard]] result<sealed_pair> seal(const std::string& id, const integration_tokens& tokens);

    database& on_;
    vault& keys_;
};

}  // namespace perin::persistence
