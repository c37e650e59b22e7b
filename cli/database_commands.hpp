#pragma once

#include "cli/command_line.hpp"
#include "cli/exit_code.hpp"
#include "cli/operator_context.hpp"

namespace perin::cli {

/// Prints what is wrong with the database; `failed` where there is something. Beside a running
/// server; writes nothing.
[[nodiscard]] exit_code run(const database_check& wanted, const operator_context& with);

/// Copies all data to another database, which must hold none, and says what to configure next. With
/// nobody else at either of the two; where it dies, the other one still holds nothing. The database
/// that is configured stays as it is.
[[nodiscard]] exit_code run(const database_move& wanted, const operator_context& with);

}  // namespace perin::cli
