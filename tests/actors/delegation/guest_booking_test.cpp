#include "tests/actors/delegation/guest_world.hpp"

#include <set>

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

}  // namespace

TEST_CASE("the ids of a conversation's bookings follow from where the guest talks") {
    const guest_call place{"dlg_1", "usr_1", "cnv_1"};
    std::set<std::string> ids;
    for (std::size_t n = 1; n <= 20; ++n) ids.insert(actors::guest_workflow_id(place, n));
    ids.insert(actors::guest_workflow_id({"dlg_1", "usr_1", "cnv_11"}, 1));
    ids.insert(actors::guest_workflow_id({"dlg_1", "usr_2", "cnv_1"}, 1));
    CHECK(ids.size() == 22);
    CHECK(is_id(actors::guest_workflow_id(place, 1), "wfl_"));
    CHECK(actors::guest_workflow_id(place, 7) == actors::guest_workflow_id(place, 7));
}

TEST_CASE("a guest's booking is begun once, and told of in the guest's conversation") {
    guest_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link();
    const auto first = world.begin_booking(link);
    REQUIRE(first);
    CHECK(first->is.status == workflow::status::waiting);
    CHECK(first->is.conversation_id == guest_world::conversation);
    CHECK(first->is.turn_id == "trn_1");
    if (GENERATE(false, true)) world.crash();
    CHECK(world.begin_booking(link)->is.id == first->is.id);
    CHECK(world.begin_booking(link, "cnv_guest0002")->is.id != first->is.id);
    // Somebody who ends it may begin another.
    REQUIRE(world.order(first->is.id, cancel_workflow{}));
    const auto next = world.begin_booking(link);
    CHECK(next->is.id ==
          actors::guest_workflow_id({link.link.id, world.anna.id, guest_world::conversation}, 2));
}

TEST_CASE("of two who begin at once there is one booking") {
    guest_world world;
    world.open();
    const auto link = world.link();
    const auto wanted = world.by_guest<begin_guest_booking>(link);
    auto first = world.self->request(world.delegations, 60s, wanted);
    auto second = world.self->request(world.delegations, 60s, wanted);
    world.settle();
    std::set<std::string> ids;
    const auto note = [&](const result<workflow::account_of>& one) {
        REQUIRE(one);
        ids.insert(one->is.id);
    };
    const auto lost = [&](const caf::error& why) { FAIL(world.system.render(why)); };
    first.receive(note, lost);
    second.receive(note, lost);
    CHECK(ids.size() == 1);
}

TEST_CASE("a guest's turn knows what the link tells, and how far the meeting has come") {
    guest_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"approval", true}});
    world.booked(world.event("Secret", "2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z"));
    const auto before = world.stands_for_guest(link);
    CHECK(before.owner_name == "Anna");
    CHECK(before.title == "Intro call");
    CHECK(before.durations == std::vector{30min, 60min});
    CHECK(before.timezone == "Europe/Vienna");
    CHECK(before.approval);
    CHECK(before.open);
    CHECK(before.progress == meeting_progress::none);
    REQUIRE(before.offered.size() == actors::offered_slots);
    for (const auto& each : before.offered)
        CHECK_FALSE(
            overlap(each, {world.at("2026-11-30T10:00:00Z"), world.at("2026-11-30T11:00:00Z")}));
    CHECK_FALSE(world.standing(link)->workflow_id);

    const auto id = world.begin_booking(link)->is.id;
    CHECK(world.stands_for_guest(link).progress == meeting_progress::choosing);
    CHECK(world.standing(link)->workflow_id == id);
    REQUIRE(world.order(id, pause_workflow{}));
    REQUIRE(world.answer(id, world.slot_json("2026-11-30T13:00:00Z")));
    CHECK(world.stands_for_guest(link).progress == meeting_progress::under_way);
    REQUIRE(world.order(id, resume_workflow{}));
    const auto waits = world.stands_for_guest(link);
    CHECK(waits.progress == meeting_progress::awaiting_approval);
    CHECK(waits.chosen ==
          scheduling::interval{world.at("2026-11-30T13:00:00Z"), world.at("2026-11-30T13:30:00Z")});
    // Its one use is taken.
    CHECK_FALSE(waits.open);
    CHECK(waits.offered.empty());
    REQUIRE(world.decide(world.told().front(), "approve"));
    CHECK(world.stands_for_guest(link).progress == meeting_progress::booked);
    CHECK_FALSE(world.standing(link)->workflow_id);
    const cancel_slot gone{link.link.id, world.anna.id, world.stands(link).bookings.front().id};
    REQUIRE(world.ask<result<booking>>(world.delegations, gone));
    CHECK(world.stands_for_guest(link).progress == meeting_progress::none);
    CHECK(world.stands_for_guest(link).open);
}

