#pragma once

#include "cli/command_line.hpp"
#include "cli/exit_code.hpp"
#include "cli/operator_context.hpp"

namespace perin::cli {

/// Writes all data to a file, beside a running server. The kept secret is not among them. Asks
/// before it replaces a file.
[[nodiscard]] exit_code run(const backup_command& wanted, const operator_context& with);

/// Puts a backup in the place of all data. Asks first, where there are any. With nobody else at the
/// database; where it dies, at any moment, the old or the new data are there, whole.
[[nodiscard]] exit_code run(const restore_command& wanted, const operator_context& with);

}  // namespace perin::cli
