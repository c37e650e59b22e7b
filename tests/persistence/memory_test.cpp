#include "persistence/memory.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

memory_entry entry(const std::string& key, const std::string& content = "likes tea") {
    return {.key = key,
            .content = content,
            .type = "preference",
            .context = "said in May",
            .importance = 0.7,
            .at = at(5),
            .use_count = 2};
}

}  // namespace

TEST_CASE("memory is written, replaced as a whole and loaded by key") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    memory_repository memory(*opened);
    CHECK(memory.load("usr_1")->empty());
    CHECK(*memory.put("usr_1", entry("b")));
    CHECK(*memory.put("usr_1", entry("a")));
    CHECK(*memory.put("usr_2", entry("a", "other")));
    CHECK(*memory.load("usr_1") == std::vector<memory_entry>{entry("a"), entry("b")});

    const memory_entry bare{.key = "a", .content = "likes coffee", .importance = 1, .at = at(9)};
    CHECK_FALSE(*memory.put("usr_1", bare));
    CHECK(*memory.load("usr_1") == std::vector<memory_entry>{bare, entry("b")});
    CHECK(*memory.load("usr_2") == std::vector<memory_entry>{entry("a", "other")});
}

TEST_CASE("memory keys may hold anything") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    memory_repository memory(*opened);
    const std::string key = GENERATE("a,b", "%", "' OR '1'='1", "größe", " ");
    REQUIRE(memory.put("usr_1", entry(key)));
    REQUIRE(memory.put("usr_1", entry("other")));
    CHECK(*memory.remove("usr_1", std::vector<std::string>{key}) == 1);
    CHECK(memory.load("usr_1")->size() == 1);
}

TEST_CASE("removing memory tells how much was there") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    memory_repository memory(*opened);
    for (const std::string key : {"a", "b", "c", "d"}) REQUIRE(memory.put("usr_1", entry(key)));
    REQUIRE(memory.put("usr_2", entry("a")));
    CHECK(*memory.remove("usr_1", std::vector<std::string>{"a", "x", "b", "a"}) == 2);
    CHECK(*memory.remove("usr_1", {}) == 0);
    CHECK(*memory.clear("usr_1") == 2);
    CHECK(*memory.clear("usr_1") == 0);
    CHECK(memory.load("usr_2")->size() == 1);
}

TEST_CASE("uses of memory are counted, and those of a gone entry are passed over") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    memory_repository memory(*opened);
    REQUIRE(memory.put("usr_1", entry("a")));
    REQUIRE(memory.add_uses("usr_1", "a", 3));
    REQUIRE(memory.add_uses("usr_1", "gone", 3));
    auto counted = entry("a");
    counted.use_count = 5;
    CHECK(*memory.load("usr_1") == std::vector<memory_entry>{counted});
}
