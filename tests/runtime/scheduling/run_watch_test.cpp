#include "runtime/scheduling/run_watch.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace perin::runtime;
using namespace std::chrono_literals;

TEST_CASE("a run is seen from when it has lasted long enough until it ends") {
    run_watch watch;
    run_watch::clock::time_point start{1h};
    auto& place = watch.here();
    CHECK(&place == &watch.here());
    CHECK(watch.longer_than(0ms, start).empty());
    place.begin("conversation", start);
    CHECK(watch.longer_than(100ms, start + 99ms).empty());
    auto found = watch.longer_than(100ms, start + 120ms);
    REQUIRE(found.size() == 1);
    CHECK(found[0].kind == "conversation");
    CHECK(found[0].for_long == 120ms);
    place.end();
    CHECK(watch.longer_than(0ms, start + 1h).empty());
}

TEST_CASE("all threads are stuck only where each of them is") {
    run_watch watch;
    run_watch::clock::time_point start{1h};
    CHECK_FALSE(watch.all_longer_than(1s, start + 1h));
    watch.here().begin("turn", start);
    auto& other = *std::async(std::launch::async, [&] { return &watch.here(); }).get();
    CHECK_FALSE(watch.all_longer_than(1s, start + 1h));
    other.begin("turn", start + 59min);
    CHECK(watch.all_longer_than(1s, start + 1h));
    CHECK_FALSE(watch.all_longer_than(2min, start + 1h));
    CHECK(watch.longer_than(2min, start + 1h).size() == 1);
}
