#include "runtime/upstream/circuit_breaker.hpp"

#include "tests/runtime/upstream/seeded_entropy.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <rapidcheck.h>
#include <string>
#include <vector>

using namespace perin;
using namespace perin::runtime;
using namespace std::chrono_literals;
using enum attempt_outcome;

namespace {

/// A breaker in virtual time.
struct world {
    explicit world(circuit_settings settings = {}) : breaker(settings) {}

    circuit_breaker breaker;
    seeded_entropy random{7};
    circuit_breaker::time_point now = some_moment;

    bool attempt(attempt_outcome outcome) {
        const auto leave = breaker.admit(now);
        if (leave) breaker.record(*leave, outcome, now, random);
        return leave.has_value();
    }
    void open() {
        for (int i = 0; i < 5; ++i) REQUIRE(attempt(failed));
        REQUIRE(state() == circuit_state::open);
    }
    void wait_for_probe() {
        REQUIRE(breaker.next_tick());
        now = *breaker.next_tick();
        breaker.tick(now);
        REQUIRE(state() == circuit_state::half_open);
    }
    [[nodiscard]] circuit_state state() const { return breaker.status().state; }
};

}  // namespace

TEST_CASE("states have the names of the protocol") {
    CHECK(to_string(circuit_state::closed) == std::string("closed"));
    CHECK(to_string(circuit_state::open) == std::string("open"));
    CHECK(to_string(circuit_state::half_open) == std::string("half_open"));
}

TEST_CASE("a circuit is closed at first and has nothing to tell") {
    world w;
    CHECK(w.breaker.status() == circuit_status{});
    CHECK_FALSE(w.breaker.next_tick());
}

TEST_CASE("a circuit opens after five failures in a row") {
    world w;
    for (std::uint32_t i = 1; i <= 4; ++i) {
        CHECK(w.attempt(failed));
        CHECK(w.state() == circuit_state::closed);
        CHECK(w.breaker.status().failures == i);
        CHECK(w.breaker.status().last_failure == w.now);
        w.now += 1s;
    }
    CHECK(w.random.drawn() == 0);
    CHECK(w.attempt(failed));
    const auto status = w.breaker.status();
    CHECK(status.state == circuit_state::open);
    CHECK(status.failures == 5);
    CHECK(status.last_failure == w.now);
    REQUIRE(status.opens_until);
    CHECK(*status.opens_until >= w.now + 5min);
    CHECK(*status.opens_until <= w.now + 5min + 30s);
    CHECK_FALSE(w.attempt(succeeded));
}

TEST_CASE("a success in between begins the count anew") {
    world w;
    for (int i = 0; i < 4; ++i) CHECK(w.attempt(failed));
    CHECK(w.attempt(succeeded));
    CHECK(w.breaker.status().failures == 0);
    CHECK(w.breaker.status().last_failure == w.now);
    for (int i = 0; i < 4; ++i) CHECK(w.attempt(failed));
    CHECK(w.state() == circuit_state::closed);
    CHECK(w.attempt(failed));
    CHECK(w.state() == circuit_state::open);
}

TEST_CASE("what tells nothing neither counts nor heals") {
    world w;
    for (int i = 0; i < 1000; ++i) CHECK(w.attempt(told_nothing));
    CHECK(w.breaker.status() == circuit_status{});
    for (int i = 0; i < 4; ++i) {
        CHECK(w.attempt(failed));
        CHECK(w.attempt(told_nothing));
    }
    CHECK(w.breaker.status().failures == 4);
    CHECK(w.attempt(failed));
    CHECK(w.state() == circuit_state::open);
}

TEST_CASE("an outcome follows from category and status") {
    const struct {
        error_category category;
        int status;
        attempt_outcome outcome;
    } table[] = {
        {error_category::rate_limit, 429, told_nothing},
        {error_category::rate_limit, 403, told_nothing},
        {error_category::timeout, 0, failed},
        {error_category::timeout, 408, told_nothing},
        {error_category::authentication, 401, told_nothing},
        {error_category::context_too_large, 413, told_nothing},
        {error_category::quota, 429, told_nothing},
        {error_category::rejected, 404, told_nothing},
        {error_category::unknown, 0, failed},
        {error_category::unknown, 200, failed},
        {error_category::unknown, 500, failed},
        {error_category::unknown, 503, failed},
    };
    for (const auto& row : table) {
        INFO(to_string(row.category) << " " << row.status);
        CHECK(outcome_of(row.category, row.status) == row.outcome);
    }
}

