#include "cli/data_hold.hpp"

#include "tests/cli/temporary_folder.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::cli;

TEST_CASE("any number of programs use a database, and one alone exchanges it") {
    const temporary_folder folder;
    const auto take = [&](hold_mode mode) { return data_hold::take(folder.path(), mode); };
    {
        const auto first = take(hold_mode::shared);
        REQUIRE(first);
        CHECK(take(hold_mode::shared));
        const auto refused = take(hold_mode::exclusive);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == error_code::conflict);
    }
    const auto alone = take(hold_mode::exclusive);
    REQUIRE(alone);
    CHECK_FALSE(take(hold_mode::exclusive));
    CHECK_FALSE(take(hold_mode::shared));
}

TEST_CASE("a database of PostgreSQL's is not held") {
    const temporary_folder folder;
    runtime::configuration configuration;
    configuration.data = folder.path() / "none";
    configuration.database_url = "postgresql://localhost/perin";
    const auto hold = shared_use(configuration);
    REQUIRE(hold);
    CHECK_FALSE(*hold);
    configuration.database_url.clear();
    CHECK_FALSE(shared_use(configuration));
    configuration.data = folder.path();
    REQUIRE(shared_use(configuration));
    CHECK(*shared_use(configuration));
}
