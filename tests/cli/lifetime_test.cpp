#include "cli/lifetime.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace perin;
using namespace perin::cli;
using namespace std::chrono_literals;

TEST_CASE("a lifetime is a whole number and a unit, or never") {
    const timestamp now{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
    const auto rows = std::vector<std::pair<std::string, std::chrono::minutes>>{
        {"1m", 1min},      {"30m", 30min},   {"12h", 12h},
        {"90d", 90 * 24h}, {"2w", 14 * 24h}, {"36525d", 36'525 * 24h},
    };
    for (const auto& [text, length] : rows) {
        CAPTURE(text);
        const auto expiry = expiry_of(text, now);
        REQUIRE(expiry);
        CHECK(*expiry == now + length);
    }
    const auto never = expiry_of("never", now);
    REQUIRE(never);
    CHECK_FALSE(never->has_value());
}

TEST_CASE("what is no lifetime is refused") {
    for (const std::string& text :
         {std::string(), std::string("d"), std::string("0d"), std::string("-1d"),
          std::string("1.5d"), std::string("90"), std::string("90 d"), std::string("90D"),
          std::string("1y"), std::string("36526d"), std::string("9223372036854775807w"),
          std::string("99999999999999999999d"), std::string("Never")}) {
        CAPTURE(text);
        const auto expiry = expiry_of(text, timestamp());
        REQUIRE_FALSE(expiry);
        CHECK(expiry.error().code == error_code::invalid_request);
    }
}
