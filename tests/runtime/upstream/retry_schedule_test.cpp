#include "runtime/upstream/retry_schedule.hpp"

#include "tests/runtime/upstream/seeded_entropy.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>
#include <rapidcheck.h>
#include <string>
#include <variant>

using namespace perin;
using namespace perin::runtime;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using enum error_category;

namespace {

/// A schedule with a budget of its own, in virtual time.
struct world {
    explicit world(retry_terms terms, retry_settings settings = {}, std::uint64_t seed = 1)
        : schedule(terms, settings), random(seed) {}

    retry_schedule schedule;
    seeded_entropy random;
    retry_budget budget;
    retry_budget::call call{budget};
    retry_schedule::time_point now = some_moment;

    retry_decision fail(error_category category, std::optional<milliseconds> told = {}) {
        return schedule.decide({.category = category, .told_wait = told}, now, call, random);
    }
    retry_decision fail(const failed_attempt& failed) {
        return schedule.decide(failed, now, call, random);
    }
};

retry_decision gives_up(give_up_reason reason) { return give_up{reason}; }

constexpr retry_terms interactive{.deadline = some_moment + 600s, .patience = 15s};
constexpr retry_terms workflow{.can_park = true};

}  // namespace

TEST_CASE("a told wait is waited for as told") {
    for (const auto category : {rate_limit, timeout, unknown}) {
        for (const auto told : {0ms, 1ms, 7000ms, 60'000ms}) {
            world w({});
            CHECK(w.fail(category, told) == retry_decision(retry_in{told}));
            CHECK(w.random.drawn() == 0);
        }
    }
}

TEST_CASE("kinds of failure that stay are not tried again") {
    for (const auto category : {authentication, context_too_large, quota, rejected}) {
        world w({});
        CHECK(w.fail(category) == gives_up(give_up_reason::not_retryable));
        CHECK(w.fail(category, 1s) == gives_up(give_up_reason::not_retryable));
        CHECK(w.schedule.retries() == 0);
        CHECK(w.budget.retries() == 0);
    }
}

TEST_CASE("what may be seen twice, or is forbidden, is not tried again") {
    world w({});
    CHECK(w.fail(failed_attempt{.repeatable = false}) == gives_up(give_up_reason::not_repeatable));
    CHECK(w.fail(failed_attempt{.retryable = false}) == gives_up(give_up_reason::not_retryable));
    CHECK(std::holds_alternative<retry_in>(w.fail(failed_attempt{})));
}

TEST_CASE("an attempt is described by the failure of its call") {
    const auto failed =
        attempt_of({.category = timeout, .told_wait = 3s, .retryable = true}, false);
    CHECK(failed.category == timeout);
    CHECK(failed.told_wait == 3s);
    CHECK(failed.retryable);
    CHECK_FALSE(failed.repeatable);
    CHECK_FALSE(attempt_of({.category = unknown, .retryable = false}).retryable);
}

TEST_CASE("there are three retries") {
    world w({});
    for (std::uint32_t i = 1; i <= 3; ++i) {
        CHECK(std::holds_alternative<retry_in>(w.fail(unknown)));
        CHECK(w.schedule.retries() == i);
    }
    CHECK(w.fail(unknown) == gives_up(give_up_reason::retries_spent));
    CHECK(w.fail(rate_limit, 1s) == gives_up(give_up_reason::retries_spent));
}

TEST_CASE("over 10,000 seeds backoff has full jitter below a bound that doubles") {
    const struct {
        error_category category;
        milliseconds base;
    } table[] = {{unknown, 1s}, {timeout, 5s}};
    for (const auto& row : table) {
        milliseconds least[3] = {1h, 1h, 1h};
        milliseconds most[3] = {0s, 0s, 0s};
        std::int64_t sum[3] = {};
        for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
            world w({}, {}, seed);
            for (std::size_t n = 0; n < 3; ++n) {
                const auto decision = w.fail(row.category);
                REQUIRE(std::holds_alternative<retry_in>(decision));
                const auto wait = std::get<retry_in>(decision).wait;
                REQUIRE(wait >= 0ms);
                REQUIRE(wait <= row.base * (1 << n));
                least[n] = std::min(least[n], wait);
                most[n] = std::max(most[n], wait);
                sum[n] += wait.count();
            }
        }
        for (std::size_t n = 0; n < 3; ++n) {
            const auto bound = row.base * (1 << n);
            INFO(to_string(row.category) << " retry " << n);
            CHECK(least[n] < bound / 100);
            CHECK(most[n] > bound - bound / 100);
            const auto mean = milliseconds{sum[n] / 10'000};
            CHECK(mean > bound * 48 / 100);
            CHECK(mean < bound * 52 / 100);
        }
    }
}

TEST_CASE("over 10,000 seeds a rate limit without a told wait is sat out for its base first") {
    for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
        world w(workflow, {}, seed);
        const auto decision = w.fail(rate_limit);
        REQUIRE(std::holds_alternative<park_for>(decision));
        const auto wait = std::get<park_for>(decision).wait;
        REQUIRE(wait >= 60s);
        REQUIRE(wait <= 120s);
    }
}

