#include "domain/offline/arithmetic.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace perin;

TEST_CASE("sums have the precedence of mathematics") {
    const std::vector<std::pair<const char*, const char*>> table{
        {"1+2*3", "7"},
        {"(1+2)*3", "9"},
        {"2^3^2", "512"},
        {"-2^2", "-4"},
        {"2*-3", "-6"},
        {"10-4-3", "3"},
        {"100/10/5", "2"},
        {"7/2", "3.5"},
        {"1/3", "0.333333333333"},
        {"0.1+0.2", "0.3"},
        {"1,000,000*2", "2000000"},
        {"50%*10", "5"},
        {"2**3", "8"},
        {"-0*1", "0"},
        {"3 \xC3\x97 4", "12"},
        {"9 squared - 1", "80"},
        {"123456789012345678+1", "123456789012345679"},
        {"10^30", "1e+30"},
        {"--5+0", "5"},
        {"2^0.5", "1.41421356237"},
    };
    for (const auto& [sum, expected] : table) {
        INFO(sum);
        REQUIRE(offline::is_sum(sum));
        const auto result = offline::value_of_sum(sum);
        REQUIRE(result.value);
        CHECK(*result.value == expected);
    }
    for (const char* sum : {"1/0", "0/0", "0^-1", "1/(1-1)", "5+", "*5", "(1", "1)", "1 2+3",
                            "1..2+1", ".+.", "1,00+1", "(-1)^0.5", "10^10^10"}) {
        INFO(sum);
        const auto result = offline::value_of_sum(sum);
        CHECK_FALSE(result.value);
        CHECK_FALSE(result.problem.empty());
    }
    CHECK_FALSE(offline::value_of_sum(std::string(150, '(') + "1" + std::string(150, ')')).value);
    CHECK(offline::value_of_sum(std::string(90, '(') + "1" + std::string(90, ')')).value == "1");
    for (const char* other :
         {"", "5", "+", "((", "2026-12-01", "5 of 6", "three plus four", "e+1"}) {
        INFO(other);
        CHECK_FALSE(offline::is_sum(other));
    }
}
