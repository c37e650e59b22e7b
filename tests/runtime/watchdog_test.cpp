#include "runtime/watchdog.hpp"

#include "tests/runtime/virtual_system.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace std::chrono_literals;

namespace {

actor_report node(std::string name, std::uint64_t waiting) {
    actor_report out;
    out.name = std::move(name);
    out.mailbox = waiting;
    return out;
}

}  // namespace

TEST_CASE("a run is told of once, and sticks when it has lasted too long") {
    watchdog_rules rules({});
    auto found = rules.on_runs({{"turn", 3s, 1}});
    REQUIRE(found.size() == 1);
    CHECK(found[0].actor == "turn");
    CHECK(found[0].for_long == 3s);
    CHECK_FALSE(rules.stuck());
    CHECK(rules.on_runs({{"turn", 11s, 1}}).empty());
    CHECK(rules.stuck());
    CHECK(rules.on_runs({{"memory", 4s, 2}}).size() == 1);
    CHECK_FALSE(rules.stuck());
    CHECK(rules.on_runs({}).empty());
}

TEST_CASE("a full mailbox is told of until it has shrunk") {
    watchdog_rules rules({});
    auto root = node("root", 0);
    root.children = {node("conversation cnv_1", 20), node("conversation cnv_2", 10'001),
                     node("store", 3)};
    auto found = rules.on_tree(&root);
    REQUIRE(found.size() == 1);
    CHECK(found[0].actor == "conversation cnv_2");
    CHECK(found[0].waiting == 10'001);
    CHECK(rules.fullest().at("conversation") == 10'001);
    CHECK(rules.fullest().at("store") == 3);
    CHECK(rules.on_tree(&root).empty());
    root.children[1].mailbox = 5;
    CHECK(rules.on_tree(&root).empty());
    root.children[1].mailbox = 20'000;
    CHECK(rules.on_tree(&root).size() == 1);
}

TEST_CASE("a tree that does not answer is stuck until it does") {
    watchdog_rules rules({});
    auto root = node("root", 0);
    CHECK(rules.on_tree(nullptr).empty());
    CHECK(rules.stuck());
    CHECK(rules.on_tree(&root).empty());
    CHECK_FALSE(rules.stuck());
}

TEST_CASE_METHOD(test::virtual_system, "readiness goes with what the watchdog sees") {
    auto runs = std::make_shared<run_watch>();
    auto now = std::make_shared<run_watch::clock::time_point>(1h);
    watchdog_parts parts;
    parts.runs = runs;
    parts.time = [now] { return *now; };
    auto stuck = parts.stuck;
    auto dog = spawn_watchdog(system, parts, false);
    settle();
    auto& place = runs->here();
    place.begin("turn", *now);
    *now += 11s;
    advance(1s);
    CHECK(stuck->load());
    place.end();
    advance(1s);
    CHECK_FALSE(stuck->load());
    caf::anon_send_exit(dog, caf::exit_reason::user_shutdown);
    settle();
}
