#include "persistence/timers.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

timer_row timer(const std::string& id, std::int64_t due) {
    return {.id = id,
            .kind = "link.expire",
            .subject = "dlg_1",
            .user_id = "usr_1",
            .due_at = at(due),
            .payload = R"({"id":")" + id + R"("})",
            .created_at = at(0)};
}

std::vector<std::string> ids(const result<std::vector<timer_row>>& found) {
    std::vector<std::string> all;
    if (found) {
        for (const auto& each : *found) all.push_back(each.id);
    }
    return all;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("timers come in the order in which they are due") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    timer_repository timers(*opened);
    CHECK(*timers.next_due() == std::nullopt);
    for (const auto& each : {timer("c", 5), timer("b", 5), timer("a", 9), timer("d", 1)}) {
        REQUIRE(timers.put(each));
    }
    CHECK(*timers.next_due() == at(1));
    CHECK(*timers.find("c") == timer("c", 5));
    CHECK(*timers.find("z") == std::nullopt);
    CHECK(ids(timers.due(at(0), 9)).empty());
    CHECK(ids(timers.due(at(5), 9)) == list{"d", "b", "c"});
    CHECK(ids(timers.due(at(100), 2)) == list{"d", "b"});
    CHECK(ids(timers.due(at(100), 2, timer("b", 5))) == list{"c", "a"});
    CHECK(ids(timers.due(at(5), 2, timer("c", 5))).empty());
}

TEST_CASE("a timer that is put again is moved") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    timer_repository timers(*opened);
    REQUIRE(timers.put(timer("a", 5)));
    REQUIRE(timers.put(timer("a", 7)));
    CHECK(*timers.next_due() == at(7));
    CHECK(timers.due(at(9), 9)->size() == 1);
}

TEST_CASE("a timer is taken once, and not once it was moved") {
    test_store store(GENERATE(from_range(drivers())));
    auto first = store.open();
    auto second = store.open();
    REQUIRE(timer_repository(*first).put(timer("a", 5)));
    REQUIRE(timer_repository(*first).put(timer("b", 5)));
    const auto seen = timer_repository(*second).due(at(5), 9);
    REQUIRE(seen);
    CHECK(*timer_repository(*first).take(timer("a", 5)));
    CHECK_FALSE(*timer_repository(*second).take(seen->at(0)));
    REQUIRE(timer_repository(*first).put(timer("b", 6)));
    CHECK_FALSE(*timer_repository(*second).take(seen->at(1)));
    CHECK(*timer_repository(*second).take(timer("b", 6)));
}

TEST_CASE("timers are removed by id and by what they are about") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    timer_repository timers(*opened);
    timer_row other = timer("c", 1);
    other.subject = "dlg_2";
    for (const auto& each : {timer("a", 1), timer("b", 2), timer("x", 3), other}) {
        REQUIRE(timers.put(each));
    }
    CHECK(*timers.remove("x"));
    CHECK_FALSE(*timers.remove("x"));
    CHECK(*timers.remove_of("dlg_1") == 2);
    CHECK(*timers.remove_of("dlg_1") == 0);
    CHECK(ids(timers.due(at(9), 9)) == list{"c"});
}
