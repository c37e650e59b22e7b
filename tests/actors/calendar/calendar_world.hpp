#pragma once

#include "actors/calendar/calendars.hpp"
#include "actors/store/store.hpp"
#include "persistence/accounts.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

namespace perin::test {

/// One process' side of a database: its store, its reader and its calendars.
struct calendar_side {
    runtime::store_actor store;
    runtime::reader_actor reader;
    runtime::calendars_actor calendars;
};

/// Owners' calendars on a database of either kind, in virtual time.
struct calendar_world : virtual_system {
    std::shared_ptr<fixed_clock> clock = std::make_shared<fixed_clock>();
    std::shared_ptr<counted_entropy> entropy = std::make_shared<counted_entropy>();
    user anna{"usr_00000000-0000-7000-8000-000000000001", "anna@example.org", "Anna",
              "Europe/Vienna"};
    std::unique_ptr<persistence::test::test_store> kept;
    std::vector<calendar_side> sides;
    bool shared = false;

    calendar_world() {
        // A Monday, 8:00 in Vienna.
        clock->time = *from_rfc3339("2026-11-30T07:00:00Z");
    }
    ~calendar_world() { stop(); }

    /// A new database, with `count` processes on it.
    void begin(const std::string& driver, std::size_t count = 1) {
        stop();
        kept = std::make_unique<persistence::test::test_store>(driver);
        auto db = kept->open();
        REQUIRE(persistence::account_repository(*db).create(anna, "x"));
        shared = count > 1;
        for (std::size_t i = 0; i < count; ++i) start();
    }

    void start() {
        calendar_side made;
        made.store = actors::spawn_store(system, kept->open_empty(), {}, false);
        made.reader = actors::spawn_reader(system, kept->open_empty(), false);
        actors::calendars_parts parts{made.store, made.reader, clock, entropy};
        parts.shared = shared;
        made.calendars = actors::spawn_calendars(system, parts);
        settle();
        sides.push_back(made);
    }

    void stop() {
        for (auto& side : sides) {
            caf::anon_send_exit(side.calendars, caf::exit_reason::user_shutdown);
            settle();
            caf::anon_send_exit(side.store, caf::exit_reason::user_shutdown);
            caf::anon_send_exit(side.reader, caf::exit_reason::user_shutdown);
            settle();
        }
        sides.clear();
    }

    [[nodiscard]] runtime::calendars_actor& calendars() { return sides.front().calendars; }

    static timestamp at(const std::string& text) {
        auto found = from_rfc3339(text);
        REQUIRE(found);
        return *found;
    }

    /// The owner's own event.
    runtime::book_time event(const std::string& title, const std::string& start,
                             const std::string& end) const {
        runtime::book_time out;
        out.user_id = anna.id;
        out.what.title = title;
        place(out.what, at(start), at(end), anna.timezone);
        out.by_owner = true;
        return out;
    }

    /// A guest's booking by the rules of a link, without the link.
    runtime::book_time booked_by(const std::string& key, const std::string& start,
                                 std::chrono::minutes length = std::chrono::minutes{30}) const {
        runtime::book_time out;
        out.user_id = anna.id;
        out.wanted.idempotency_key = key;
        out.wanted.who = {"Gast " + key, key + "@example.org", "Europe/Berlin"};
        out.what.title = "Intro call";
        place(out.what, at(start), at(start) + length, anna.timezone);
        out.rules.timezone = anna.timezone;
        out.search.durations = {length};
        out.placing = scheduling::placing::at_steps;
        return out;
    }

    runtime::booking_outcome book(runtime::book_time wanted) {
        auto done = ask<result<runtime::booking_outcome>>(calendars(), std::move(wanted));
        REQUIRE(done);
        return std::move(*done);
    }

    runtime::time_booked booked(runtime::book_time wanted) {
        auto done = book(std::move(wanted));
        REQUIRE(std::holds_alternative<runtime::time_booked>(done));
        return std::get<runtime::time_booked>(std::move(done));
    }

    runtime::time_refused refused(runtime::book_time wanted) {
        auto done = book(std::move(wanted));
        REQUIRE(std::holds_alternative<runtime::time_refused>(done));
        return std::get<runtime::time_refused>(std::move(done));
    }

    /// Titles and starts of a stretch.
    std::vector<std::string> listed(const std::string& from, const std::string& until) {
        auto found = ask<result<runtime::listed_entries>>(
            calendars(), runtime::list_entries{anna.id, at(from), at(until), 100});
        REQUIRE(found);
        std::vector<std::string> out;
        for (const auto& each : found->items)
            out.push_back(each.title + " " + to_rfc3339(each.starts_at));
        return out;
    }
};

}  // namespace perin::test
