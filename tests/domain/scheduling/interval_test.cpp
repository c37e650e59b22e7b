#include "domain/scheduling/interval.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace perin;
using namespace perin::scheduling;

timestamp at(int minute) { return timestamp{std::chrono::minutes{minute}}; }

interval between(int start, int end) { return {at(start), at(end)}; }

}  // namespace

TEST_CASE("stretches of time in any order become a set") {
    CHECK(merged({}).empty());
    CHECK(merged({between(5, 5), between(9, 3)}).empty());
    CHECK(merged({between(10, 20), between(0, 5), between(4, 8), between(20, 25)}) ==
          time_set{between(0, 8), between(10, 25)});
    CHECK(merged({between(0, 30), between(5, 10), between(12, 40)}) == time_set{between(0, 40)});
}

TEST_CASE("sets of time are intersected and taken from each other") {
    const time_set one{between(0, 10), between(20, 30), between(40, 50)};
    const time_set other{between(5, 25), between(30, 40), between(45, 46), between(47, 60)};
    CHECK(intersected(one, other) ==
          time_set{between(5, 10), between(20, 25), between(45, 46), between(47, 50)});
    CHECK(intersected(other, one) == intersected(one, other));
    CHECK(without(one, other) ==
          time_set{between(0, 5), between(25, 30), between(40, 45), between(46, 47)});
    CHECK(without(other, one) == time_set{between(10, 20), between(30, 40), between(50, 60)});
    CHECK(without(one, {between(-5, 60)}).empty());
    CHECK(without(one, {}) == one);
    CHECK(intersected(one, {}).empty());
}

TEST_CASE("a stretch lies within a set only where one piece holds it") {
    const time_set set{between(0, 10), between(20, 30)};
    CHECK(covers(set, between(0, 10)));
    CHECK(covers(set, between(22, 30)));
    CHECK_FALSE(covers(set, between(9, 11)));
    CHECK_FALSE(covers(set, between(5, 25)));
    CHECK_FALSE(covers(set, between(-1, 3)));
    CHECK_FALSE(covers({}, between(0, 1)));
    CHECK_FALSE(overlap(between(0, 10), between(10, 20)));
    CHECK(overlap(between(0, 11), between(10, 20)));
    CHECK_FALSE(overlap(between(5, 5), between(0, 10)));
}