TEST_CASE("an open circuit lets nothing through until its time is over") {
    world w;
    w.open();
    const auto until = *w.breaker.status().opens_until;
    CHECK(w.breaker.next_tick() == until);
    w.now = until - 1ms;
    w.breaker.tick(w.now);
    CHECK_FALSE(w.breaker.admit(w.now));
    CHECK(w.state() == circuit_state::open);
    w.now = until;
    w.breaker.tick(w.now);
    CHECK(w.state() == circuit_state::half_open);
    CHECK_FALSE(w.breaker.status().opens_until);
    CHECK(w.breaker.status().failures == 5);
}

TEST_CASE("a call finds the circuit half-open without a tick") {
    world w;
    w.open();
    w.now += 6min;
    const auto probe = w.breaker.admit(w.now);
    REQUIRE(probe);
    CHECK(probe->is_probe());
    CHECK(w.state() == circuit_state::half_open);
}

TEST_CASE("half-open lets one probe through; its success closes the circuit") {
    world w;
    w.open();
    w.wait_for_probe();
    const auto probe = w.breaker.admit(w.now);
    REQUIRE(probe);
    for (int i = 0; i < 10; ++i) CHECK_FALSE(w.breaker.admit(w.now));
    w.breaker.record(*probe, succeeded, w.now, w.random);
    CHECK(w.state() == circuit_state::closed);
    CHECK(w.breaker.status().failures == 0);
    const auto next = w.breaker.admit(w.now);
    REQUIRE(next);
    CHECK_FALSE(next->is_probe());
}

TEST_CASE("a probe that fails opens the circuit again, and failures count on") {
    world w;
    w.open();
    w.wait_for_probe();
    CHECK(w.attempt(failed));
    CHECK(w.state() == circuit_state::open);
    CHECK(w.breaker.status().failures == 6);
    CHECK(*w.breaker.status().opens_until >= w.now + 5min);
    CHECK_FALSE(w.attempt(succeeded));
    w.wait_for_probe();
    CHECK(w.attempt(succeeded));
    CHECK(w.state() == circuit_state::closed);
}

TEST_CASE("a probe that told nothing makes room for another") {
    world w;
    w.open();
    w.wait_for_probe();
    CHECK(w.attempt(told_nothing));
    CHECK(w.state() == circuit_state::half_open);
    CHECK(w.attempt(told_nothing));
    CHECK(w.attempt(succeeded));
    CHECK(w.state() == circuit_state::closed);
}

TEST_CASE("a probe that was lost is forgotten, and what it comes to later too") {
    world w;
    w.open();
    w.wait_for_probe();
    const auto lost = w.breaker.admit(w.now);
    REQUIRE(lost);
    CHECK(w.breaker.next_tick() == w.now + 10min);
    w.now += 10min - 1ms;
    CHECK_FALSE(w.breaker.admit(w.now));
    w.now += 1ms;
    const auto second = w.breaker.admit(w.now);
    REQUIRE(second);
    w.breaker.record(*lost, failed, w.now, w.random);
    CHECK(w.state() == circuit_state::half_open);
    CHECK(w.breaker.status().failures == 5);
    w.breaker.record(*second, succeeded, w.now, w.random);
    CHECK(w.state() == circuit_state::closed);
}

