#include "persistence/tool_effects.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

TEST_CASE("the result of a tool call is kept once") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    tool_effect_repository effects(*opened);
    CHECK(*effects.find("trn_1", "call_1") == std::nullopt);
    REQUIRE(effects.insert("trn_1", "call_1", R"({"id":"evt"})", at(1)));
    CHECK(*effects.find("trn_1", "call_1") == R"({"id":"evt"})");
    CHECK(code_of(effects.insert("trn_1", "call_1", "{}", at(2))) == error_code::conflict);
    CHECK(*effects.find("trn_1", "call_1") == R"({"id":"evt"})");
    CHECK(effects.insert("trn_2", "call_1", "{}", at(2)));
}

TEST_CASE("the results of a turn go together") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    tool_effect_repository effects(*opened);
    for (const std::string call : {"call_1", "call_2"}) {
        REQUIRE(effects.insert("trn_1", call, "{}", at(1)));
        REQUIRE(effects.insert("trn_2", call, "{}", at(1)));
    }
    REQUIRE(effects.remove_of_turn("trn_1"));
    REQUIRE(effects.remove_of_turn("trn_3"));
    CHECK(*effects.find("trn_1", "call_2") == std::nullopt);
    CHECK(*effects.find("trn_2", "call_2") == "{}");
}
