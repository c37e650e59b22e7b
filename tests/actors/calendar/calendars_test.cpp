#include "persistence/bookings.hpp"
#include "tests/actors/calendar/calendar_world.hpp"

#include <cstdlib>

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;
using persistence::test::drivers;
using scheduling::refusal;
using std::chrono::minutes;
using strings = std::vector<std::string>;

TEST_CASE_METHOD(calendar_world, "an event that takes time is put where its owner is free") {
    for (const auto& driver : drivers()) {
        INFO(driver);
        begin(driver);
        const auto first = booked(event("Dentist", "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"));
        CHECK(is_id(first.entry.id, "evt_"));
        REQUIRE(first.taken);
        CHECK(first.taken->state == booking_state::booked);
        CHECK(first.taken->event_id == first.entry.id);

        const auto second = refused(event("Lunch", "2026-12-01T09:30:00Z", "2026-12-01T10:30:00Z"));
        CHECK(second.why == refusal::busy);
        REQUIRE(second.in_the_way.size() == 1);
        CHECK(second.in_the_way[0].title == "Dentist");
        REQUIRE_FALSE(second.alternatives.empty());
        for (const auto& each : second.alternatives)
            CHECK_FALSE(overlap(each, {at("2026-12-01T09:00:00Z"), at("2026-12-01T10:00:00Z")}));

        booked(event("Lunch", "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z"));
        auto beside = event("Beside", "2026-12-01T09:30:00Z", "2026-12-01T10:30:00Z");
        beside.overlap_allowed = true;
        CHECK_FALSE(booked(beside).taken);
        const strings expected{"Dentist 2026-12-01T09:00:00Z", "Beside 2026-12-01T09:30:00Z",
                               "Lunch 2026-12-01T10:00:00Z"};
        CHECK(listed("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z") == expected);
        // A new process finds the same.
        stop();
        start();
        CHECK(listed("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z") == expected);
    }
}

TEST_CASE_METHOD(calendar_world, "a booking keeps the buffers, the hours and the notice") {
    begin("sqlite");
    booked(event("Dentist", "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"));
    auto wanted = booked_by("a", "2026-12-01T10:00:00Z");
    wanted.rules.around = {minutes{15}, minutes{10}};
    CHECK(refused(wanted).why == refusal::too_close);
    auto later = booked_by("a", "2026-12-01T10:30:00Z");
    later.rules.around = wanted.rules.around;
    const auto made = booked(later);
    REQUIRE(made.taken);
    CHECK(made.taken->time.blocked_from == at("2026-12-01T10:15:00Z"));
    CHECK(made.taken->time.blocked_until == at("2026-12-01T11:10:00Z"));
    // The buffer after the first and that before the second add up.
    auto close = booked_by("b", "2026-12-01T11:00:00Z");
    CHECK(refused(close).why == refusal::too_close);
    CHECK(refused(booked_by("c", "2026-12-01T06:30:00Z")).why == refusal::outside_hours);
    CHECK(refused(booked_by("c", "2026-12-01T12:10:00Z")).why == refusal::off_step);
    auto soon = booked_by("c", "2026-11-30T08:00:00Z");
    soon.rules.notice = minutes{120};
    const auto too_soon = refused(soon);
    CHECK(too_soon.why == refusal::too_soon);
    CHECK(too_soon.alternatives.empty());
}

TEST_CASE_METHOD(calendar_world, "the same key books once, whatever happens in between") {
    for (const auto& driver : drivers()) {
        INFO(driver);
        begin(driver);
        const auto first = booked(booked_by("k", "2026-12-01T09:00:00Z"));
        const auto again = booked(booked_by("k", "2026-12-01T09:00:00Z"));
        CHECK_FALSE(first.repeated);
        CHECK(again.repeated);
        CHECK(again.taken->id == first.taken->id);
        stop();
        start();
        const auto after = booked(booked_by("k", "2026-12-01T09:00:00Z"));
        CHECK(after.repeated);
        CHECK(after.entry.id == first.entry.id);
        CHECK(listed("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").size() == 1);
    }
}

