#pragma once

#include "cli/link_service.hpp"
#include "persistence/database.hpp"
#include "runtime/clock.hpp"
#include "runtime/delegation_messages.hpp"

namespace perin::cli {

/// `link_service` on the database itself. Blocks; one thread at a time. What is given must outlive
/// it.
class local_links : public link_service {
  public:
    /// `url`: where the server is to be found.
    local_links(persistence::database& on, const runtime::wall_clock& clock,
                runtime::entropy& random, std::string url)
        : on_(on), clock_(clock), random_(random), url_(std::move(url)) {}

    [[nodiscard]] result<user> owner(const std::string& email) override;
    [[nodiscard]] result<nlohmann::json> create(const user& owner,
                                                const nlohmann::json& body) override;
    [[nodiscard]] result<nlohmann::json> list(const user& owner) override;
    [[nodiscard]] result<void> revoke(const user& owner, const std::string& id) override;

  private:
    [[nodiscard]] result<void> commit(decltype(runtime::commit_delegation::change) change);

    persistence::database& on_;
    const runtime::wall_clock& clock_;
    runtime::entropy& random_;
    std::string url_;
};

}  // namespace perin::cli