TEST_CASE("a link that has ended is gone for its guests") {
    guest_world world;
    world.open();
    const auto link = world.link({{"expiresAt", "2026-12-01T00:00:00Z"}});
    SECTION("revoked") {
        REQUIRE(
            world.ask<result<void>>(world.delegations, revoke_link{world.anna.id, link.link.id}));
    }
    SECTION("expired") { world.clock->time = world.at("2026-12-01T00:00:00Z"); }
    CHECK(code_of(world.standing(link)) == error_code::gone);
    CHECK(code_of(world.begin_booking(link)) == error_code::gone);
    CHECK(code_of(world.choose(link, "2026-12-01T10:00:00Z", "k")) == error_code::gone);
}

TEST_CASE("another user's link is nobody's") {
    guest_world world;
    world.open();
    auto wanted = world.by_guest<guest_standing>(world.link());
    wanted.user_id = "usr_other";
    CHECK(code_of(world.ask<result<guest_stand>>(world.delegations, wanted)) ==
          error_code::not_found);
}

TEST_CASE("a time that a guest chooses in a talk is booked once, whatever crashes") {
    guest_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"maxBookings", 3}});
    if (GENERATE(false, true)) REQUIRE(world.begin_booking(link));
    auto wanted = world.choosing(link, "2026-11-30T10:00:00Z", "trn_1/call_1");
    wanted.slot.duration = 0min;
    const auto made = world.chosen(world.choose(wanted));
    CHECK(made.progress == meeting_progress::booked);
    CHECK(made.time.end - made.time.start == 30min);
    REQUIRE(made.booking_id);
    world.settle();
    if (GENERATE(false, true)) world.crash();
    // The same call once more is the same choice, another one is another.
    CHECK(world.chosen(world.choose(wanted)) == made);
    CHECK(world.events() == 1);
    const auto second = world.chosen(world.choose(link, "2026-11-30T13:00:00Z", "trn_2/call_1"));
    CHECK(second.booking_id != made.booking_id);
    CHECK(world.chosen(world.choose(wanted)) == made);
    CHECK(world.events() == 2);
    CHECK(world.stands(link).bookings.size() == 2);
}

TEST_CASE("a call that is cut off before its answer finds what it did") {
    guest_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"approval", GENERATE(false, true)}, {"maxBookings", 3}});
    const auto wanted = world.choosing(link, "2026-11-30T10:00:00Z", "trn_1/call_1");
    const auto steps_taken = GENERATE(3, 10, 20, 30, 40, 60, 100, 200);
    caf::anon_send(world.delegations, wanted);
    for (int i = 0; i < steps_taken && world.scheduler.try_run_once(); ++i) continue;
    world.crash();
    const auto made = world.chosen(world.choose(wanted));
    CHECK(made.booking_id);
    CHECK(world.chosen(world.choose(wanted)) == made);
    CHECK(world.stands(link).bookings.size() == 1);
}

