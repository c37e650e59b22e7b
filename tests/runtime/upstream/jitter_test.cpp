#include "runtime/upstream/jitter.hpp"

#include "tests/runtime/upstream/seeded_entropy.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace perin::runtime;
using namespace std::chrono_literals;

TEST_CASE("over 10,000 seeds jitter keeps its bounds and fills them evenly") {
    std::array<int, 10> tenths{};
    for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
        seeded_entropy random(seed);
        const auto drawn = jitter(999ms, random);
        REQUIRE(drawn >= 0ms);
        REQUIRE(drawn <= 999ms);
        ++tenths[static_cast<std::size_t>(drawn.count() / 100)];
    }
    // 1,000 expected, with a standard deviation of 30.
    for (const auto count : tenths) {
        CHECK(count > 850);
        CHECK(count < 1150);
    }
}

TEST_CASE("both ends of the jitter are reached") {
    seeded_entropy random;
    std::array<bool, 3> seen{};
    for (int i = 0; i < 100; ++i)
        seen[static_cast<std::size_t>(jitter(2ms, random).count())] = true;
    CHECK(seen == std::array{true, true, true});
}

TEST_CASE("nothing to spread draws nothing") {
    seeded_entropy random;
    CHECK(jitter(0ms, random) == 0ms);
    CHECK(jitter(-5ms, random) == 0ms);
    CHECK(random.drawn() == 0);
}
