#pragma once

#include "cli/account_service.hpp"
#include "persistence/accounts.hpp"
#include "persistence/database.hpp"
#include "runtime/clock.hpp"

namespace perin::cli {

/// `account_service` on the database itself, with the rules of who and what may be. The server's
/// private routes are this one as well. Blocks, on the disk and on hashing a password; one thread
/// at a time. What is given must outlive it.
class local_accounts : public account_service {
  public:
    local_accounts(persistence::database& on, const runtime::wall_clock& clock,
                   runtime::entropy& random)
        : on_(on), repository_(on), clock_(clock), random_(random) {}

    [[nodiscard]] result<user> add(const new_user& fresh) override;
    [[nodiscard]] result<std::vector<user>> users() override;
    result<void> change_password(const std::string& email, const std::string& password) override;
    result<void> remove(const std::string& email) override;
    [[nodiscard]] result<made_token> create_token(const new_token_request& wanted) override;
    [[nodiscard]] result<std::vector<access_token>> tokens(const std::string& email) override;
    result<void> revoke_token(const std::string& id) override;

  private:
    [[nodiscard]] result<user> existing(const std::string& email);

    persistence::database& on_;
    persistence::account_repository repository_;
    const runtime::wall_clock& clock_;
    runtime::entropy& random_;
};

}  // namespace perin::cli
