#include "tests/actors/delegation/guest_world.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;
using namespace std::chrono_literals;
using persistence::test::drivers;

namespace {

error_code code_of(const auto& outcome) {
    REQUIRE_FALSE(outcome);
    return outcome.error().code;
}

const workflow::step_state& slot_step_of(const workflow::account_of& of) {
    const auto found =
        std::ranges::find(of.steps, actors::slot_step, [](const auto& each) { return each.is.id; });
    REQUIRE(found != of.steps.end());
    return *found;
}

}  // namespace

TEST_CASE("a booking that begins without a time waits for a right one, and goes on with it") {
    guest_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"maxBookings", 3}});
    world.booked(world.event("Lunch", "2026-11-30T11:00:00Z", "2026-11-30T12:00:00Z"));
    const auto begun = world.begin_booking(link);
    REQUIRE(begun);
    const auto id = begun->is.id;
    REQUIRE(slot_step_of(*begun).waiting);
    CHECK(slot_step_of(*begun).waiting->until == link.link.expires_at);
    CHECK(slot_step_of(*begun).waiting->shown["slots"].size() == actors::offered_slots);
    const bool paused = GENERATE(false, true);
    if (paused) REQUIRE(world.order(id, pause_workflow{}));
    // A wrong form is refused, also while it is paused.
    auto wrong = world.slot_json("2026-11-30T10:00:00Z");
    wrong.erase("email");
    CHECK(code_of(world.answer(id, wrong)) == error_code::invalid_request);
    wrong = world.slot_json("soon");
    CHECK(world.answer(id, wrong).error().pointer == "/start");
    const auto answer = [&](const std::string& start) {
        REQUIRE(world.answer(id, world.slot_json(start)));
        if (!paused) return;
        CHECK(world.status(id) == "paused");
        CHECK(world.stands(link).bookings.empty());
        REQUIRE(world.order(id, resume_workflow{}));
    };
    // A time that is taken lets it wait again, and so does one that the link does not offer.
    answer("2026-11-30T11:30:00Z");
    REQUIRE(slot_step_of(world.now(id)).waiting);
    CHECK(slot_step_of(world.now(id)).waiting->shown["refused"]["alternatives"].size() == 5);
    CHECK(world.progress(id) ==
          std::vector<std::string>{"The time is taken. Please choose another one."});
    if (paused) REQUIRE(world.order(id, pause_workflow{}));
    answer("2026-12-05T10:00:00Z");
    CHECK(world.progress(id).back() ==
          "The time is outside working hours. Please choose another one.");
    CHECK(world.status(id) == "waiting");
    if (paused) REQUIRE(world.order(id, pause_workflow{}));
    answer("2026-11-30T10:00:00Z");
    CHECK(world.status(id) == "completed");
    CHECK(world.listed("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z") ==
          std::vector<std::string>{"Intro call: Anna and Gustav 2026-11-30T10:00:00Z",
                                   "Lunch 2026-11-30T11:00:00Z"});
    REQUIRE(world.stands(link).bookings.size() == 1);
    CHECK(world.stands(link).bookings[0].conversation_id == guest_world::conversation);
    CHECK(code_of(world.answer(id, world.slot_json("2026-11-30T13:00:00Z"))) ==
          error_code::conflict);
}

TEST_CASE("an answer from outside cannot say whose call it is") {
    guest_world world;
    world.open();
    const auto link = world.link();
    const auto id = world.begin_booking(link)->is.id;
    auto slot = world.slot_json("2026-11-30T10:00:00Z");
    slot["by"] = "trn_1/call_1";
    REQUIRE(world.answer(id, slot));
    CHECK_FALSE(slot_step_of(world.now(id)).outcome.contains("by"));
    CHECK(slot_step_of(world.now(id)).answered_by.empty());
    // The call of that key is another one: the link has been used.
    CHECK(code_of(world.choose(link, "2026-11-30T13:00:00Z", "trn_1/call_1")) == error_code::gone);
}

TEST_CASE("a link that ends while a booking waits for a time ends that, too") {
    guest_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"expiresAt", "2026-12-01T00:00:00Z"}});
    const auto id = world.begin_booking(link)->is.id;
    SECTION("by itself, as it expires") {
        if (GENERATE(false, true)) world.crash();
        world.clock->time = world.at("2026-12-01T00:00:00Z");
        world.advance(120s);
        CHECK(world.status(id) == "failed");
        CHECK(slot_step_of(world.now(id)).failed_with == error_code::gone);
    }
    SECTION("with an answer that comes after it was revoked") {
        REQUIRE(
            world.ask<result<void>>(world.delegations, revoke_link{world.anna.id, link.link.id}));
        REQUIRE(world.answer(id, world.slot_json("2026-11-30T10:00:00Z")));
        CHECK(world.status(id) == "failed");
    }
    SECTION("after a pause of three weeks, whatever was answered meanwhile") {
        REQUIRE(world.order(id, pause_workflow{}));
        if (GENERATE(false, true))
            REQUIRE(world.answer(id, world.slot_json("2026-12-01T10:00:00Z")));
        world.clock->time += 24h * 21;
        world.advance(120s);
        CHECK(world.status(id) == "paused");
        REQUIRE(world.order(id, resume_workflow{}));
        CHECK(world.status(id) == "failed");
    }
    SECTION("used up by another guest: with the next answer") {
        world.taken(world.book(world.slot(link, "2026-11-30T13:00:00Z", "Berta")));
        REQUIRE(world.answer(id, world.slot_json("2026-11-30T10:00:00Z")));
        CHECK(world.status(id) == "failed");
        CHECK(world.stands(link).bookings.size() == 1);
        return;
    }
    CHECK(world.stands(link).bookings.empty());
    CHECK(world.events() <= 1);
}

TEST_CASE("a time that awaits its owner is taken for longer than a hold, until it is decided") {
    guest_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"approval", true}, {"maxBookings", 2}});
    const auto id = world.begin_booking(link)->is.id;
    REQUIRE(world.answer(id, world.slot_json("2026-12-01T10:00:00Z")));
    CHECK(world.status(id) == "waiting");
    CHECK(world.stands(link).bookings.front().state == booking_state::awaiting_approval);
    for (int i = 0; i < 12; ++i) {
        world.clock->time += 10min;
        world.advance(30s);
    }
    if (GENERATE(false, true)) world.crash();
    CHECK(world.stands(link).bookings.front().state == booking_state::awaiting_approval);
    CHECK(std::holds_alternative<slot_refused>(
        *world.book(world.slot(link, "2026-12-01T10:00:00Z", "Berta"))));
    const auto told = world.told();
    const auto asked = std::ranges::find(told, booking_approval, &notification::type);
    REQUIRE(asked != told.end());
    REQUIRE(world.decide(*asked, "approve"));
    CHECK(world.status(id) == "completed");
    CHECK(world.events() == 1);
}