TEST_CASE_METHOD(calendar_world, "a call of a tool that is run again has the outcome of before") {
    begin("sqlite");
    auto wanted = event("Dentist", "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z");
    wanted.once = once_key{"trn_1", "call_1"};
    const auto first = booked(wanted);
    move_event move{anna.id, first.entry.id};
    move.starts_at = at("2026-12-02T09:00:00Z");
    move.once = once_key{"trn_1", "call_2"};
    auto moved = ask<result<booking_outcome>>(calendars(), move);
    REQUIRE(moved);
    stop();
    start();
    const auto again = booked(wanted);
    CHECK(again.repeated);
    CHECK(again.entry == first.entry);
    // Somebody has moved it on meanwhile: the second run does not move it back.
    move_event on{anna.id, first.entry.id};
    on.starts_at = at("2026-12-03T09:00:00Z");
    REQUIRE(ask<result<booking_outcome>>(calendars(), on));
    auto repeated = ask<result<booking_outcome>>(calendars(), move);
    REQUIRE(repeated);
    CHECK(std::get<time_booked>(*repeated).repeated);
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-05T00:00:00Z") ==
          strings{"Dentist 2026-12-03T09:00:00Z"});
    cancel_event cancel{anna.id, first.entry.id};
    cancel.once = once_key{"trn_1", "call_3"};
    REQUIRE(ask<result<calendar::calendar_entry>>(calendars(), cancel));
    auto gone = ask<result<calendar::calendar_entry>>(calendars(), cancel);
    REQUIRE(gone);
    CHECK(gone->title == "Dentist");
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-05T00:00:00Z").empty());
}

TEST_CASE_METHOD(calendar_world, "a hold keeps its time for ten minutes") {
    for (const auto& driver : drivers()) {
        INFO(driver);
        begin(driver);
        auto hold = booked_by("h", "2026-12-01T09:00:00Z");
        hold.state = booking_state::held;
        const auto held = booked(hold);
        CHECK(held.entry.id.empty());
        CHECK(listed("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").empty());
        CHECK(refused(booked_by("x", "2026-12-01T09:00:00Z")).why == refusal::held);
        clock->time += minutes{10};
        const auto taken = booked(booked_by("x", "2026-12-01T09:00:00Z"));
        CHECK(taken.taken->state == booking_state::booked);
        // Who held it is too late.
        settle_booking confirm{anna.id, held.taken->id, booking_state::booked, hold.what};
        const auto late = ask<result<booking>>(calendars(), confirm);
        CHECK_FALSE(late);
    }
}

TEST_CASE_METHOD(calendar_world, "what is held past its time is let go with the next change") {
    const auto driver = GENERATE(from_range(drivers()));
    INFO(driver);
    begin(driver);
    auto first = booked_by("first", "2026-12-01T09:00:00Z");
    auto second = booked_by("second", "2026-12-01T11:00:00Z");
    first.state = second.state = booking_state::held;
    const auto one = booked(first).taken->id;
    const auto other = booked(second).taken->id;
    auto state_of = [&](const std::string& id) {
        const auto db = kept->open_empty();
        const auto found = persistence::booking_repository(*db).find(id);
        REQUIRE(found);
        REQUIRE(*found);
        return (*found)->state;
    };
    clock->time += minutes{10};
    SECTION("whatever that changes; what is told is not the hold") {
        auto beside = event("Beside", "2026-12-02T09:00:00Z", "2026-12-02T10:00:00Z");
        beside.overlap_allowed = true;
        CHECK_FALSE(booked(beside).taken);
        CHECK(state_of(one) == booking_state::expired);
        CHECK(state_of(other) == booking_state::expired);
        CHECK(booked(booked_by("x", "2026-12-01T09:00:00Z")).taken->idempotency_key == "x");
    }
    SECTION("but what is settled is that itself") {
        const auto back = ask<result<booking>>(
            calendars(), settle_booking{anna.id, one, booking_state::cancelled, {}, {}});
        REQUIRE(back);
        CHECK(back->id == one);
        CHECK(state_of(one) == booking_state::cancelled);
        CHECK(state_of(other) == booking_state::expired);
    }
    SECTION("and its key stays used") {
        const auto again = booked(booked_by("first", "2026-12-01T09:00:00Z"));
        CHECK(again.repeated);
        CHECK(again.taken->id == one);
    }
}

TEST_CASE_METHOD(calendar_world,
                 "a booking that awaits approval blocks its time until it is decided") {
    begin("sqlite");
    auto wanted = booked_by("a", "2026-12-01T09:00:00Z");
    wanted.state = booking_state::awaiting_approval;
    const auto waiting = booked(wanted);
    CHECK(refused(booked_by("b", "2026-12-01T09:00:00Z")).why == refusal::busy);
    SECTION("approved") {
        auto done = ask<result<booking>>(
            calendars(), settle_booking{anna.id, waiting.taken->id, booking_state::booked,
                                        wanted.what, clock->time});
        REQUIRE(done);
        CHECK(done->state == booking_state::booked);
        CHECK(listed("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").size() == 1);
    }
    SECTION("declined") {
        auto done = ask<result<booking>>(
            calendars(), settle_booking{anna.id, waiting.taken->id, booking_state::declined});
        REQUIRE(done);
        CHECK(listed("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").empty());
        booked(booked_by("b", "2026-12-01T09:00:00Z"));
    }
}

