#pragma once

#include "cli/admin_client.hpp"
#include "cli/workflow_service.hpp"

#include <utility>

namespace perin::cli {

/// `workflow_service` of a running server, by its private routes.
class remote_workflows final : public workflow_service {
  public:
    explicit remote_workflows(admin_client server) : server_(std::move(server)) {}

    [[nodiscard]] result<nlohmann::json> list(
        const std::optional<workflow::status>& status) override;
    [[nodiscard]] result<nlohmann::json> show(const std::string& id) override;
    [[nodiscard]] result<nlohmann::json> command(const std::string& id,
                                                 const runtime::workflow_order& order) override;

  private:
    admin_client server_;
};

}  // namespace perin::cli
