#include "domain/rate_limit.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <rapidcheck.h>

using namespace perin;
using namespace std::chrono_literals;

namespace {

constexpr timestamp start{1'764'583'200s};

}  // namespace

TEST_CASE("a window lets its limit through and says what is left") {
    sliding_window window(3);
    for (std::size_t i = 0; i < 3; ++i) {
        const auto found = window.take(start + std::chrono::seconds{i});
        CHECK(found.allowed);
        CHECK(found.limit == 3);
        CHECK(found.remaining == 2 - i);
        CHECK(found.reset == start + 60s);
        CHECK(found.retry_after == 0ms);
    }
    const auto refused = window.take(start + 10s);
    CHECK_FALSE(refused.allowed);
    CHECK(refused.remaining == 0);
    CHECK(refused.reset == start + 60s);
    CHECK(refused.retry_after == 50s);
}

TEST_CASE("the window slides: one request leaves, one may come") {
    sliding_window window(2);
    CHECK(window.take(start).allowed);
    CHECK(window.take(start + 30s).allowed);
    CHECK_FALSE(window.take(start + 60s - 1ms).allowed);
    CHECK(window.take(start + 60s).allowed);
    CHECK_FALSE(window.take(start + 61s).allowed);
    CHECK(window.take(start + 90s).allowed);
}

TEST_CASE("a refused request does not count") {
    sliding_window window(1);
    CHECK(window.take(start).allowed);
    for (int i = 1; i < 60; ++i) CHECK_FALSE(window.take(start + std::chrono::seconds{i}).allowed);
    CHECK(window.take(start + 60s).allowed);
}

TEST_CASE("after the wait that was told a request is let through") {
    CHECK(rc::check([] {
        const auto limit = *rc::gen::inRange<std::size_t>(1, 6);
        sliding_window window(limit, 1s);
        auto now = start;
        std::vector<timestamp> allowed;
        const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 700));
        for (const auto step : steps) {
            now += std::chrono::milliseconds{step};
            const auto foreseen = window.peek(now);
            const auto found = window.take(now);
            RC_ASSERT(foreseen.allowed == found.allowed);
            RC_ASSERT(foreseen.retry_after == found.retry_after);
            RC_ASSERT(found.allowed == (found.retry_after == 0ms));
            if (found.allowed) {
                allowed.push_back(now);
                RC_ASSERT(foreseen.remaining == found.remaining + 1);
            } else {
                RC_ASSERT(window.peek(now + found.retry_after).allowed);
                RC_ASSERT_FALSE(window.peek(now + found.retry_after - 1ms).allowed);
            }
        }
        for (std::size_t i = limit; i < allowed.size(); ++i)
            RC_ASSERT(allowed[i] - allowed[i - limit] >= 1s);
    }));
}

TEST_CASE("peeking takes nothing") {
    sliding_window window(1);
    for (int i = 0; i < 3; ++i) {
        const auto found = window.peek(start);
        CHECK(found.allowed);
        CHECK(found.remaining == 1);
        CHECK(found.reset == start);
    }
    CHECK(window.take(start).allowed);
    CHECK_FALSE(window.peek(start).allowed);
}

TEST_CASE("a clock that steps back locks nobody out for longer than a span") {
    sliding_window window(2);
    CHECK(window.take(start).allowed);
    CHECK(window.take(start).allowed);
    const auto back = start - 24h;
    const auto refused = window.take(back);
    CHECK_FALSE(refused.allowed);
    CHECK(refused.retry_after == 60s);
    CHECK(window.peek(back + 1s).retry_after == 59s);
    CHECK(window.take(back + 60s).allowed);
}

TEST_CASE("a small step back does not let more through") {
    sliding_window window(2);
    CHECK(window.take(start + 5ms).allowed);
    CHECK(window.take(start).allowed);
    CHECK_FALSE(window.take(start + 3ms).allowed);
    CHECK(window.take(start + 60s).allowed);
}

TEST_CASE("a window is idle before its first request and a span after its last") {
    sliding_window window(5);
    CHECK(window.idle(start));
    (void)window.take(start);
    CHECK_FALSE(window.idle(start + 60s - 1ms));
    CHECK(window.idle(start + 60s));
}

TEST_CASE("a limit of nothing lets nothing through") {
    sliding_window window(0, 10s);
    const auto found = window.take(start);
    CHECK_FALSE(found.allowed);
    CHECK(found.remaining == 0);
    CHECK(found.retry_after == 10s);
    CHECK(window.idle(start));
}
