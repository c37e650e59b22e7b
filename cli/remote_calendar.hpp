#pragma once

#include "cli/admin_client.hpp"
#include "cli/calendar_service.hpp"

namespace perin::cli {

/// `calendar_service` of a running server, by the private routes of its admin listener.
class remote_calendar final : public calendar_service {
  public:
    explicit remote_calendar(admin_client server) : server_(std::move(server)) {}

    [[nodiscard]] result<user> owner(const std::string& email) override;
    [[nodiscard]] result<nlohmann::json> list(const user& owner,
                                              const runtime::list_entries& wanted) override;
    [[nodiscard]] result<nlohmann::json> add(const user& owner,
                                             const calendar::event_request& wanted,
                                             bool overlap_allowed) override;
    [[nodiscard]] result<nlohmann::json> import(const user& owner, std::string text) override;
    [[nodiscard]] result<std::string> export_all(const user& owner) override;
    [[nodiscard]] result<std::string> change_feed(const user& owner,
                                                  runtime::feed_change how) override;

  private:
    admin_client server_;
};

}  // namespace perin::cli
