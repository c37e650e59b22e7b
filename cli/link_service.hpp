#pragma once

#include "domain/account.hpp"
#include "domain/result.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace perin::cli {

/// What makes, shows and revokes users' links for guests: a running server, or the database itself.
/// Answers are those of the server's routes (`net/front/delegation_json.hpp`).
class link_service {
  public:
    virtual ~link_service() = default;

    /// `not_found` where there is no such user. The e-mail is normalized.
    [[nodiscard]] virtual result<user> owner(const std::string& email) = 0;
    /// `body` is that of `POST /api/delegations`. The answer has the link's `url`.
    [[nodiscard]] virtual result<nlohmann::json> create(const user& owner,
                                                        const nlohmann::json& body) = 0;
    /// All of them, newest first.
    [[nodiscard]] virtual result<nlohmann::json> list(const user& owner) = 0;
    /// `not_found`.
    [[nodiscard]] virtual result<void> revoke(const user& owner, const std::string& id) = 0;
};

}  // namespace perin::cli
