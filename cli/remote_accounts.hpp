#pragma once

#include "cli/account_service.hpp"
#include "cli/admin_client.hpp"

namespace perin::cli {

/// `account_service` of a running server, by the private routes of its admin listener.
class remote_accounts final : public account_service {
  public:
    explicit remote_accounts(admin_client server) : server_(std::move(server)) {}

    [[nodiscard]] result<user> add(const new_user& fresh) override;
    [[nodiscard]] result<std::vector<user>> users() override;
    result<void> change_password(const std::string& email, const std::string& password) override;
    result<void> remove(const std::string& email) override;
    [[nodiscard]] result<made_token> create_token(const new_token_request& wanted) override;
    [[nodiscard]] result<std::vector<access_token>> tokens(const std::string& email) override;
    result<void> revoke_token(const std::string& id) override;

  private:
    result<void> post(const std::string& path, const nlohmann::json& body) const;

    admin_client server_;
};

}  // namespace perin::cli