TEST_CASE_METHOD(calendar_world, "one of a series is moved and cancelled by itself") {
    begin("sqlite");
    auto series = event("Standup", "2026-12-01T08:00:00Z", "2026-12-01T08:15:00Z");
    series.what.rule = calendar::recurrence_rule{};
    series.what.rule->every = calendar::frequency::daily;
    series.what.rule->count = 5;
    const auto made = booked(series);
    CHECK_FALSE(made.taken);
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-10T00:00:00Z").size() == 5);
    CHECK(refused(event("Other", "2026-12-03T08:00:00Z", "2026-12-03T09:00:00Z"))
              .in_the_way.at(0)
              .recurrence_id == "20261203T080000Z");
    move_event move{anna.id, made.entry.id, "20261203T080000Z"};
    move.starts_at = at("2026-12-03T12:00:00Z");
    move.now = clock->time;
    REQUIRE(std::holds_alternative<time_booked>(*ask<result<booking_outcome>>(calendars(), move)));
    booked(event("Other", "2026-12-03T08:00:00Z", "2026-12-03T09:00:00Z"));
    REQUIRE(ask<result<calendar::calendar_entry>>(
        calendars(), cancel_event{anna.id, made.entry.id, "20261202T080000Z", clock->time, {}}));
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-10T00:00:00Z") ==
          strings{"Standup 2026-12-01T08:00:00Z", "Other 2026-12-03T08:00:00Z",
                  "Standup 2026-12-03T12:00:00Z", "Standup 2026-12-04T08:00:00Z",
                  "Standup 2026-12-05T08:00:00Z"});
    // All of it at another time of the day, what was moved aside.
    move_event all{anna.id, made.entry.id};
    all.starts_at = at("2026-12-01T09:30:00Z");
    all.now = clock->time;
    REQUIRE(std::holds_alternative<time_booked>(*ask<result<booking_outcome>>(calendars(), all)));
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-10T00:00:00Z") ==
          strings{"Standup 2026-12-01T09:30:00Z", "Other 2026-12-03T08:00:00Z",
                  "Standup 2026-12-03T12:00:00Z", "Standup 2026-12-04T09:30:00Z",
                  "Standup 2026-12-05T09:30:00Z"});
    REQUIRE(ask<result<calendar::calendar_entry>>(
        calendars(), cancel_event{anna.id, made.entry.id, std::nullopt, clock->time, {}}));
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-10T00:00:00Z") ==
          strings{"Other 2026-12-03T08:00:00Z"});
}

TEST_CASE_METHOD(calendar_world,
                 "an imported calendar replaces what is older, and takes its time") {
    begin("sqlite");
    import_events file{anna.id, {}};
    for (int i = 0; i < 1200; ++i) {
        calendar::event one;
        one.uid = "u" + std::to_string(i) + "@example.org";
        one.title = "Imported " + std::to_string(i);
        const auto start = at("2026-12-01T09:00:00Z") + std::chrono::hours{i};
        place(one, start, start + minutes{30}, "Europe/Vienna");
        file.events.push_back(std::move(one));
    }
    auto first = ask<result<events_imported>>(calendars(), file);
    REQUIRE(first);
    CHECK(first->added == 1200);
    file.events[7].title = "Changed";
    file.events[7].sequence = 1;
    auto second = ask<result<events_imported>>(calendars(), file);
    REQUIRE(second);
    CHECK(second->replaced == 1);
    CHECK(second->unchanged == 1199);
    CHECK(refused(event("Mine", "2026-12-01T16:00:00Z", "2026-12-01T17:00:00Z"))
              .in_the_way.at(0)
              .title == "Changed");
    auto out = ask<result<std::vector<calendar::event>>>(calendars(), export_events{anna.id});
    REQUIRE(out);
    CHECK(out->size() == 1200);
}

