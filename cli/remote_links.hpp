#pragma once

#include "cli/admin_client.hpp"
#include "cli/link_service.hpp"

namespace perin::cli {

/// `link_service` of a running server, by the private routes of its admin listener.
class remote_links final : public link_service {
  public:
    explicit remote_links(admin_client server) : server_(std::move(server)) {}

    [[nodiscard]] result<user> owner(const std::string& email) override;
    [[nodiscard]] result<nlohmann::json> create(const user& owner,
                                                const nlohmann::json& body) override;
    [[nodiscard]] result<nlohmann::json> list(const user& owner) override;
    [[nodiscard]] result<void> revoke(const user& owner, const std::string& id) override;

  private:
    admin_client server_;
};

}  // namespace perin::cli