TEST_CASE("a time that was taken meanwhile is told with others, and the talk goes on") {
    guest_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"maxBookings", 2}});
    world.booked(world.event("Lunch", "2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z"));
    const auto others = world.alternatives(world.choose(link, "2026-11-30T10:00:00Z", "k1"));
    REQUIRE(others.size() == 5);
    CHECK(world.stands_for_guest(link).progress == meeting_progress::choosing);
    const auto off = world.choose(link, "2026-11-30T03:00:00Z", "k2");
    CHECK(code_of(off) == error_code::invalid_request);
    CHECK(off.error().pointer == "/start");
    auto odd = world.choosing(link, "2026-11-30T13:00:00Z", "k3");
    odd.slot.duration = 45min;
    CHECK(world.choose(odd).error().detail == "Meetings of this length are not offered.");
    world.chosen(world.choose(link, to_rfc3339(others.front().start), "k4"));
    // The first call is still what it was.
    CHECK(world.alternatives(world.choose(link, "2026-11-30T10:00:00Z", "k1")) == others);
    CHECK(world.stands(link).bookings.size() == 1);
}

TEST_CASE("a guest whose time awaits the owner does not choose another one beside it") {
    guest_world world;
    world.open();
    const auto link = world.link({{"approval", true}, {"maxBookings", 2}});
    const auto made = world.chosen(world.choose(link, "2026-11-30T10:00:00Z", "k1"));
    CHECK(made.progress == meeting_progress::awaiting_approval);
    const auto other = world.choose(link, "2026-11-30T13:00:00Z", "k2");
    CHECK(code_of(other) == error_code::conflict);
    CHECK(other.error().detail.find("owner's approval") != std::string::npos);
    REQUIRE(world.decide(world.told().front(), "refuse"));
    CHECK(code_of(world.choose(link, "2026-11-30T10:00:00Z", "k1")) == error_code::conflict);
    CHECK(world.chosen(world.choose(link, "2026-11-30T13:00:00Z", "k2")).progress ==
          meeting_progress::awaiting_approval);
}

TEST_CASE("of two calls that choose at once one gets the use that is left") {
    guest_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link();
    auto first = world.self->request(world.delegations, 60s,
                                     world.choosing(link, "2026-11-30T10:00:00Z", "k1"));
    auto second = world.self->request(world.delegations, 60s,
                                      world.choosing(link, "2026-11-30T13:00:00Z", "k2"));
    world.settle();
    int chosen = 0;
    const auto note = [&](const result<slot_choice>& one) {
        if (one)
            ++chosen;
        else
            CHECK(
                (one.error().code == error_code::gone || one.error().code == error_code::conflict));
    };
    const auto lost = [&](const caf::error& why) { FAIL(world.system.render(why)); };
    first.receive(note, lost);
    second.receive(note, lost);
    CHECK(chosen == 1);
    CHECK(world.stands(link).bookings.size() == 1);
}

TEST_CASE("a choice while the booking is paused is kept, and told as under way") {
    guest_world world;
    world.open();
    const auto link = world.link();
    const auto id = world.begin_booking(link)->is.id;
    REQUIRE(world.order(id, pause_workflow{}));
    const auto kept = world.chosen(world.choose(link, "2026-11-30T10:00:00Z", "k1"));
    CHECK(kept.progress == meeting_progress::under_way);
    CHECK_FALSE(kept.booking_id);
    CHECK(code_of(world.choose(link, "2026-11-30T13:00:00Z", "k2")) == error_code::conflict);
    REQUIRE(world.order(id, resume_workflow{}));
    CHECK(world.chosen(world.choose(link, "2026-11-30T10:00:00Z", "k1")).progress ==
          meeting_progress::booked);
}

TEST_CASE("a choice that is none begins nothing") {
    guest_world world;
    world.open();
    const auto link = world.link();
    auto wanted = world.choosing(link, "2026-11-30T10:00:00Z", "k");
    wanted.slot.who.email = "nobody";
    const auto refused = world.choose(wanted);
    CHECK(code_of(refused) == error_code::invalid_request);
    CHECK(refused.error().pointer == "/email");
    CHECK(code_of(world.choose(link, "2026-11-30T10:00:00Z", "")) == error_code::invalid_request);
    CHECK(code_of(world.choose(link, "2026-11-30T10:00:00Z", std::string(201, 'k'))) ==
          error_code::invalid_request);
    CHECK_FALSE(world.standing(link)->workflow_id);
}
