#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;

namespace {

memory_write entry_of(const user& who, const std::string& key, const std::string& content) {
    memory_write write;
    write.user_id = who.id;
    write.entry.key = key;
    write.entry.content = content;
    return write;
}

}  // namespace

TEST_CASE_METHOD(actor_world, "an entry is kept on disk and found by what it says") {
    auto made = ask<result<memory_written>>(memory, entry_of(anna, "sister", "her name is Eva"));
    REQUIRE(made);
    CHECK(made->created);
    CHECK(made->entry.importance > 0);
    crash();
    auto found = ask<result<relevant_memory>>(
        memory, memory_query_relevant{anna.id, "who is my sister", 5, false});
    REQUIRE(found);
    REQUIRE(found->items.size() == 1);
    CHECK(found->items[0].entry.content == "her name is Eva");
    auto foreign = ask<result<relevant_memory>>(
        memory, memory_query_relevant{bert.id, "who is my sister", 5, false});
    CHECK(foreign->items.empty());
}

TEST_CASE_METHOD(actor_world, "a write of the same call happens once") {
    auto write = entry_of(anna, "tea", "yes");
    write.once = once_key{"trn_1", "call_1"};
    CHECK(ask<result<memory_written>>(memory, write)->created);
    memory_erase erase{anna.id, {"tea"}, false, std::nullopt};
    CHECK(ask<result<memory_erased>>(memory, erase)->removed == 1);
    // Run again: it says what it said before, and does nothing.
    CHECK(ask<result<memory_written>>(memory, write)->created);
    CHECK(ask<result<std::vector<memory_entry>>>(memory, memory_query_all{anna.id})->empty());
}

TEST_CASE_METHOD(actor_world, "one entry too many drops the least valuable old one") {
    for (int i = 0; i < 1000; ++i) {
        auto write = entry_of(anna, "key" + std::to_string(i), "content");
        write.entry.importance = i == 500 ? 0.01 : 0.9;
        write.importance_given = true;
        REQUIRE(ask<result<memory_written>>(memory, write));
    }
    auto last = entry_of(anna, "newest", "content");
    last.entry.importance = 0.0;
    last.importance_given = true;
    REQUIRE(ask<result<memory_written>>(memory, last));
    auto all = ask<result<std::vector<memory_entry>>>(memory, memory_query_all{anna.id});
    REQUIRE(all);
    CHECK(all->size() == 1000);
    auto has = [&](const std::string& key) {
        return std::any_of(all->begin(), all->end(), [&](const auto& e) { return e.key == key; });
    };
    CHECK(has("newest"));
    CHECK_FALSE(has("key500"));
}

TEST_CASE_METHOD(actor_world, "uses are counted and reach the disk in time") {
    REQUIRE(ask<result<memory_written>>(memory, entry_of(anna, "coffee", "black")));
    for (int i = 0; i < 3; ++i)
        REQUIRE(ask<result<relevant_memory>>(memory,
                                             memory_query_relevant{anna.id, "coffee", 5, true}));
    advance(std::chrono::seconds(31));
    crash();
    auto all = ask<result<std::vector<memory_entry>>>(memory, memory_query_all{anna.id});
    CHECK(all->at(0).use_count == 3);
}
