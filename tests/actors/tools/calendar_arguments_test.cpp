#include "actors/tools/calendar_arguments.hpp"

#include "domain/json_schema.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::actors;
using namespace perin::runtime;
using nlohmann::json;

namespace {

/// A Monday, 9:30 in Vienna.
const timestamp now = *from_rfc3339("2026-11-30T08:30:00Z");
const calendar_reading with{now, now, "Europe/Vienna"};

template <class Message>
std::string refusal(const read_call<Message>& read) {
    const auto* why = std::get_if<failure>(&read);
    REQUIRE(why);
    CHECK(why->code == error_code::invalid_request);
    return why->pointer + ": " + why->detail;
}

calendar::calendar_entry lunch() {
    calendar::calendar_entry out;
    out.id = "evt_1";
    out.title = "Lunch";
    out.starts_at = *from_rfc3339("2026-12-04T11:00:00Z");
    out.ends_at = *from_rfc3339("2026-12-04T12:00:00Z");
    return out;
}

}  // namespace

TEST_CASE("every schema is one, and refuses arguments that are wrong in every way") {
    struct row {
        json schema;
        json good;
        std::vector<json> bad;
    };
    const std::vector<row> rows{
        {find_time_schema(),
         json::object(),
         {{{"durationMins", 0}},
          {{"durationMins", "30"}},
          {{"durationMins", 4.5}},
          {{"when", 3}},
          {{"user_id", "usr_other"}},
          json::array(),
          {{"limit", 21}},
          {{"anyHour", "yes"}}}},
        {list_events_schema(), json::object(), {{{"limit", 0}}, {{"when", ""}}, {{"email", "x"}}}},
        {create_event_schema(),
         {{"title", "x"}, {"when", "tomorrow at 3"}},
         {{{"when", "tomorrow"}},
          {{"title", ""}, {"when", "tomorrow"}},
          {{"title", "x"}, {"when", nullptr}},
          {{"title", {"x"}}, {"when", "tomorrow"}},
          {{"title", std::string(201, 'x')}, {"when", "tomorrow"}},
          {{"title", "x"}, {"when", "tomorrow"}, {"durationMins", 400 * 24 * 60}},
          {{"title", "x"}, {"when", "tomorrow"}, {"userId", "usr_other"}}}},
        {reschedule_event_schema(),
         {{"event", "lunch"}, {"when", "2pm"}},
         {{{"when", "2pm"}}, {{"event", 1}, {"when", "2pm"}}}},
        {cancel_event_schema(),
         {{"event", "lunch"}},
         {json::object(), {{"event", ""}}, {{"event", "x"}, {"wholeSeries", 1}}}},
    };
    for (const auto& [schema, good, bad] : rows) {
        CHECK(check_schema(schema, good));
        for (const auto& each : bad) {
            INFO(each.dump());
            CHECK_FALSE(check_schema(schema, each));
        }
    }
}

TEST_CASE("an event is made of its words") {
    auto read = read_create_event(
        {{"title", "Lunch"}, {"when", "tomorrow at noon for 90 minutes"}, {"location", "Café"}},
        with);
    const auto* made = std::get_if<book_time>(&read);
    REQUIRE(made);
    CHECK(made->what.title == "Lunch");
    CHECK(made->what.location == "Café");
    CHECK(made->by_owner);
    const auto when = first_span(made->what, with.timezone);
    CHECK(to_rfc3339(when.starts_at) == "2026-12-01T11:00:00Z");
    CHECK(to_rfc3339(when.ends_at) == "2026-12-01T12:30:00Z");
    CHECK(made->what.start.timezone == "Europe/Vienna");
    auto whole =
        read_create_event({{"title", "Fair"}, {"when", "on 3 December"}, {"allDay", true}}, with);
    const auto* day = std::get_if<book_time>(&whole);
    REQUIRE(day);
    CHECK(day->what.start.form == calendar::time_form::all_day);
    CHECK(day->what.length == std::chrono::hours{24});
    CHECK_FALSE(day->what.busy);
}

TEST_CASE("a time may be given as RFC 3339 instead of words") {
    auto read = read_create_event({{"title", "x"},
                                   {"start", "2026-12-01T10:00:00+01:00"},
                                   {"end", "2026-12-01T10:45:00+01:00"}},
                                  with);
    REQUIRE(std::get_if<book_time>(&read));
    const auto when = first_span(std::get<book_time>(read).what, "UTC");
    CHECK(to_rfc3339(when.starts_at) == "2026-12-01T09:00:00Z");
    CHECK(to_rfc3339(when.ends_at) == "2026-12-01T09:45:00Z");
    CHECK(refusal(read_create_event({{"title", "x"}}, with)).starts_with("/when: the words name"));
    auto moved =
        read_reschedule({{"event", "x"}, {"start", "2026-12-05T10:00:00Z"}}, lunch(), with);
    REQUIRE(std::get_if<move_event>(&moved));
    CHECK(to_rfc3339(std::get<move_event>(moved).starts_at) == "2026-12-05T10:00:00Z");
}

