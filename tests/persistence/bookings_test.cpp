#include "persistence/bookings.hpp"

#include "persistence/accounts.hpp"
#include "persistence/delegations.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <random>
#include <thread>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;
using namespace std::chrono_literals;

namespace {

timestamp minute(std::int64_t count) { return at(count * 60'000); }

/// `day` of the tests begins with 2026, and is of 1,000 minutes.
booking_time time_at(std::int64_t start, std::int64_t length = 30, std::int64_t before = 0,
                     std::int64_t after = 0) {
    return {.starts_at = minute(start),
            .ends_at = minute(start + length),
            .blocked_from = minute(start - before),
            .blocked_until = minute(start + length + after),
            .day = "day " + std::to_string(start / 1000)};
}

booking_row a_booking(const std::string& id, const booking_time& time,
                      booking_state state = booking_state::booked) {
    booking_row made{.id = id,
                     .user_id = "usr_1",
                     .delegation_id = "dlg_1",
                     .idempotency_key = "key of " + id,
                     .state = state,
                     .time = time,
                     .who = {"Ada", "ada@example.org", "Europe/London"},
                     .note = "about engines",
                     .created_at = at(0),
                     .updated_at = at(0)};
    if (state == booking_state::held) made.hold_expires_at = at(600'000);
    return made;
}

struct world {
    test_store store;
    std::unique_ptr<database> opened;
    booking_repository bookings;

    explicit world(const std::string& driver, std::uint64_t uses = 100)
        : store(driver), opened(store.open()), bookings(*opened) {
        account_repository accounts(*opened);
        delegation_repository links(*opened);
        for (const std::string n : {"1", "2"}) {
            REQUIRE(accounts.create(
                {.id = "usr_" + n, .email = n + "@example.org", .name = "N", .timezone = "UTC"},
                "h"));
            REQUIRE(links.create({.id = "dlg_" + n,
                                  .user_id = "usr_" + n,
                                  .title = "Intro call",
                                  .most_uses = uses,
                                  .expires_at = minute(1'000'000)},
                                 "hash " + n));
        }
    }

    /// Books on its own, so that a failure leaves nothing.
    result<made_booking> book(const booking_row& fresh,
                              std::optional<std::uint64_t> most_a_day = std::nullopt) {
        return within([&] { return bookings.book(fresh, most_a_day); });
    }

    result<booking_row> move(const std::string& id, std::uint64_t version, booking_state to) {
        return within([&] { return bookings.move(id, version, to, at(5)); });
    }

    template <class Change>
    auto within(Change change) -> decltype(change()) {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        auto changed = change();
        if (changed) REQUIRE(changes->commit());
        return changed;
    }

    std::uint64_t uses() { return (*delegation_repository(*opened).find("usr_1", "dlg_1"))->uses; }

    std::int64_t active() {
        return opened
            ->execute(
                "SELECT COUNT(*) FROM bookings WHERE state IN ('held', 'awaiting_approval', "
                "'booked')")
            ->front()
            .integer(0);
    }
};

}  // namespace

TEST_CASE("a booking is made with its buffers, and is a use of its link") {
    world with(GENERATE(from_range(drivers())));
    const auto fresh = a_booking("bkg_1", time_at(60, 30, 10, 5));
    const auto made = with.book(fresh);
    REQUIRE(made);
    CHECK(made->fresh);
    CHECK(made->booking == fresh);
    CHECK(**with.bookings.find("bkg_1") == fresh);
    CHECK(with.uses() == 1);
    CHECK(*with.bookings.of_link("dlg_1") == std::vector{fresh});
    CHECK(with.bookings.of_link("dlg_2")->empty());
}

TEST_CASE("a time that overlaps another one's with its buffers is taken") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.book(a_booking("bkg_1", time_at(100, 30, 10, 10))));
    // Minutes 90 to 140 are blocked.
    struct row {
        booking_time time;
        bool free;
    };
    const std::vector<row> table = {
        {time_at(60, 30), true},         {time_at(61, 30), false},
        {time_at(139, 5), false},        {time_at(140, 5), true},
        {time_at(100, 30), false},       {time_at(110, 5), false},
        {time_at(60, 200), false},       {time_at(60, 25, 0, 5), true},
        {time_at(60, 25, 0, 6), false},  {time_at(150, 10, 10, 0), true},
        {time_at(150, 10, 11, 0), false}};
    int number = 10;
    for (const auto& [time, free] : table) {
        const auto id = "bkg_" + std::to_string(++number);
        INFO(id);
        const auto made = with.book(a_booking(id, time));
        if (!free) {
            REQUIRE(code_of(made) == error_code::conflict);
            CHECK(made.error().detail == "the time is taken");
        } else {
            REQUIRE(made);
            REQUIRE(with.move(id, 1, booking_state::cancelled));
        }
    }
    CHECK(with.uses() == 1);
    CHECK(with.active() == 1);
}

TEST_CASE("a time is blocked to the millisecond, and no further") {
    world with(GENERATE(from_range(drivers())));
    auto odd = time_at(100);
    odd.blocked_from -= 1ms;
    odd.blocked_until += 1ms;
    REQUIRE(with.book(a_booking("bkg_1", odd)));
    CHECK(code_of(with.book(a_booking("bkg_2", time_at(99, 1)))) == error_code::conflict);
    CHECK(code_of(with.book(a_booking("bkg_3", time_at(130, 1)))) == error_code::conflict);
    auto before = time_at(99, 1);
    before.ends_at = before.blocked_until = odd.blocked_from;
    CHECK(with.book(a_booking("bkg_4", before)));
    auto after = time_at(130, 1);
    after.starts_at = after.blocked_from = odd.blocked_until;
    CHECK(with.book(a_booking("bkg_5", after)));
}

TEST_CASE("another owner's time is another time") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.book(a_booking("bkg_1", time_at(100))));
    auto other = a_booking("bkg_2", time_at(100));
    other.user_id = "usr_2";
    CHECK(code_of(with.book(other)) == error_code::gone);  // the link is not theirs
    other.delegation_id = "dlg_2";
    CHECK(with.book(other));
}

