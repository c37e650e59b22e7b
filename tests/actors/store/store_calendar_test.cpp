#include "actors/store/group_commit.hpp"
#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "persistence/accounts.hpp"
#include "persistence/credentials.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::actors;
using namespace perin::runtime;
using namespace perin::persistence::test;
using namespace std::chrono_literals;

namespace {

using persistence::database;

struct calendar_world {
    test_store store;
    std::unique_ptr<database> opened;

    explicit calendar_world(const std::string& driver) : store(driver), opened(store.open()) {
        persistence::account_repository accounts(*opened);
        for (const std::string n : {"anna", "ben"})
            REQUIRE(accounts.create({.id = "usr_" + n,
                                     .email = n + "@example.org",
                                     .name = n,
                                     .timezone = "Europe/Vienna"},
                                    "h"));
    }

    result<calendar_committed> apply(const commit_calendar& what) {
        auto changes = persistence::transaction::begin(*opened);
        REQUIRE(changes);
        auto done = store_writer(*opened).apply(what);
        if (done) REQUIRE(changes->commit());
        return done;
    }

    template <class Question>
    auto read(const Question& what) {
        return store_reader(*opened).read(what);
    }

    loaded_calendar calendar(const std::string& user = "usr_anna") {
        auto loaded = read(load_calendar{user, at(0)});
        REQUIRE(loaded);
        return std::move(*loaded);
    }
};

timestamp minute(std::int64_t count) { return at(count * 60'000); }

calendar::stored_event event_at(const std::string& id, std::int64_t start) {
    calendar::stored_event out{.id = id, .what = {}, .created_at = at(1), .updated_at = at(1)};
    out.what.uid = "uid of " + id;
    out.what.title = "Lunch";
    calendar::place(out.what, minute(start), minute(start + 30), "Europe/Vienna");
    return out;
}

booking booking_at(const std::string& id, std::int64_t start,
                   std::optional<std::string> event_id = {}) {
    return {.id = id,
            .user_id = "usr_anna",
            .event_id = std::move(event_id),
            .idempotency_key = "key of " + id,
            .state = booking_state::booked,
            .time = {minute(start), minute(start + 30), minute(start), minute(start + 30), "day"},
            .created_at = at(1),
            .updated_at = at(1)};
}

commit_calendar commit(std::uint64_t version, std::vector<calendar_change> changes) {
    return {.user_id = "usr_anna",
            .expected_version = version,
            .changes = std::move(changes),
            .at = at(100)};
}

}  // namespace

TEST_CASE("a booking and its event are written together and loaded again") {
    calendar_world with(GENERATE(from_range(drivers())));
    const auto event = event_at("evt_1", 60);
    const auto taken = booking_at("bkg_1", 60, "evt_1");
    auto wanted = commit(0, {put_event{event}, enter_booking{taken}});
    wanted.once = once_key{"trn_1", "call_1"};
    wanted.outcome = R"({"id": "evt_1"})";
    CHECK_FALSE(*with.read(find_tool_effect{*wanted.once}));
    const auto done = with.apply(wanted);
    REQUIRE(done);
    CHECK_FALSE(done->repeated);
    CHECK(done->bookings == std::vector{taken});
    const auto loaded = with.calendar();
    CHECK(loaded.version == done->version);
    CHECK(loaded.version > 0);
    CHECK(loaded.events == std::vector{event});
    CHECK(loaded.bookings == std::vector{taken});
    CHECK(loaded.owner.email == "anna@example.org");
    CHECK_FALSE(loaded.has_feed);
    CHECK(**with.read(find_tool_effect{*wanted.once}) == wanted.outcome);
    CHECK(with.calendar("usr_ben").events.empty());
    CHECK(code_of(with.read(load_calendar{"usr_nobody", at(0)})) == error_code::not_found);
}

TEST_CASE("bookings that are over are left out") {
    calendar_world with(GENERATE(from_range(drivers())));
    const auto early = booking_at("bkg_1", 0);
    const auto late = booking_at("bkg_2", 4'000);
    REQUIRE(with.apply(commit(0, {enter_booking{early}, enter_booking{late}})));
    CHECK(with.read(load_calendar{"usr_anna", minute(29)})->bookings.size() == 2);
    CHECK(with.read(load_calendar{"usr_anna", minute(30)})->bookings == std::vector{late});
    CHECK(with.read(load_calendar{"usr_anna", minute(4'030)})->bookings.empty());
}

TEST_CASE("whoever decided on an earlier version is refused, and nothing of it stays") {
    calendar_world with(GENERATE(from_range(drivers())));
    const auto first = with.apply(commit(0, {put_event{event_at("evt_1", 60)}}));
    REQUIRE(first);
    CHECK(first->version == 1);
    CHECK(code_of(with.apply(commit(0, {put_event{event_at("evt_2", 90)}}))) ==
          error_code::conflict);
    CHECK(code_of(with.apply(commit(7, {put_event{event_at("evt_2", 90)}}))) ==
          error_code::conflict);
    CHECK(with.calendar().events.size() == 1);
    CHECK(with.apply(commit(1, {put_event{event_at("evt_2", 90)}})));
}

TEST_CASE("a key that was used gives its booking, and nothing else is written") {
    calendar_world with(GENERATE(from_range(drivers())));
    const auto taken = booking_at("bkg_1", 60, "evt_1");
    const auto first =
        with.apply(commit(0, {put_event{event_at("evt_1", 60)}, enter_booking{taken}}));
    REQUIRE(first);
    auto again = booking_at("bkg_2", 60, "evt_2");
    again.idempotency_key = taken.idempotency_key;
    // Whatever version it was decided on.
    for (const std::uint64_t version : {std::uint64_t{0}, first->version}) {
        const auto second =
            with.apply(commit(version, {put_event{event_at("evt_2", 60)}, enter_booking{again}}));
        REQUIRE(second);
        CHECK(second->repeated);
        CHECK(second->bookings == std::vector{taken});
        CHECK(second->version == first->version);
    }
    CHECK(with.calendar().events.size() == 1);
    CHECK(with.calendar().version == first->version);
    again = booking_at("bkg_2", 600);
    again.idempotency_key = taken.idempotency_key;
    CHECK(code_of(with.apply(commit(first->version, {enter_booking{again}}))) ==
          error_code::conflict);
}

TEST_CASE("a tool's call is done once") {
    calendar_world with(GENERATE(from_range(drivers())));
    auto wanted = commit(0, {put_event{event_at("evt_1", 60)}});
    wanted.once = once_key{"trn_1", "call_1"};
    wanted.outcome = "{}";
    const auto done = with.apply(wanted);
    REQUIRE(done);
    wanted.expected_version = done->version;
    wanted.changes = {put_event{event_at("evt_2", 90)}};
    CHECK(code_of(with.apply(wanted)) == error_code::conflict);
    CHECK(with.calendar().events.size() == 1);
    wanted.once = once_key{"trn_1", "call_2"};
    CHECK(with.apply(wanted));
}

TEST_CASE("a time that is taken is refused with all that came with it") {
    calendar_world with(GENERATE(from_range(drivers())));
    const auto first = with.apply(commit(0, {enter_booking{booking_at("bkg_1", 60)}}));
    REQUIRE(first);
    auto wanted = commit(
        first->version, {put_event{event_at("evt_2", 70)}, enter_booking{booking_at("bkg_2", 70)}});
    wanted.once = once_key{"trn_1", "call_1"};
    CHECK(code_of(with.apply(wanted)) == error_code::conflict);
    CHECK(with.calendar().events.empty());
    CHECK(with.calendar().version == first->version);
    CHECK_FALSE(*with.read(find_tool_effect{*wanted.once}));
}

TEST_CASE("a booking is moved, named and ended") {
    calendar_world with(GENERATE(from_range(drivers())));
    auto held = booking_at("bkg_1", 60);
    held.state = booking_state::held;
    held.hold_expires_at = minute(100'000);
    auto done = with.apply(commit(0, {enter_booking{held}}));
    REQUIRE(done);
    // Confirmed, with its event.
    done = with.apply(
        commit(done->version, {put_event{event_at("evt_1", 60)},
                               change_booking{.id = "bkg_1", .version = 1, .event_id = "evt_1"}}));
    REQUIRE(done);
    REQUIRE(done->bookings.size() == 1);
    auto now = done->bookings.front();
    CHECK(now.state == booking_state::booked);
    CHECK(now.event_id == "evt_1");
    CHECK(with.calendar().bookings == done->bookings);
    // Another time, the same event.
    done = with.apply(commit(done->version, {change_booking{.id = "bkg_1",
                                                            .version = now.version,
                                                            .time = booking_at("", 600).time,
                                                            .event_id = "evt_1"}}));
    REQUIRE(done);
    CHECK(done->bookings.front().time.starts_at == minute(600));
    CHECK(done->bookings.front().version == now.version + 1);
    CHECK(code_of(with.apply(
              commit(done->version, {change_booking{.id = "bkg_1", .version = now.version}}))) ==
          error_code::conflict);
    now = done->bookings.front();
    done = with.apply(commit(
        done->version,
        {drop_event{"evt_1"},
         change_booking{.id = "bkg_1", .version = now.version, .to = booking_state::cancelled}}));
    REQUIRE(done);
    CHECK(done->bookings.front().state == booking_state::cancelled);
    CHECK(with.calendar().bookings.empty());
    CHECK(with.calendar().events.empty());
    // Its time is free again.
    CHECK(with.apply(commit(done->version, {enter_booking{booking_at("bkg_2", 600)}})));
}

TEST_CASE("nobody changes what is another one's") {
    calendar_world with(GENERATE(from_range(drivers())));
    REQUIRE(with.apply(
        commit(0, {put_event{event_at("evt_1", 60)}, enter_booking{booking_at("bkg_1", 60)}})));
    const std::vector<calendar_change> attempts = {
        drop_event{"evt_1"}, put_event{event_at("evt_1", 60)},
        change_booking{.id = "bkg_1", .version = 1, .to = booking_state::cancelled},
        enter_booking{booking_at("bkg_2", 600)}, enter_booking{booking_at("bkg_1", 60)}};
    for (const auto& each : attempts) {
        CAPTURE(each.index());
        auto theirs = commit(0, {each});
        theirs.user_id = "usr_ben";
        CHECK_FALSE(with.apply(theirs));
    }
    CHECK(with.calendar().events.size() == 1);
    CHECK(with.calendar().bookings.size() == 1);
    CHECK(with.calendar("usr_ben").version == 0);
}

TEST_CASE("a feed's owner is found by its secret address, with the calendar's version") {
    calendar_world with(GENERATE(from_range(drivers())));
    CHECK(code_of(with.read(find_feed_owner{"token"})) == error_code::not_found);
    auto done = with.apply(commit(0, {put_feed{persistence::token_hash("token")}}));
    REQUIRE(done);
    auto found = with.read(find_feed_owner{"token"});
    REQUIRE(found);
    CHECK(found->owner.id == "usr_anna");
    CHECK(found->version == done->version);
    CHECK(found->changed_at == at(100));
    CHECK(with.calendar().has_feed);
    REQUIRE(with.apply(commit(done->version, {put_feed{}})));
    CHECK(code_of(with.read(find_feed_owner{"token"})) == error_code::not_found);
    CHECK_FALSE(with.calendar().has_feed);
}

TEST_CASE("one who was erased gets no calendar") {
    calendar_world with(GENERATE(from_range(drivers())));
    REQUIRE(persistence::account_repository(*with.opened).remove("usr_anna"));
    CHECK(code_of(with.apply(commit(0, {put_event{event_at("evt_1", 60)}}))) ==
          error_code::not_found);
    CHECK(code_of(with.apply(commit(1, {put_event{event_at("evt_1", 60)}}))) ==
          error_code::conflict);
}

TEST_CASE("a refused change of a calendar fails none of its neighbours in one transaction") {
    calendar_world with(GENERATE(from_range(drivers())));
    group_commit group(*with.opened, {16, 16});
    std::vector<std::string> told(4);
    const auto enter = [&](std::size_t at, commit_calendar what) {
        auto answer =
            std::make_shared<result<calendar_committed>>(failure{error_code::internal, "not done"});
        group.enter({[what, answer](database& on) -> result<void> {
                         *answer = store_writer(on).apply(what);
                         if (!*answer) return answer->error();
                         return {};
                     },
                     [&told, at, answer](const std::optional<failure>& lost) {
                         told[at] = lost ? "lost" : *answer ? "done" : "refused";
                     },
                     nullptr, 0});
    };
    auto bens = commit(0, {put_event{event_at("evt_9", 60)}});
    bens.user_id = "usr_ben";
    enter(0, commit(0, {put_event{event_at("evt_1", 60)}, enter_booking{booking_at("bkg_1", 60)}}));
    // The time is taken; its statement fails within the transaction.
    enter(1, commit(1, {put_event{event_at("evt_2", 60)}, enter_booking{booking_at("bkg_2", 60)}}));
    enter(2, bens);
    enter(3,
          commit(1, {put_event{event_at("evt_3", 600)}, enter_booking{booking_at("bkg_3", 600)}}));
    group.commit();
    CHECK(told == std::vector<std::string>{"done", "refused", "done", "done"});
    CHECK(with.calendar().events.size() == 2);
    CHECK(with.calendar("usr_ben").events.size() == 1);
}
