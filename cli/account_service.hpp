#pragma once

#include "domain/account.hpp"
#include "domain/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perin::cli {

/// A user to be added. The password is plain here and nowhere after.
struct new_user {
    std::string email;
    std::string name;
    std::string timezone = "UTC";
    bool admin = false;
    std::string password;
};

/// A token to be made; without `expires_at` it never expires.
struct new_token_request {
    std::string email;
    std::string label = {};
    std::optional<timestamp> expires_at = {};
};

/// A token just made: the only time that its text is seen.
struct made_token {
    access_token token;
    std::string text;
};

/// What administers users and their tokens: a running server, or the database itself. E-mails may
/// be in any case. `not_found`: there is no such user or token; `conflict`: the user exists;
/// `invalid_request`: an e-mail, name, time zone or password that may not be.
class account_service {
  public:
    virtual ~account_service() = default;

    [[nodiscard]] virtual result<user> add(const new_user& fresh) = 0;
    /// Oldest first.
    [[nodiscard]] virtual result<std::vector<user>> users() = 0;
    /// The user's sessions end; API tokens stay.
    virtual result<void> change_password(const std::string& email, const std::string& password) = 0;
    /// Removes the user and all that is theirs.
    virtual result<void> remove(const std::string& email) = 0;

    [[nodiscard]] virtual result<made_token> create_token(const new_token_request& wanted) = 0;
    /// Newest first; sessions as well.
    [[nodiscard]] virtual result<std::vector<access_token>> tokens(const std::string& email) = 0;
    virtual result<void> revoke_token(const std::string& id) = 0;
};

}  // namespace perin::cli