TEST_CASE("the same key is the same booking") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.book(a_booking("bkg_1", time_at(100))));
    REQUIRE(with.move("bkg_1", 1, booking_state::cancelled));
    auto again = a_booking("bkg_2", time_at(100));
    again.idempotency_key = "key of bkg_1";
    const auto found = with.book(again);
    REQUIRE(found);
    CHECK_FALSE(found->fresh);
    CHECK(found->booking.id == "bkg_1");
    CHECK(found->booking.state == booking_state::cancelled);
    again.time = time_at(200);
    CHECK(code_of(with.book(again)) == error_code::conflict);
    CHECK(with.uses() == 0);
}

TEST_CASE("what is no time is refused") {
    world with(GENERATE(from_range(drivers())));
    CHECK(code_of(with.book(a_booking("bkg_1", time_at(100, 0)))) == error_code::invalid_request);
    CHECK(code_of(with.book(a_booking("bkg_1", time_at(100, -5)))) == error_code::invalid_request);
    CHECK(code_of(with.book(a_booking("bkg_1", time_at(100, 30, -1)))) ==
          error_code::invalid_request);
    CHECK(code_of(with.book(a_booking("bkg_1", time_at(100, 2881)))) ==
          error_code::invalid_request);
    CHECK(with.book(a_booking("bkg_1", time_at(100, 2880))));
    CHECK(code_of(with.book(a_booking("bkg_2", time_at(9000), booking_state::cancelled))) ==
          error_code::conflict);
}