TEST_CASE_METHOD(calendar_world, "limits of a day, a week and a month hold, the strictest first") {
    begin("sqlite");
    auto counted = [&](const std::string& key, const std::string& start) {
        auto out = booked_by(key, start);
        out.wanted.negotiation_id = "neg_1";
        out.rules.most = {2, 3, 4};
        return out;
    };
    booked(counted("a", "2026-12-01T09:00:00Z"));
    booked(counted("b", "2026-12-01T10:00:00Z"));
    CHECK(refused(counted("c", "2026-12-01T11:00:00Z")).why == refusal::day_full);
    booked(counted("c", "2026-12-02T09:00:00Z"));
    CHECK(refused(counted("d", "2026-12-03T09:00:00Z")).why == refusal::week_full);
    booked(counted("d", "2026-12-08T09:00:00Z"));
    CHECK(refused(counted("e", "2026-12-15T09:00:00Z")).why == refusal::month_full);
    booked(counted("e", "2027-01-12T09:00:00Z"));
}

TEST_CASE_METHOD(calendar_world, "nobody who does not exist has a calendar") {
    begin("sqlite");
    list_entries wanted{"usr_00000000-0000-7000-8000-00000000dead", clock->time,
                        clock->time + std::chrono::hours{1}};
    auto found = ask<result<listed_entries>>(calendars(), wanted);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == error_code::not_found);
}

TEST_CASE_METHOD(calendar_world, "of a user who is erased nothing stays at hand") {
    begin("sqlite");
    booked(event("Dentist", "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"));
    user bert{"usr_00000000-0000-7000-8000-000000000002", "bert@example.org", "Bert", "UTC"};
    auto db = kept->open_empty();
    REQUIRE(persistence::account_repository(*db).create(bert, "x"));
    const list_entries of_bert{bert.id, clock->time, clock->time + minutes{1}, 10};
    REQUIRE(ask<result<listed_entries>>(calendars(), of_bert));
    REQUIRE(persistence::account_repository(*db).remove(bert.id));
    // What is at hand is not looked up again.
    CHECK(ask<result<listed_entries>>(calendars(), of_bert));
    caf::anon_send(calendars(), forget_user{bert.id});
    settle();
    const auto gone = ask<result<listed_entries>>(calendars(), of_bert);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == error_code::not_found);
    // Nobody else's is touched.
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").size() == 1);
}

// ------------------------------------------------------------------------------------------ races

namespace {

std::size_t rounds() {
    const char* asked = std::getenv("PERIN_RACE_ROUNDS");
    return asked ? std::strtoul(asked, nullptr, 10) : 20;
}

}  // namespace

TEST_CASE_METHOD(calendar_world, "of a hundred who want the same time exactly one has it") {
    constexpr std::size_t clients = 100;
    for (const auto& driver : drivers()) {
        for (const std::size_t processes : {1, 2}) {
            INFO(driver << ", processes: " << processes);
            begin(driver, processes);
            auto start = at("2026-12-01T09:00:00Z");
            std::size_t won_in_all = 0;
            for (std::size_t round = 0; round < rounds(); ++round) {
                // The next time at which the rules let anybody in.
                find_free_time next;
                next.user_id = anna.id;
                next.rules.timezone = anna.timezone;
                next.rules.around = {minutes{10}, minutes{5}};
                next.search.now = clock->time;
                next.search.from = start;
                next.search.until = start + std::chrono::hours{24 * 14};
                next.search.durations = {minutes{30}};
                next.limit = 1;
                auto slots = ask<result<std::vector<scheduling::interval>>>(calendars(), next);
                REQUIRE(slots);
                REQUIRE(slots->size() == 1);
                start = slots->front().start;
                std::vector<decltype(self->request(calendars(), std::chrono::seconds{60},
                                                   book_time{}))>
                    asked;
                for (std::size_t i = 0; i < clients; ++i) {
                    auto wanted = booked_by(std::to_string(round) + "-" + std::to_string(i),
                                            to_rfc3339(start));
                    wanted.rules.around = next.rules.around;
                    asked.push_back(self->request(sides[i % processes].calendars,
                                                  std::chrono::seconds{60}, std::move(wanted)));
                }
                settle();
                std::size_t won = 0;
                for (auto& one : asked)
                    one.receive(
                        [&](const result<booking_outcome>& told) {
                            REQUIRE(told);
                            const auto* lost = std::get_if<time_refused>(&*told);
                            if (!lost) {
                                ++won;
                                return;
                            }
                            CHECK(is_taken(lost->why));
                            CHECK_FALSE(lost->alternatives.empty());
                        },
                        [&](const caf::error& why) { FAIL(system.render(why)); });
                CHECK(won == 1);
                won_in_all += won;
            }
            CHECK(won_in_all == rounds());
        }
    }
}
