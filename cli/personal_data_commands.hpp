#pragma once

#include "cli/command_line.hpp"
#include "cli/exit_code.hpp"
#include "cli/operator_context.hpp"

namespace perin::cli {

/// Prints everything that is kept of a user, as lines of JSON, each as it is read. Beside a running
/// server; all of it is of one moment.
[[nodiscard]] exit_code run(const export_command& wanted, const operator_context& with);

/// Removes a user and everything that is kept of them, through the running server where there is
/// one: it ends their sessions. Asks for the address again, unless `yes`.
[[nodiscard]] exit_code run(const erase_command& wanted, const operator_context& with);

}  // namespace perin::cli
