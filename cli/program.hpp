#pragma once

#include "cli/console.hpp"

#include <map>
#include <string>
#include <vector>

namespace perin::cli {

/// Runs the program: `arguments` without its own name. Returns its exit code.
[[nodiscard]] int run_program(const std::vector<std::string>& arguments,
                              const std::map<std::string, std::string>& environment, console& at);

}  // namespace perin::cli
