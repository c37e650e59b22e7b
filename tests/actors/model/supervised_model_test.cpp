#include "actors/model/supervised_model.hpp"

#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::actors;
using namespace perin::runtime;
using namespace perin::test;
using namespace std::chrono_literals;

namespace {

/// A supervised model whose service the test plays, in virtual time.
struct world : virtual_system {
    std::shared_ptr<scripted_model> service = std::make_shared<scripted_model>();
    std::shared_ptr<circuit_board> circuits = std::make_shared<circuit_board>();
    actor_slot<upstream_actor> slot;
    std::vector<upstream_event::kind> told;
    supervised_model model{service, slot, {}};
    std::string text;
    std::vector<model_event> ends;

    world() {
        auto parts = std::make_shared<upstream_parts>();
        parts->key = "model:scripted";
        parts->chance = std::make_shared<counted_entropy>();
        parts->clock = std::make_shared<fixed_clock>();
        parts->circuits = circuits;
        parts->observer = [this](const upstream_event& what) { told.push_back(what.what); };
        slot.put(spawn_upstream(system, parts));
    }
    ~world() {
        caf::anon_send_exit(slot.load(), caf::exit_reason::user_shutdown);
        slot.clear();
        settle();
        // A call that nobody has answered still knows whom to tell.
        service->calls.clear();
    }

    std::shared_ptr<model_call> start() {
        auto call = model.start(std::make_shared<model_request>(), [this](model_event what) {
            if (auto* delta = std::get_if<model_delta>(&what))
                text += delta->text;
            else
                ends.push_back(std::move(what));
        });
        settle();
        return call;
    }
    void fail(std::size_t attempt, error_category category) {
        service->calls.at(attempt)->fail(category);
        settle();
    }
    const model_failure& failure() { return std::get<model_failure>(ends.at(0)); }
};

}  // namespace

TEST_CASE_METHOD(world, "a reply passes with what was streamed before it") {
    auto call = start();
    service->calls.at(0)->say("Hel");
    service->calls.at(0)->say("lo");
    service->calls.at(0)->end("Hello");
    settle();
    CHECK(text == "Hello");
    REQUIRE(ends.size() == 1);
    CHECK(std::get<model_reply>(ends[0]).text == "Hello");
    CHECK(circuits->state_of("model:scripted") == circuit_state::closed);
    CHECK(circuits->all().size() == 1);
}

TEST_CASE_METHOD(world, "a failed attempt is made again, and the caller hears only of the last") {
    auto call = start();
    fail(0, error_category::unknown);
    CHECK(ends.empty());
    advance(2s);
    REQUIRE(service->calls.size() == 2);
    service->calls[1]->end("there");
    settle();
    REQUIRE(ends.size() == 1);
    CHECK(std::get<model_reply>(ends[0]).text == "there");
    CHECK(std::count(told.begin(), told.end(), upstream_event::kind::retry) == 1);
}

TEST_CASE_METHOD(world, "an attempt that has shown text is not made again") {
    auto call = start();
    service->calls.at(0)->say("Once upon");
    fail(0, error_category::unknown);
    advance(60s);
    CHECK(service->calls.size() == 1);
    CHECK(text == "Once upon");
    REQUIRE(ends.size() == 1);
    CHECK(failure().category == error_category::unknown);
}

TEST_CASE_METHOD(world, "what an attempt says after it has failed is not heard") {
    auto call = start();
    fail(0, error_category::unknown);
    service->calls[0]->say("late");
    advance(2s);
    service->calls.at(1)->end("second");
    service->calls[0]->end("first");
    settle();
    CHECK(text.empty());
    REQUIRE(ends.size() == 1);
    CHECK(std::get<model_reply>(ends[0]).text == "second");
}

TEST_CASE_METHOD(world, "five failures open the circuit: the next call is refused unmade") {
    for (std::size_t i = 0; i < 5; ++i) {
        auto call = start();
        service->calls.back()->say("a word");
        service->calls.back()->fail(error_category::unknown);
        settle();
    }
    CHECK(circuits->state_of("model:scripted") == circuit_state::open);
    ends.clear();
    auto made = service->calls.size();
    auto call = start();
    CHECK(service->calls.size() == made);
    REQUIRE(ends.size() == 1);
    CHECK(failure().detail == "the model service's circuit is open");
    REQUIRE(circuits->reset("model:scripted"));
    CHECK_FALSE(circuits->reset("model:other"));
    settle();
    auto again = start();
    CHECK(service->calls.size() == made + 1);
}

TEST_CASE_METHOD(world, "a rate limit never opens the circuit") {
    for (int i = 0; i < 20; ++i) {
        auto call = start();
        service->calls.back()->sink(model_failure{error_category::rate_limit, "", 429, {}, {}});
        settle();
    }
    CHECK(circuits->state_of("model:scripted") == circuit_state::closed);
    CHECK(ends.size() == 20);
}

TEST_CASE_METHOD(world, "a cancelled call ends its attempt and says nothing more") {
    auto call = start();
    call->cancel();
    settle();
    CHECK(service->calls.at(0)->cancelled);
    service->calls[0]->end("too late");
    settle();
    CHECK(ends.empty());
    advance(600s);
    CHECK(ends.empty());
}

TEST_CASE_METHOD(world,
                 "a call is refused when its supervisor dies, before or after it got there") {
    SECTION("after") {
        auto call = start();
        caf::anon_send_exit(slot.load(), caf::exit_reason::kill);
        settle();
        CHECK(service->calls.at(0)->cancelled);
        REQUIRE(ends.size() == 1);
    }
    SECTION("before") {
        caf::anon_send_exit(slot.load(), caf::exit_reason::kill);
        settle();
        auto call = start();
        CHECK(service->calls.empty());
        REQUIRE(ends.size() == 1);
    }
    CHECK(failure().category == error_category::unknown);
}

TEST_CASE_METHOD(world, "a told wait past a person's patience is not waited for") {
    auto call = start();
    service->calls.at(0)->sink(model_failure{error_category::rate_limit, "", 429, 20s, {}});
    settle();
    REQUIRE(ends.size() == 1);
    CHECK(failure().category == error_category::rate_limit);
}

TEST_CASE_METHOD(world, "a service that never ends its call is given up by the deadline") {
    auto call = start();
    advance(602s);
    REQUIRE(ends.size() == 1);
    CHECK(failure().category == error_category::timeout);
    CHECK(service->calls.at(0)->cancelled);
}
