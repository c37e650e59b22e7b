#pragma once

#include "cli/console.hpp"
#include "runtime/configuration.hpp"

namespace perin::cli {

/// Prints what holds as TOML, each with where it comes from, or as one JSON object. Secrets are
/// `(set)` or `(unset)`.
void show_configuration(const runtime::configuration& configuration, console& at, bool json);

}  // namespace perin::cli