TEST_CASE("a link is used as often as it may be, and a use is given back") {
    world with(GENERATE(from_range(drivers())), 2);
    REQUIRE(with.book(a_booking("bkg_1", time_at(100))));
    REQUIRE(with.book(a_booking("bkg_2", time_at(200))));
    CHECK(code_of(with.book(a_booking("bkg_3", time_at(300)))) == error_code::gone);
    REQUIRE(with.move("bkg_1", 1, booking_state::cancelled));
    CHECK(with.book(a_booking("bkg_3", time_at(300))));
    CHECK(with.uses() == 2);
    REQUIRE(with.move("bkg_3", 1, booking_state::cancelled));
    REQUIRE(delegation_repository(*with.opened).revoke("usr_1", "dlg_1", at(1)));
    CHECK(code_of(with.book(a_booking("bkg_4", time_at(400)))) == error_code::gone);
    CHECK(with.uses() == 1);
}

TEST_CASE("a day has as many bookings as it may") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.book(a_booking("bkg_1", time_at(100)), 2));
    REQUIRE(with.book(a_booking("bkg_2", time_at(200)), 2));
    CHECK(code_of(with.book(a_booking("bkg_3", time_at(300)), 2)) == error_code::conflict);
    CHECK(with.book(a_booking("bkg_4", time_at(1100)), 2));
    REQUIRE(with.move("bkg_1", 1, booking_state::cancelled));
    const auto made = with.book(a_booking("bkg_3", time_at(300)), 2);
    REQUIRE(made);
    CHECK(made->booking.day_number == 1);
    CHECK(code_of(with.within([&] {
              return with.bookings.reschedule("bkg_4", 1, time_at(400), booking_state::booked, 2,
                                              at(9));
          })) == error_code::conflict);
}

TEST_CASE("the tables refuse what the repository would") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.book(a_booking("bkg_1", time_at(100))));
    const auto refuses = [&](std::string_view sql) {
        return code_of(with.opened->execute(sql)) == error_code::conflict;
    };
    CHECK(refuses("UPDATE delegations SET uses = 101 WHERE id = 'dlg_1'"));
    CHECK(refuses("UPDATE delegations SET uses = -1 WHERE id = 'dlg_1'"));
    CHECK(refuses("UPDATE bookings SET ends_at = starts_at"));
    CHECK(refuses("UPDATE bookings SET state = 'maybe'"));
    CHECK(refuses("DELETE FROM delegations"));
    REQUIRE(with.book(a_booking("bkg_2", time_at(200))));
    CHECK(refuses("UPDATE bookings SET day_number = 1"));
}

namespace {

/// Past the repository: minutes from and until, with their buffers.
result<rows> written_raw(database& on, const std::string& id, std::int64_t from, std::int64_t until,
                         const std::string& state = "booked", const std::string& user = "usr_1") {
    const auto text = [](std::int64_t minutes) {
        return std::to_string(minute(minutes).time_since_epoch().count());
    };
    return on.execute(
        "INSERT INTO bookings (id, user_id, idempotency_key, state, starts_at, ends_at, "
        "blocked_from, blocked_until, hold_expires_at, day, day_number, guest_name, guest_email, "
        "guest_timezone, note, created_at, updated_at) VALUES ('" +
        id + "', '" + user + "', '" + id + "', '" + state + "', " + text(from) + ", " +
        text(until) + ", " + text(from) + ", " + text(until) +
        ", 0, 'day', 1, '', '', '', '', 0, 0)");
}

}  // namespace

