#include "runtime/supervision/actor_slot.hpp"

#include "tests/runtime/virtual_system.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <thread>

using namespace perin::runtime;

namespace {

struct who_is_it {};
using named_actor = caf::typed_actor<caf::replies_to<who_is_it>::with<int>>;

named_actor::behavior_type named(named_actor::pointer, int number) {
    return {[number](who_is_it) { return number; }};
}

}  // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(who_is_it)

TEST_CASE_METHOD(perin::test::virtual_system, "a slot has the actor that stands there now") {
    actor_slot<named_actor> slot;
    actor_finder<named_actor> finder(slot);
    CHECK_FALSE(slot.load());
    CHECK_FALSE(finder.current());
    slot.put(system.spawn(named, 1));
    CHECK(ask<int>(finder.current(), who_is_it{}) == 1);
    CHECK(ask<int>(slot.load(), who_is_it{}) == 1);
    auto first = slot.load();
    caf::anon_send_exit(first, caf::exit_reason::kill);
    settle();
    SECTION("a dead one fails its requests at once") {
        auto pending = self->request(finder.current(), std::chrono::seconds{3'600}, who_is_it{});
        settle();
        pending.receive([](int) { FAIL("answered"); },
                        [](const caf::error& why) {
                            CHECK(why == caf::make_error(caf::sec::request_receiver_down));
                        });
    }
    SECTION("copies and finders see the next one") {
        auto copy = slot;
        CHECK(copy.same_as(slot));
        CHECK_FALSE(copy.same_as(actor_slot<named_actor>{}));
        copy.put(system.spawn(named, 2));
        CHECK(finder.current() != first);
        CHECK(ask<int>(finder.current(), who_is_it{}) == 2);
        CHECK(ask<int>(slot.load(), who_is_it{}) == 2);
        auto second = slot.load();
        slot.clear();
        CHECK_FALSE(finder.current());
        caf::anon_send_exit(second, caf::exit_reason::kill);
        settle();
    }
}

TEST_CASE_METHOD(perin::test::virtual_system, "a slot is read while it is written") {
    std::vector<named_actor> actors;
    for (int i = 0; i < 4; ++i) actors.push_back(system.spawn(named, i));
    actor_slot<named_actor> slot(actors[0]);
    std::atomic<std::size_t> strange{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            actor_finder<named_actor> finder(slot);
            for (int round = 0; round < 20'000; ++round) {
                const auto& seen = finder.current();
                if (std::find(actors.begin(), actors.end(), seen) == actors.end()) ++strange;
            }
        });
    for (int round = 0; round < 5'000; ++round)
        slot.put(actors[static_cast<std::size_t>(round % 4)]);
    for (auto& one : readers) one.join();
    CHECK(strange == 0);
    CHECK(actor_finder<named_actor>(slot).current() == actors[3]);
    for (const auto& one : actors) caf::anon_send_exit(one, caf::exit_reason::kill);
    settle();
}
