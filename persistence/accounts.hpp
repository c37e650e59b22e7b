#pragma once

#include "domain/account.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perin::persistence {

struct credentials {
    user account;
    std::string password_hash;
};

struct token_owner {
    access_token token;
    user account;
};

/// Users and the tokens they come with. Secrets are kept as hashes only; e-mails are lower case. No
/// method begins a transaction.
class account_repository {
  public:
    explicit account_repository(database& on) noexcept : on_(on) {}

    /// `conflict` where the e-mail or the id is taken.
    result<void> create(const user& fresh, const std::string& password_hash);

    [[nodiscard]] result<std::optional<user>> find(const std::string& user_id);
    [[nodiscard]] result<std::optional<user>> find_by_email(const std::string& email);

    /// All users, oldest first.
    [[nodiscard]] result<std::vector<user>> list();

    [[nodiscard]] result<std::optional<credentials>> credentials_of(const std::string& email);

    /// `not_found` where there is no such user. Their tokens stay as they are.
    result<void> set_password(const std::string& user_id, const std::string& password_hash);

    /// Removes the user and all that is theirs, from every table; `not_found` where there is no
    /// such user. Needs a transaction around it.
    result<void> remove(const std::string& user_id);

    [[nodiscard]] result<std::size_t> count();

    /// `conflict` where the id or the hash is taken, or there is no such user.
    result<void> create_token(const access_token& fresh, const std::string& hash);

    /// Also one that has expired: that is for the caller to see.
    [[nodiscard]] result<std::optional<token_owner>> find_token(const std::string& hash);

    /// `not_found` where it was revoked meanwhile. No `expires_at`: it never expires from now on.
    result<void> touch_token(const std::string& token_id, timestamp last_used_at,
                             const std::optional<timestamp>& expires_at);

    /// Newest first.
    [[nodiscard]] result<std::vector<access_token>> tokens_of(const std::string& user_id);

    /// Whether it was there. Of two callers only one gets true: a one-time token is used up so.
    [[nodiscard]] result<bool> revoke_token(const std::string& token_id);

    /// How many there were.
    result<std::size_t> revoke_tokens_of(const std::string& user_id, token_kind kind);

    /// Removes what expired at `now` or before; how many there were.
    result<std::size_t> remove_expired_tokens(timestamp now);

  private:
    database& on_;
};

}  // namespace perin::persistence
