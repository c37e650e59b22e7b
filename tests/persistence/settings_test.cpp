#include "persistence/settings.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

TEST_CASE("a setting is written, replaced and outlives its connection") {
    test_store store(GENERATE(from_range(drivers())));
    {
        auto opened = store.open();
        settings_repository settings(*opened);
        CHECK(*settings.find("node") == std::nullopt);
        REQUIRE(settings.put("node", "a"));
        REQUIRE(settings.put("node", "b"));
        REQUIRE(settings.put("empty", ""));
    }
    auto again = store.open();
    CHECK(*settings_repository(*again).find("node") == "b");
    CHECK(*settings_repository(*again).find("empty") == "");
}