TEST_CASE("times that cannot be are refused with what is wrong about them") {
    auto create = [](const json& more) {
        json arguments{{"title", "x"}, {"when", "2026-12-01T10:00:00Z"}};
        arguments.update(more);
        return refusal(read_create_event(arguments, with));
    };
    CHECK(create({{"when", "yesterday at 3pm"}}) == "/when: lies in the past");
    CHECK(create({{"when", "2020-01-01T10:00:00Z"}}) == "/when: lies in the past");
    CHECK(create({{"end", "2026-12-01T09:00:00Z"}}) == "/end: the end is not after the start");
    CHECK(create({{"end", "tea time"}}) == "/end: is not RFC 3339");
    CHECK(create({{"end", "2028-01-05T10:00:00Z"}}) ==
          "/durationMins: an event may last 31 days at most");
    CHECK(create({{"when", "whenever you like"}}).starts_with("/when: the words name no time"));
    CHECK(refusal(read_find_time({{"when", "yesterday"}}, with)) == "/when: lies in the past");
    CHECK(refusal(read_reschedule({{"event", "x"}, {"when", "yesterday at 3"}}, lunch(), with)) ==
          "/when: lies in the past");
}

TEST_CASE("words of a call that was approved later mean what they meant") {
    const calendar_reading later{now + std::chrono::hours{24 * 3}, now, "Europe/Vienna"};
    const json arguments{{"title", "x"}, {"when", "on Friday at 10"}};
    auto read = read_create_event(arguments, later);
    REQUIRE(std::get_if<book_time>(&read));
    CHECK(to_rfc3339(first_span(std::get<book_time>(read).what, "UTC").starts_at) ==
          "2026-12-04T09:00:00Z");
    // What is over by then is over.
    CHECK(refusal(read_create_event({{"title", "x"}, {"when", "tomorrow at 10"}}, later)) ==
          "/when: lies in the past");
}

TEST_CASE("what is ambiguous is asked back with all that can be meant") {
    auto read = read_create_event({{"title", "x"}, {"when", "12/3 at noon"}}, with);
    const auto* asked = std::get_if<json>(&read);
    REQUIRE(asked);
    CHECK((*asked)["status"] == "ambiguous");
    CHECK_FALSE((*asked)["question"].get<std::string>().empty());
    REQUIRE((*asked)["choices"].size() == 2);
    CHECK((*asked)["choices"][0]["startLocal"] == "2026-12-03T12:00:00+01:00");
    auto part = read_create_event({{"title", "x"}, {"when", "tomorrow morning"}}, with);
    REQUIRE(std::get_if<json>(&part));
    CHECK(std::get<json>(part)["question"] == "At what time of that day?");
    CHECK_FALSE(std::get<json>(part)["choices"].empty());
    auto day = read_create_event({{"title", "x"}, {"when", "tomorrow"}}, with);
    REQUIRE(std::get_if<json>(&day));
    CHECK(std::get<json>(day)["choices"].empty());
}

TEST_CASE("a moment is asked for as it is, a stretch within the usual hours") {
    auto moment = read_find_time({{"when", "Thursday at 2pm"}, {"durationMins", 60}}, with);
    const auto& exact = std::get<find_free_time>(moment);
    CHECK(to_rfc3339(exact.search.from) == "2026-12-03T13:00:00Z");
    CHECK(exact.search.until - exact.search.from == std::chrono::minutes{1});
    CHECK_FALSE(exact.weights);
    auto week = read_find_time({{"when", "tomorrow"}}, with);
    const auto& stretch = std::get<find_free_time>(week);
    CHECK(to_rfc3339(stretch.search.from) == "2026-11-30T23:00:00Z");
    CHECK(to_rfc3339(stretch.search.until) == "2026-12-01T23:00:00Z");
    CHECK(stretch.rules.hours == scheduling::office_hours());
    CHECK(stretch.weights);
}

TEST_CASE("an event that is moved keeps its length, its day or its time, as it is said") {
    auto moved = [](const char* when) {
        auto read = read_reschedule({{"event", "lunch"}, {"when", when}}, lunch(), with);
        const auto* to = std::get_if<move_event>(&read);
        REQUIRE(to);
        CHECK_FALSE(to->ends_at);
        return to_rfc3339(to->starts_at, with.timezone);
    };
    CHECK(moved("2pm") == "2026-12-04T14:00:00+01:00");
    CHECK(moved("tomorrow") == "2026-12-01T12:00:00+01:00");
    CHECK(moved("tomorrow at 1pm") == "2026-12-01T13:00:00+01:00");
}

TEST_CASE("the event that is meant is the next of a series, or asked for") {
    auto first = lunch();
    first.recurrence_id = "20261204T110000Z";
    auto second = first;
    second.recurrence_id = "20261211T110000Z";
    second.starts_at += std::chrono::hours{24 * 7};
    second.ends_at += std::chrono::hours{24 * 7};
    auto other = lunch();
    other.id = "evt_2";
    other.title = "Lunch with Bert";
    auto meant = [](const json& arguments, const std::vector<calendar::calendar_entry>& among) {
        return read_event_meant(arguments, among, with);
    };
    CHECK(std::get<calendar::calendar_entry>(meant({{"event", "lunch"}}, {first, second})) ==
          first);
    CHECK(std::get<calendar::calendar_entry>(
              meant({{"event", "evt_1"}, {"recurrenceId", "20261211T110000Z"}}, {first, second})) ==
          second);
    CHECK(std::get<json>(meant({{"event", "lunch meeting"}}, {lunch(), other}))["status"] ==
          "which");
    CHECK(std::get<failure>(meant({{"event", "dinner"}}, {lunch()})).code == error_code::not_found);
    CHECK(std::get<failure>(meant({{"event", "evt_3"}}, {lunch()})).code == error_code::not_found);
}