TEST_CASE("the table lets no bookings overlap, whoever writes them") {
    world with(GENERATE(from_range(drivers())));
    database& on = *with.opened;
    // Several, so that what is in the way is neither the first nor the last one.
    for (const std::int64_t from : {100, 300, 200, 500})
        REQUIRE(written_raw(on, "bkg_" + std::to_string(from), from, from + 60));
    struct row {
        std::int64_t from;
        std::int64_t until;
        bool free;
    };
    const std::vector<row> table = {{200, 260, false}, {210, 220, false}, {190, 270, false},
                                    {190, 201, false}, {259, 300, false}, {160, 201, false},
                                    {0, 1000, false},  {40, 101, false},  {559, 600, false},
                                    {160, 200, true},  {260, 300, true},  {40, 100, true},
                                    {560, 900, true},  {360, 500, true}};
    for (const auto& [from, until, free] : table) {
        INFO(from << " to " << until);
        const auto id = "bkg_" + std::to_string(from) + "_" + std::to_string(until);
        for (const std::string state : {"held", "awaiting_approval", "booked"}) {
            const auto written = written_raw(on, id, from, until, state);
            CHECK(written.has_value() == free);
            if (!free) CHECK(code_of(written) == error_code::conflict);
            REQUIRE(on.execute("DELETE FROM bookings WHERE id = $1", {id}));
        }
        // What blocks nothing is in nobody's way, and is not let back.
        REQUIRE(written_raw(on, id, from, until, "cancelled"));
        const auto back = on.execute("UPDATE bookings SET state = 'booked' WHERE id = $1", {id});
        CHECK(back.has_value() == free);
        REQUIRE(on.execute("DELETE FROM bookings WHERE id = $1", {id}));
        // Another owner's time is another time, and does not become this one's.
        REQUIRE(written_raw(on, id, from, until, "booked", "usr_2"));
        const auto given = on.execute("UPDATE bookings SET user_id = 'usr_1' WHERE id = $1", {id});
        CHECK(given.has_value() == free);
        REQUIRE(on.execute("DELETE FROM bookings WHERE id = $1", {id}));
    }
    const auto moved = [&](const std::string& by) {
        return code_of(on.execute("UPDATE bookings SET blocked_from = blocked_from - " + by +
                                  " WHERE id = 'bkg_200'"));
    };
    CHECK(moved("2400000") == std::nullopt);  // up to the one before it
    CHECK(moved("1") == error_code::conflict);
}

TEST_CASE("a booking goes only where its state lets it") {
    world with(GENERATE(from_range(drivers())));
    using enum booking_state;
    const std::vector<booking_state> all = {held,     awaiting_approval, booked,
                                            declined, cancelled,         expired};
    const std::vector<std::pair<booking_state, std::vector<booking_state>>> allowed = {
        {held, {awaiting_approval, booked, cancelled, expired}},
        {awaiting_approval, {booked, declined, cancelled, expired}},
        {booked, {cancelled}},
    };
    int number = 0;
    for (const auto& [from, targets] : allowed) {
        for (const auto to : all) {
            const auto id = "bkg_" + std::to_string(++number);
            INFO(to_string(from) << " to " << to_string(to));
            REQUIRE(with.book(a_booking(id, time_at(100 * number), from)));
            const bool may = std::ranges::find(targets, to) != targets.end();
            CHECK(code_of(with.move(id, 9, to)) == error_code::conflict);
            const auto moved = with.move(id, 1, to);
            CHECK(moved.has_value() == may);
            if (!may) {
                CHECK(code_of(moved) == error_code::conflict);
                continue;
            }
            CHECK(**with.bookings.find(id) == *moved);
            CHECK(moved->state == to);
            CHECK(moved->version == 2);
            // Where it ended its time is free, and nothing goes on from there.
            if (is_active(to)) continue;
            for (const auto further : all) CHECK_FALSE(with.move(id, 2, further));
            CHECK(with.book(a_booking(id + "b", time_at(100 * number))));
        }
    }
    CHECK(code_of(with.move("none", 1, cancelled)) == error_code::conflict);
}

