#include "runtime/upstream/retry_budget.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <rapidcheck.h>
#include <utility>
#include <vector>

using namespace perin::runtime;

TEST_CASE("a call that is alone may retry three times") {
    retry_budget budget;
    retry_budget::call alone(budget);
    CHECK(alone.take_retry());
    CHECK(alone.take_retry());
    CHECK(alone.take_retry());
    CHECK_FALSE(alone.take_retry());
}

TEST_CASE("retries are at most a fifth of the calls in flight, and at least three") {
    const struct {
        std::size_t calls;
        std::size_t allowed;
    } table[] = {{0, 3}, {1, 3}, {15, 3}, {19, 3}, {20, 4}, {24, 4}, {25, 5}, {100, 20}};
    for (const auto& row : table) {
        retry_budget budget;
        std::deque<retry_budget::call> calls;
        for (std::size_t i = 0; i < row.calls; ++i) calls.emplace_back(budget);
        CHECK(budget.calls() == row.calls);
        CHECK(budget.allowed() == row.allowed);
        std::size_t granted = 0;
        for (auto& call : calls)
            while (call.take_retry()) ++granted;
        CHECK(granted == (row.calls == 0 ? 0 : row.allowed));
    }
}

TEST_CASE("a call that ends gives its retries back") {
    retry_budget budget;
    retry_budget::call stays(budget);
    {
        retry_budget::call ends(budget);
        CHECK(ends.take_retry());
        CHECK(ends.take_retry());
        CHECK(ends.take_retry());
        CHECK_FALSE(stays.take_retry());
    }
    CHECK(budget.calls() == 1);
    CHECK(budget.retries() == 0);
    CHECK(stays.take_retry());
}

TEST_CASE("a call that is moved is still one call") {
    retry_budget budget;
    retry_budget::call first(budget);
    CHECK(first.take_retry());
    std::vector<retry_budget::call> kept;
    kept.push_back(std::move(first));
    CHECK(budget.calls() == 1);
    CHECK(budget.retries() == 1);
    CHECK(kept.front().take_retry());
    kept.clear();
    CHECK(budget.calls() == 0);
    CHECK(budget.retries() == 0);
}

TEST_CASE("an outage of 10,000 calls at once is answered with a fifth more, not fourfold") {
    retry_budget budget;
    std::deque<retry_budget::call> in_flight;
    for (int i = 0; i < 10'000; ++i) in_flight.emplace_back(budget);
    std::size_t attempts = in_flight.size();
    // Every attempt fails: the call tries again, or ends.
    while (!in_flight.empty()) {
        auto call = std::move(in_flight.front());
        in_flight.pop_front();
        if (!call.take_retry()) continue;
        ++attempts;
        REQUIRE(budget.retries() <= std::max<std::size_t>(3, budget.calls() / 5));
        in_flight.push_back(std::move(call));
    }
    CHECK(attempts > 10'000);
    CHECK(attempts <= 10'000 + 2'000 + 3);
    CHECK(budget.calls() == 0);
    CHECK(budget.retries() == 0);
}

TEST_CASE("an outage of 10,000 calls that come and go is answered with a fifth more at most") {
    for (const std::size_t width : {std::size_t{20}, std::size_t{100}, std::size_t{1000}}) {
        retry_budget budget;
        std::deque<retry_budget::call> in_flight;
        std::size_t begun = 0;
        std::size_t retries = 0;
        while (begun < 10'000 || !in_flight.empty()) {
            while (begun < 10'000 && in_flight.size() < width) {
                in_flight.emplace_back(budget);
                ++begun;
            }
            // Attempts fail in the order they were made.
            auto call = std::move(in_flight.front());
            in_flight.pop_front();
            if (!call.take_retry()) continue;
            ++retries;
            REQUIRE(budget.retries() <= std::max<std::size_t>(3, budget.calls() / 5));
            in_flight.push_back(std::move(call));
        }
        INFO(width);
        CHECK(retries > 0);
        CHECK(retries <= 2'000 + 3);
    }
}

TEST_CASE("whatever comes and goes, no retry is granted past the bound") {
    CHECK(rc::check([](const std::vector<std::uint8_t>& steps) {
        retry_budget budget;
        std::deque<retry_budget::call> calls;
        for (const auto step : steps) {
            if (step % 3 == 0 || calls.empty()) {
                calls.emplace_back(budget);
            } else if (step % 3 == 1) {
                calls.pop_front();
            } else {
                const auto before = budget.retries();
                const bool may = before < std::max<std::size_t>(3, calls.size() / 5);
                RC_ASSERT(calls[step % calls.size()].take_retry() == may);
                RC_ASSERT(budget.retries() == before + (may ? 1U : 0U));
            }
            RC_ASSERT(budget.calls() == calls.size());
        }
        calls.clear();
        RC_ASSERT(budget.retries() == 0U);
    }));
}
