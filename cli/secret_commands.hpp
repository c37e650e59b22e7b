#pragma once

#include "cli/command_line.hpp"
#include "cli/operator_context.hpp"
#include "runtime/clock.hpp"

namespace perin::cli {

/// Puts a new secret in place of the kept one, or goes over to `PERIN_SECRET` from
/// `PERIN_SECRET_PREVIOUS`, and seals all values of the database again; beside a running server.
/// Cut off at any moment, the next one goes on. With `lost` it removes what cannot be opened; asks
/// first, unless `yes`.
[[nodiscard]] exit_code run(const secrets_rotate& wanted, const operator_context& with,
                            runtime::entropy& random);

}  // namespace perin::cli