TEST_CASE("a booking is moved to another time, and frees its own") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.book(a_booking("bkg_1", time_at(100))));
    REQUIRE(with.book(a_booking("bkg_2", time_at(200))));
    const auto reschedule = [&](std::int64_t start, std::uint64_t version) {
        return with.within([&] {
            return with.bookings.reschedule("bkg_1", version, time_at(start),
                                            booking_state::awaiting_approval, {}, at(9));
        });
    };
    CHECK(code_of(reschedule(190, 1)) == error_code::conflict);
    CHECK(**with.bookings.find("bkg_1") == a_booking("bkg_1", time_at(100)));
    // It may overlap itself.
    const auto moved = reschedule(110, 1);
    REQUIRE(moved);
    CHECK(**with.bookings.find("bkg_1") == *moved);
    CHECK(moved->time == time_at(110));
    CHECK(moved->state == booking_state::awaiting_approval);
    CHECK(code_of(reschedule(300, 1)) == error_code::conflict);
    CHECK(reschedule(1300, 2));
    CHECK(with.book(a_booking("bkg_3", time_at(100))));
    CHECK(with.uses() == 3);
    REQUIRE(with.move("bkg_1", 3, booking_state::declined));
    CHECK(code_of(reschedule(300, 4)) == error_code::conflict);
}

TEST_CASE("a hold ends when its time is over, also where nobody has looked") {
    world with(GENERATE(from_range(drivers())));
    for (int i = 1; i <= 3; ++i) {
        auto held = a_booking("bkg_" + std::to_string(i), time_at(100 * i), booking_state::held);
        held.hold_expires_at = at(10 * i);
        REQUIRE(with.book(held));
    }
    CHECK(with.bookings.expire_holds(at(9), 9)->empty());
    const auto ended = with.within([&] { return with.bookings.expire_holds(at(25), 1); });
    REQUIRE(ended);
    REQUIRE(ended->size() == 1);
    CHECK(ended->front().id == "bkg_1");
    CHECK(ended->front().state == booking_state::expired);
    CHECK(with.uses() == 2);
    // The second one is in nobody's way, the third still is.
    auto late = a_booking("bkg_4", time_at(200));
    late.created_at = late.updated_at = at(25);
    CHECK(with.book(late));
    late = a_booking("bkg_5", time_at(300));
    late.created_at = late.updated_at = at(25);
    CHECK(code_of(with.book(late)) == error_code::conflict);
    CHECK((*with.bookings.find("bkg_2"))->state == booking_state::expired);
}

TEST_CASE("what blocks a time is found, with buffers") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.book(a_booking("bkg_1", time_at(100, 30, 10, 10))));
    REQUIRE(with.book(a_booking("bkg_2", time_at(200), booking_state::held)));
    REQUIRE(with.book(a_booking("bkg_3", time_at(300))));
    REQUIRE(with.move("bkg_3", 1, booking_state::cancelled));
    const auto ids = [&](std::int64_t from, std::int64_t until) {
        std::string all;
        const auto found = with.bookings.blocking("usr_1", minute(from), minute(until));
        REQUIRE(found);
        for (const auto& each : *found) all += each.id + " ";
        return all;
    };
    CHECK(ids(0, 1000) == "bkg_1 bkg_2 ");
    CHECK(ids(0, 90).empty());
    CHECK(ids(0, 91) == "bkg_1 ");
    CHECK(ids(139, 200) == "bkg_1 ");
    CHECK(ids(140, 200).empty());
    CHECK(ids(229, 230) == "bkg_2 ");
    CHECK(with.bookings.blocking("usr_2", minute(0), minute(1000))->empty());
}

TEST_CASE("a booking knows its event") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.book(a_booking("bkg_1", time_at(100))));
    const auto set = with.bookings.set_event("bkg_1", 1, "evt_1", at(7));
    REQUIRE(set);
    CHECK(set->event_id == "evt_1");
    CHECK(set->version == 2);
    CHECK(code_of(with.bookings.set_event("bkg_1", 1, "evt_2", at(8))) == error_code::conflict);
}

