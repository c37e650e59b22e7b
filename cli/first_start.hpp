#pragma once

#include "domain/account.hpp"
#include "domain/result.hpp"
#include "persistence/database.hpp"
#include "runtime/clock.hpp"

#include <optional>
#include <string>

namespace perin::cli {

/// The owner whom the first start with an empty database makes.
struct new_owner {
    user account;
    /// Of the one-time login link.
    std::string login_token;
};

/// Makes the owner where there is no user yet; nothing where there is one.
[[nodiscard]] result<std::optional<new_owner>> make_owner(persistence::database& db,
                                                          const runtime::wall_clock& clock,
                                                          runtime::entropy& entropy);

/// Prints the owner's login link to standard error.
void announce_owner(const new_owner& owner, const std::string& url);

}  // namespace perin::cli