TEST_CASE("attempts of before the circuit opened change nothing after it") {
    world w;
    std::deque<circuit_breaker::permit> early;
    for (int i = 0; i < 100; ++i) early.push_back(*w.breaker.admit(w.now));
    w.open();
    const auto opened = w.breaker.status();
    for (int i = 0; i < 50; ++i) {
        w.breaker.record(early.front(), i % 2 == 0 ? failed : succeeded, w.now + 1s, w.random);
        early.pop_front();
    }
    CHECK(w.breaker.status() == opened);
    w.wait_for_probe();
    w.breaker.record(early.front(), succeeded, w.now, w.random);
    CHECK(w.state() == circuit_state::half_open);
    CHECK(w.attempt(succeeded));
    w.breaker.record(early.back(), failed, w.now, w.random);
    CHECK(w.breaker.status().failures == 0);
}

TEST_CASE("a reset closes the circuit as new, in every state") {
    for (int state = 0; state < 3; ++state) {
        world w;
        const auto early = *w.breaker.admit(w.now);
        if (state > 0) w.open();
        if (state > 1) w.wait_for_probe();
        const auto probe = state > 1 ? w.breaker.admit(w.now) : std::nullopt;
        w.breaker.reset();
        CHECK(w.breaker.status() == circuit_status{});
        w.breaker.record(early, failed, w.now, w.random);
        if (probe) w.breaker.record(*probe, failed, w.now, w.random);
        CHECK(w.breaker.status() == circuit_status{});
        CHECK(w.attempt(failed));
        CHECK(w.breaker.status().failures == 1);
    }
}

TEST_CASE("over 10,000 seeds a circuit stays open for five minutes and up to half a minute more") {
    std::chrono::steady_clock::duration least = 24h;
    std::chrono::steady_clock::duration most = 0s;
    for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
        seeded_entropy random(seed);
        circuit_breaker breaker({.failures_to_open = 1});
        breaker.record(*breaker.admit(some_moment), failed, some_moment, random);
        const auto open_for = *breaker.status().opens_until - some_moment;
        REQUIRE(open_for >= 5min);
        REQUIRE(open_for <= 5min + 30s);
        least = std::min(least, open_for);
        most = std::max(most, open_for);
    }
    CHECK(least < 5min + 100ms);
    CHECK(most > 5min + 30s - 100ms);
}

TEST_CASE("a report is in the time that people read") {
    const timestamp wall{1'796'119'200s};
    const circuit_status status{.state = circuit_state::open,
                                .failures = 5,
                                .last_failure = some_moment - 10s,
                                .opens_until = some_moment + 290s};
    const auto report = report_of("model:gpt", status, some_moment, wall);
    CHECK(report == circuit_report{.key = "model:gpt",
                                   .state = circuit_state::open,
                                   .failures = 5,
                                   .last_failure = wall - 10s,
                                   .opens_until = wall + 290s});
    const auto idle = report_of("k", {}, some_moment, wall);
    CHECK_FALSE(idle.last_failure);
    CHECK_FALSE(idle.opens_until);
}

TEST_CASE("whatever happens, a circuit is in order") {
    CHECK(rc::check([] {
        world w;
        std::deque<circuit_breaker::permit> out;
        const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 9));
        for (const auto step : steps) {
            const auto before = w.breaker.status();
            if (step < 3) {
                if (const auto leave = w.breaker.admit(w.now)) {
                    RC_ASSERT(leave->is_probe() == (w.state() == circuit_state::half_open));
                    out.push_back(*leave);
                    if (before.state == circuit_state::open)
                        RC_ASSERT((w.now >= *before.opens_until));
                }
            } else if (step < 7 && !out.empty()) {
                const auto outcome = step == 3 ? succeeded : step == 4 ? told_nothing : failed;
                w.breaker.record(out.front(), outcome, w.now, w.random);
                out.pop_front();
                if (before.state == circuit_state::open) RC_ASSERT(w.breaker.status() == before);
            } else {
                w.now += step == 7 ? 1s : 4min;
                w.breaker.tick(w.now);
            }
            const auto status = w.breaker.status();
            RC_ASSERT(status.opens_until.has_value() == (status.state == circuit_state::open));
            if (status.state == circuit_state::closed) RC_ASSERT(status.failures < 5U);
            if (status.failures > 0) RC_ASSERT(status.last_failure.has_value());
            if (status.opens_until) RC_ASSERT((*status.opens_until > w.now));
        }
    }));
}
