#pragma once

#include "domain/result.hpp"

namespace perin::cli {

/// What the program tells its caller; part of the contract with scripts.
enum class exit_code : int {
    done = 0,
    /// Port in use, user exists, no such user, ...
    failed = 1,
    /// Bad usage or configuration.
    usage = 2,
    /// The server or the database cannot be reached.
    unreachable = 3,
    /// Permission denied.
    refused = 4,
};

/// The exit code of a failure.
[[nodiscard]] exit_code exit_code_of(const failure& why) noexcept;

}  // namespace perin::cli
