#include "runtime/upstream/bulkhead.hpp"

#include "tests/runtime/upstream/seeded_entropy.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <rapidcheck.h>
#include <vector>

using namespace perin::runtime;
using namespace std::chrono_literals;
using verdict = bulkhead::verdict;
using tickets = std::vector<bulkhead::ticket>;

namespace {

constexpr auto now = some_moment;
constexpr auto late = some_moment + 1h;

/// A bulkhead whose one place is taken.
bulkhead taken(std::size_t most_waiting) {
    bulkhead b(1, most_waiting);
    REQUIRE(b.enter(late).what == verdict::enter);
    return b;
}

}  // namespace

TEST_CASE("calls enter up to the bound, wait up to the other, and are refused past it") {
    bulkhead b(2, 3);
    CHECK(b.enter(late).what == verdict::enter);
    CHECK(b.enter(late).what == verdict::enter);
    for (int i = 0; i < 3; ++i) CHECK(b.enter(late).what == verdict::wait);
    for (int i = 0; i < 3; ++i) CHECK(b.enter(late).what == verdict::full);
    CHECK(b.in_flight() == 2);
    CHECK(b.waiting() == 3);
}

TEST_CASE("who came first enters first") {
    auto b = taken(3);
    const auto first = b.enter(late + 2s).number;
    const auto second = b.enter(late).number;
    const auto third = b.enter(late + 1s).number;
    for (const auto expected : {first, second, third}) {
        const auto left = b.leave(now);
        CHECK(left.next == expected);
        CHECK(left.expired.empty());
        CHECK(b.in_flight() == 1);
    }
    CHECK_FALSE(b.leave(now).next);
    CHECK(b.in_flight() == 0);
    CHECK(b.enter(late).what == verdict::enter);
}

TEST_CASE("a waiter expires at its own deadline") {
    auto b = taken(3);
    const auto patient = b.enter(now + 3s).number;
    const auto hasty = b.enter(now + 1s).number;
    const auto middling = b.enter(now + 2s).number;
    CHECK(b.next_tick() == now + 1s);
    CHECK(b.tick(now + 1s - 1ns).empty());
    CHECK(b.tick(now + 1s) == tickets{hasty});
    CHECK(b.next_tick() == now + 2s);
    CHECK(b.tick(now + 5s) == tickets{middling, patient});
    CHECK_FALSE(b.next_tick());
    CHECK(b.waiting() == 0);
    CHECK(b.in_flight() == 1);
}

TEST_CASE("a place is not handed to a waiter whose time is over") {
    auto b = taken(2);
    const auto over = b.enter(now + 1s).number;
    const auto next = b.enter(now + 9s).number;
    const auto left = b.leave(now + 1s);
    CHECK(left.expired == tickets{over});
    CHECK(left.next == next);
    auto alone = taken(1);
    const auto last = alone.enter(now).number;
    const auto gone = alone.leave(now);
    CHECK(gone.expired == tickets{last});
    CHECK_FALSE(gone.next);
    CHECK(alone.in_flight() == 0);
}

TEST_CASE("one that waits no more makes room in the queue") {
    auto b = taken(2);
    const auto first = b.enter(late).number;
    const auto second = b.enter(late).number;
    CHECK(b.enter(late).what == verdict::full);
    CHECK(b.withdraw(first));
    CHECK_FALSE(b.withdraw(first));
    CHECK_FALSE(b.withdraw(12345));
    CHECK(b.enter(late).what == verdict::wait);
    CHECK(b.leave(now).next == second);
    CHECK_FALSE(b.withdraw(second));
}

TEST_CASE("without a queue a full bulkhead refuses") {
    auto b = taken(0);
    CHECK(b.enter(late).what == verdict::full);
    CHECK_FALSE(b.leave(now).next);
    CHECK(b.enter(late).what == verdict::enter);
}

TEST_CASE("a bulkhead for nobody lets one through") {
    bulkhead b(0, 0);
    CHECK(b.enter(late).what == verdict::enter);
    CHECK(b.enter(late).what == verdict::full);
}

TEST_CASE("one end too many does not open the bulkhead") {
    auto b = taken(1);
    for (int i = 0; i < 3; ++i) CHECK_FALSE(b.leave(now).next);
    CHECK(b.in_flight() == 0);
    CHECK(b.enter(late).what == verdict::enter);
    CHECK(b.enter(late).what == verdict::wait);
}

TEST_CASE("whatever comes and goes, bounds hold and everyone who waits is told once") {
    CHECK(rc::check([] {
        const auto places = *rc::gen::inRange<std::size_t>(1, 4);
        const auto seats = *rc::gen::inRange<std::size_t>(0, 5);
        bulkhead b(places, seats);
        struct waiter {
            bulkhead::ticket number;
            bulkhead::time_point deadline;
        };
        std::deque<waiter> model;
        std::size_t running = 0;
        auto at = now;
        const auto expire = [&](const tickets& told) {
            for (const auto number : told) {
                const auto found =
                    std::ranges::find(model, number, [](const waiter& w) { return w.number; });
                RC_ASSERT(found != model.end());
                RC_ASSERT(found->deadline <= at);
                model.erase(found);
            }
            for (const auto& left : model) RC_ASSERT(left.deadline > at);
        };
        const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 10));
        for (const auto step : steps) {
            if (step < 4) {
                const auto deadline = at + std::chrono::seconds{1 + step};
                const auto asked = b.enter(deadline);
                if (running < places) {
                    RC_ASSERT(asked.what == verdict::enter);
                    ++running;
                } else if (model.size() < seats) {
                    RC_ASSERT(asked.what == verdict::wait);
                    model.push_back({asked.number, deadline});
                } else {
                    RC_ASSERT(asked.what == verdict::full);
                }
            } else if (step < 7 && running > 0) {
                const auto left = b.leave(at);
                expire(left.expired);
                if (left.next) {
                    RC_ASSERT(model.front().number == *left.next);
                    model.pop_front();
                } else {
                    RC_ASSERT(model.empty());
                    --running;
                }
            } else if (step == 7 && !model.empty()) {
                RC_ASSERT(b.withdraw(model.back().number));
                model.pop_back();
            } else {
                at += 700ms;
                expire(b.tick(at));
            }
            RC_ASSERT(b.in_flight() == running);
            RC_ASSERT(b.waiting() == model.size());
        }
    }));
}
