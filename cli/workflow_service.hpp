#pragma once

#include "domain/result.hpp"
#include "runtime/workflow_messages.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace perin::cli {

/// What shows and steers all users' workflows: a running server, or the database itself. Answers
/// are those of the protocol; items of a list bear `userId` too.
class workflow_service {
  public:
    virtual ~workflow_service() = default;

    /// All of them, the newest first, up to a bound.
    [[nodiscard]] virtual result<nlohmann::json> list(
        const std::optional<workflow::status>& status) = 0;
    [[nodiscard]] virtual result<nlohmann::json> show(const std::string& id) = 0;
    /// `conflict` where the workflow's state is not one to do it in. Without a server what follows
    /// is done as one starts.
    [[nodiscard]] virtual result<nlohmann::json> command(const std::string& id,
                                                         const runtime::workflow_order& order) = 0;
};

/// Workflows that a list shows.
inline constexpr std::size_t most_listed_workflows = 1'000;

}  // namespace perin::cli
