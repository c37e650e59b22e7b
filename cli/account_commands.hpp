#pragma once

#include "cli/account_service.hpp"
#include "cli/command_line.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"

namespace perin::cli {

/// What the commands on users and tokens work with.
struct account_context {
    account_service& accounts;
    console& at;
    timestamp now;
    bool json = false;
    bool yes = false;
};

[[nodiscard]] exit_code run(const user_add& wanted, const account_context& with);
[[nodiscard]] exit_code run(const user_list& wanted, const account_context& with);
[[nodiscard]] exit_code run(const user_passwd& wanted, const account_context& with);
/// Asks first, unless `yes`.
[[nodiscard]] exit_code run(const user_remove& wanted, const account_context& with);
/// Prints the token alone, or as JSON with what belongs to it.
[[nodiscard]] exit_code run(const token_create& wanted, const account_context& with);
[[nodiscard]] exit_code run(const token_list& wanted, const account_context& with);
[[nodiscard]] exit_code run(const token_revoke& wanted, const account_context& with);

/// Says the failure on standard error; its exit code.
[[nodiscard]] exit_code complain(console& at, const failure& why);

}  // namespace perin::cli
