#include "cli/program.hpp"
#include "runtime/configuration.hpp"

#include <string>
#include <vector>

int main(int count, char** arguments) {
    perin::cli::system_console console;
    // An empty argument vector is possible (execve), and names no program either.
    const std::vector<std::string> rest(arguments + (count > 0 ? 1 : 0), arguments + count);
    return perin::cli::run_program(rest, perin::runtime::system_environment(), console);
}
