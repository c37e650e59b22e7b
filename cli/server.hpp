#pragma once

#include "runtime/configuration.hpp"

namespace perin::cli {

/// Runs the server until it is told to stop: everything is wired here. Returns the exit code of the
/// program. Logs go to standard error, the line that tells it is ready to standard output.
[[nodiscard]] int run_server(const runtime::configuration& configuration);

}  // namespace perin::cli
