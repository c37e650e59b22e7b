#pragma once

#include "cli/command_line.hpp"
#include "cli/operator_context.hpp"

namespace perin::cli {

/// Brings the schema of the configured database up to date and says which steps ran; the embedded
/// database is made where there is none. A dry run says which would run and writes nothing.
/// `failed` where the database was made by a newer version, or another one.
[[nodiscard]] exit_code run(const migrate_command& wanted, const operator_context& with);

}  // namespace perin::cli
