#include "net/front/deadlines.hpp"

#include "net/front/front.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <rapidcheck.h>
#include <thread>

using namespace perin::net;
using namespace std::chrono_literals;

namespace {

struct swept_one final : swept {
    swept_one(const front_parts& parts, deadline_queue& in) : swept(parts), queue(in) {}
    ~swept_one() override { queue.leave(*this); }
    void overdue() override {}
    void drain() override {}
    void stop() override {}
    void revoke(const revocation&) override {}

    deadline_queue& queue;
};

/// A queue under a clock that the test sets.
struct queue_world {
    queue_world() {
        parts.time = [this] { return now; };
    }
    std::shared_ptr<swept_one> connection() {
        auto made = std::make_shared<swept_one>(parts, queue);
        queue.enter(made);
        return made;
    }
    std::size_t overdue() { return queue.overdue(now).size(); }

    swept::clock::time_point now{1'000'000ms};
    front_parts parts;
    deadline_queue queue;
};

}  // namespace

TEST_CASE("a connection is overdue from its deadline on, to the moment, until that is moved") {
    queue_world world;
    const auto one = world.connection();
    CHECK(world.overdue() == 0);
    one->expire_after(10s);
    world.now += 9'999ms;
    CHECK(world.overdue() == 0);
    world.now += 1ms;
    CHECK(world.queue.overdue(world.now) == std::vector<std::shared_ptr<swept>>{one});
    CHECK(world.overdue() == 1);
    world.now += 3h;
    CHECK(world.overdue() == 1);
    one->expire_after(30s);
    CHECK(world.overdue() == 0);
    one->expire_never();
    world.now += 3h;
    CHECK(world.overdue() == 0);
}

TEST_CASE("a deadline that is moved to earlier comes as early") {
    queue_world world;
    const auto one = world.connection();
    one->expire_after(75s);
    one->expire_after(10s);
    world.now += 10s;
    CHECK(world.overdue() == 1);
    one->expire_after(75s);
    CHECK(world.overdue() == 0);
    one->expire_never();
    CHECK(world.overdue() == 0);
    one->expire_after(0s);
    CHECK(world.overdue() == 1);
}

TEST_CASE("what has gone is not swept, wherever it was") {
    queue_world world;
    auto resting = world.connection();
    auto waiting = world.connection();
    auto late = world.connection();
    waiting->expire_after(10s);
    late->expire_after(0s);
    CHECK(world.overdue() == 1);
    CHECK(world.queue.all().size() == 3);
    late.reset();
    CHECK(world.overdue() == 0);
    waiting.reset();
    world.now += 10s;
    CHECK(world.overdue() == 0);
    CHECK(world.queue.all() == std::vector<std::shared_ptr<swept>>{resting});
}

TEST_CASE("a sweep finds what a look at every connection finds, however deadlines are moved") {
    CHECK(rc::check([] {
        queue_world world;
        std::vector<std::shared_ptr<swept_one>> all;
        for (int i = 0; i < 8; ++i) all.push_back(world.connection());
        const auto steps = *rc::gen::container<std::vector<std::pair<std::size_t, int>>>(
            rc::gen::pair(rc::gen::inRange<std::size_t>(0, 12), rc::gen::inRange(0, 3'000)));
        for (const auto& [what, ms] : steps) {
            if (what < 8)
                all[what]->expire_after(std::chrono::milliseconds{ms});
            else if (what == 8)
                all[static_cast<std::size_t>(ms) % all.size()]->expire_never();
            else
                world.now += std::chrono::milliseconds{ms};
            std::vector<std::shared_ptr<swept>> expected;
            for (const auto& one : all)
                if (one->expired(world.now)) expected.push_back(one);
            auto found = world.queue.overdue(world.now);
            std::ranges::sort(expected);
            std::ranges::sort(found);
            RC_ASSERT(found == expected);
        }
    }));
}

TEST_CASE("a deadline that is moved while a sweep looks at it is not lost") {
    queue_world world;
    const auto one = world.connection();
    for (int round = 0; round < 2'000; ++round) {
        one->expire_after(1s);
        std::thread sweeping([&, at = world.now + 1s] { (void)world.queue.overdue(at); });
        // Later, and at once to earlier again.
        one->expire_after(60s);
        one->expire_after(2s);
        sweeping.join();
        world.now += 2s;
        REQUIRE(world.overdue() == 1);
    }
}