TEST_CASE("of many who write past the repository one gets a time") {
    world with(GENERATE(from_range(drivers())));
    constexpr int writers = 4;
    std::vector<std::unique_ptr<database>> connections;
    connections.reserve(writers);
    for (int i = 0; i < writers; ++i) connections.push_back(with.store.open_empty());
    std::atomic<int> made = 0;
    std::atomic<int> refused = 0;
    // Each takes a part of the same hour, without the lock of the calendar.
    const auto write = [&](int number) {
        database& on = *connections[static_cast<std::size_t>(number)];
        for (;;) {
            const auto written =
                written_raw(on, "bkg_" + std::to_string(number), 100 + number, 160 + number);
            // Who each wait for the other are told apart by the server: one of them tries again.
            if (code_of(written) == error_code::unavailable) continue;
            if (written) ++made;
            if (code_of(written) == error_code::conflict) ++refused;
            return;
        }
    };
    {
        std::vector<std::jthread> threads;
        threads.reserve(writers);
        for (int i = 0; i < writers; ++i) threads.emplace_back(write, i);
    }
    CHECK(made == 1);
    CHECK(refused == writers - 1);
    CHECK(with.active() == 1);
}

TEST_CASE("however many book at once, no two bookings of an owner overlap") {
    world with(GENERATE(from_range(drivers())), 1'000'000);
    constexpr int writers = 4;
    constexpr int tries = 60;
    // Each with a connection of its own, all for the same two hours; some move or end what they
    // have.
    std::vector<std::unique_ptr<database>> connections;
    connections.reserve(writers);
    for (int i = 0; i < writers; ++i) connections.push_back(with.store.open_empty());
    std::atomic<int> made = 0;
    std::atomic<int> refused = 0;
    std::atomic<int> other = 0;
    const auto write = [&](int number) {
        database& on = *connections[static_cast<std::size_t>(number)];
        booking_repository bookings(on);
        std::mt19937 random(static_cast<unsigned>(number) + 1);
        const auto pick = [&](int count) {
            return static_cast<std::int64_t>(random() % static_cast<unsigned>(count));
        };
        std::vector<booking_row> mine;
        for (int i = 0; i < tries; ++i) {
            auto changes = transaction::begin(on);
            if (!changes) {
                ++other;
                continue;
            }
            const auto time = time_at(1000 + pick(120), 5 + pick(40), pick(5), pick(5));
            std::optional<failure> why;
            std::vector<booking_row> next = mine;
            if (!mine.empty() && pick(4) == 0) {
                auto ended = bookings.move(mine.back().id, mine.back().version,
                                           booking_state::cancelled, at(1));
                if (ended) next.pop_back();
                if (!ended) why = ended.error();
            } else if (!mine.empty() && pick(4) == 0) {
                auto moved = bookings.reschedule(mine.back().id, mine.back().version, time,
                                                 booking_state::booked, {}, at(1));
                if (moved) next.back() = *moved;
                if (!moved) why = moved.error();
            } else {
                const auto id = "bkg_" + std::to_string(number) + "_" + std::to_string(i);
                auto booked = bookings.book(a_booking(id, time), {});
                if (booked) next.push_back(booked->booking);
                if (!booked) why = booked.error();
            }
            if (!why) {
                if (auto kept = changes->commit(); !kept) why = kept.error();
            }
            if (!why) {
                ++made;
                mine = std::move(next);
            } else if (why->code == error_code::conflict) {
                ++refused;
            } else {
                ++other;
            }
        }
    };
    {
        std::vector<std::jthread> threads;
        threads.reserve(writers);
        for (int i = 0; i < writers; ++i) threads.emplace_back(write, i);
    }
    INFO(made << " made, " << refused << " refused, " << other << " to be tried again");
    CHECK(made > 0);
    CHECK(refused > 0);
    CHECK(other == 0);

    const auto active = with.bookings.blocking("usr_1", minute(0), minute(10'000));
    REQUIRE(active);
    for (std::size_t i = 0; i < active->size(); ++i) {
        const auto& one = active->at(i).time;
        for (std::size_t j = i + 1; j < active->size(); ++j) {
            const auto& two = active->at(j).time;
            CHECK((one.blocked_until <= two.blocked_from || two.blocked_until <= one.blocked_from));
        }
    }
    CHECK(static_cast<std::int64_t>(active->size()) == with.active());
    CHECK(with.uses() == active->size());
}
