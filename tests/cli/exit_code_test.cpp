#include "cli/exit_code.hpp"

#include <catch2/catch.hpp>

#include <utility>
#include <vector>

using namespace perin;
using namespace perin::cli;

TEST_CASE("a failure has the exit code that scripts expect") {
    const auto rows = std::vector<std::pair<error_code, int>>{
        {error_code::conflict, 1},        {error_code::not_found, 1},
        {error_code::internal, 1},        {error_code::rate_limited, 1},
        {error_code::invalid_request, 2}, {error_code::unavailable, 3},
        {error_code::upstream_failed, 3}, {error_code::upstream_timeout, 3},
        {error_code::unauthenticated, 4}, {error_code::forbidden, 4},
    };
    for (const auto& [code, expected] : rows) {
        CAPTURE(to_string(code));
        CHECK(static_cast<int>(exit_code_of({code, "why"})) == expected);
    }
}