TEST_CASE("all bases are scaled by the one that is set") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        world w({}, {.base = 10ms}, seed);
        const auto limit = std::get<retry_in>(w.fail(rate_limit)).wait;
        CHECK(limit >= 600ms);
        CHECK(limit <= 1200ms);
        CHECK(std::get<retry_in>(w.fail(timeout)).wait <= 100ms);
        CHECK(std::get<retry_in>(w.fail(unknown)).wait <= 40ms);
        world none({}, {.base = 0ms}, seed);
        CHECK(none.fail(unknown) == retry_decision(retry_in{0ms}));
        CHECK(none.fail(rate_limit) == retry_decision(retry_in{0ms}));
    }
}

TEST_CASE("an interactive turn does not wait for a limit that tells no end") {
    for (const auto base : {0ms, 10ms, 1000ms}) {
        world w(interactive, {.base = base});
        CHECK(w.fail(rate_limit) == gives_up(give_up_reason::past_patience));
    }
}

TEST_CASE("patience is for all waits together") {
    world w(interactive);
    CHECK(w.fail(rate_limit, 15'001ms) == gives_up(give_up_reason::past_patience));
    CHECK(w.fail(rate_limit, 7s) == retry_decision(retry_in{7s}));
    CHECK(w.fail(rate_limit, 8'001ms) == gives_up(give_up_reason::past_patience));
    CHECK(w.fail(rate_limit, 8s) == retry_decision(retry_in{8s}));
    CHECK(w.schedule.waited() == 15s);
    CHECK(w.fail(unknown, 1ms) == gives_up(give_up_reason::past_patience));
    CHECK(w.fail(unknown, 0ms) == retry_decision(retry_in{0ms}));
}

TEST_CASE("a deadline shorter than the wait ends the call at once") {
    world w({.deadline = some_moment + 5s});
    CHECK(w.fail(rate_limit, 6s) == gives_up(give_up_reason::past_deadline));
    // With nothing left for the attempt itself.
    CHECK(w.fail(rate_limit, 5s) == gives_up(give_up_reason::past_deadline));
    CHECK(w.fail(rate_limit, 4'999ms) == retry_decision(retry_in{4'999ms}));
    w.now += 4'999ms;
    CHECK(w.fail(unknown, 1ms) == gives_up(give_up_reason::past_deadline));
    w.now += 1ms;
    CHECK(w.fail(unknown, 0ms) == gives_up(give_up_reason::past_deadline));
    w.now += 1h;
    CHECK(w.fail(unknown) == gives_up(give_up_reason::past_deadline));
    CHECK(w.budget.retries() == 1);
}

TEST_CASE("a wait over a minute is parked by those who can, and only by them") {
    world parks(workflow);
    CHECK(parks.fail(rate_limit, 60s) == retry_decision(retry_in{60s}));
    CHECK(parks.fail(rate_limit, 60'001ms) == retry_decision(park_for{60'001ms}));
    CHECK(parks.fail(unknown, 24h) == retry_decision(park_for{24h}));
    CHECK(parks.schedule.retries() == 1);
    CHECK(parks.budget.retries() == 1);
    world sleeps({});
    CHECK(sleeps.fail(rate_limit, 60'001ms) == gives_up(give_up_reason::too_long));
    CHECK(sleeps.fail(rate_limit) == gives_up(give_up_reason::too_long));
    world ends({.deadline = some_moment + 1h, .can_park = true});
    CHECK(ends.fail(rate_limit, 2h) == gives_up(give_up_reason::past_deadline));
}

TEST_CASE("work that was parked again and again backs off further, up to a bound") {
    const auto wait = [](std::uint32_t parked) {
        world w({.can_park = true, .parked_before = parked});
        return std::get<park_for>(w.fail(rate_limit)).wait;
    };
    CHECK(wait(1) >= 120s);
    CHECK(wait(1) <= 240s);
    CHECK(wait(3) >= 480s);
    CHECK(wait(3) <= 960s);
    for (const auto parked : {6U, 20U, 63U, 64U, 4'000'000'000U}) {
        CHECK(wait(parked) >= 1h);
        CHECK(wait(parked) <= 2h);
    }
}

TEST_CASE("no retry goes past the budget of the upstream") {
    world w({});
    retry_budget::call other(w.budget);
    while (other.take_retry()) continue;
    CHECK(w.fail(unknown) == gives_up(give_up_reason::budget_spent));
    CHECK(w.schedule.retries() == 0);
    CHECK(w.schedule.waited() == 0ms);
    // Parking costs the upstream nothing now.
    world parks(workflow);
    retry_budget::call more(parks.budget);
    while (more.take_retry()) continue;
    CHECK(parks.fail(rate_limit, 90s) == retry_decision(park_for{90s}));
}

TEST_CASE("a negative wait tells nothing") {
    world w(interactive);
    CHECK(w.fail(rate_limit, -1ms) == gives_up(give_up_reason::past_patience));
    CHECK(std::get<retry_in>(w.fail(unknown, -5s)).wait >= 0ms);
}

TEST_CASE("reasons to give up have names") {
    CHECK(to_string(give_up_reason::not_retryable) == std::string("not_retryable"));
    CHECK(to_string(give_up_reason::not_repeatable) == std::string("not_repeatable"));
    CHECK(to_string(give_up_reason::retries_spent) == std::string("retries_spent"));
    CHECK(to_string(give_up_reason::past_deadline) == std::string("past_deadline"));
    CHECK(to_string(give_up_reason::past_patience) == std::string("past_patience"));
    CHECK(to_string(give_up_reason::too_long) == std::string("too_long"));
    CHECK(to_string(give_up_reason::budget_spent) == std::string("budget_spent"));
}

TEST_CASE("no call waits past its deadline or patience, whatever it meets") {
    CHECK(rc::check([](std::uint64_t seed) {
        const auto deadline = some_moment + milliseconds{*rc::gen::inRange(0, 100'000)};
        const auto patience = milliseconds{*rc::gen::inRange(0, 30'000)};
        const bool looks_on = *rc::gen::arbitrary<bool>();
        world w({.deadline = deadline,
                 .patience = looks_on ? std::optional(patience) : std::nullopt,
                 .can_park = *rc::gen::arbitrary<bool>()},
                {}, seed);
        milliseconds waits{0};
        for (int n = 0;; ++n) {
            RC_ASSERT(n <= 3);
            const auto category = *rc::gen::element(rate_limit, timeout, unknown);
            const auto told = *rc::gen::maybe(
                rc::gen::map(rc::gen::inRange(0, 90'000), [](int ms) { return milliseconds{ms}; }));
            const auto told_wait = told ? std::optional<milliseconds>(*told) : std::nullopt;
            const auto decision = w.fail(category, told_wait);
            if (const auto* parked = std::get_if<park_for>(&decision)) {
                RC_ASSERT(parked->wait > 60s);
                RC_ASSERT(w.now + parked->wait < deadline);
            }
            const auto* retry = std::get_if<retry_in>(&decision);
            if (retry == nullptr) break;
            RC_ASSERT(retry->wait <= 60s);
            waits += retry->wait;
            w.now += retry->wait;
            RC_ASSERT(w.now < deadline);
            if (looks_on) RC_ASSERT(waits <= patience);
        }
        RC_ASSERT(w.schedule.waited() == waits);
    }));
}
