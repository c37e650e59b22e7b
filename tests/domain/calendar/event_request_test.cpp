#include "domain/calendar/event_request.hpp"

#include "domain/calendar/zone_clock.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace perin;
using namespace perin::calendar;
using namespace std::chrono_literals;

namespace {

event_request lunch() {
    return {.title = "Lunch",
            .starts_at = *from_rfc3339("2026-12-01T11:00:00Z"),
            .ends_at = *from_rfc3339("2026-12-01T11:45:00Z")};
}

constexpr auto vienna = "Europe/Vienna";

}  // namespace

TEST_CASE("what is asked for becomes an event on its owner's clock") {
    const auto made = event_of(lunch(), vienna);
    REQUIRE(made);
    CHECK(made->start == moment{time_form::zoned, vienna, moment_of("20261201T120000")->local});
    CHECK(made->length == 45min);
    CHECK(made->busy);
    CHECK_FALSE(made->repeats());
}

TEST_CASE("whole days are those on the owner's clock, and take no time") {
    auto wanted = lunch();
    wanted.all_day = true;
    struct row {
        const char* start;
        const char* end;
        int days;
    };
    const auto [start, end, days] = GENERATE(values<row>({
        {"2026-11-30T23:00:00Z", "2026-11-30T23:00:00Z", 1},
        {"2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z", 1},
        {"2026-11-30T23:00:00Z", "2026-12-03T23:00:00Z", 3},
        {"2026-12-01T11:00:00Z", "2026-12-01T12:00:00Z", 1},
        {"2026-12-01T11:00:00Z", "2026-12-02T12:00:00Z", 2},
    }));
    CAPTURE(start, end);
    wanted.starts_at = *from_rfc3339(start);
    wanted.ends_at = *from_rfc3339(end);
    const auto made = event_of(wanted, vienna);
    REQUIRE(made);
    CHECK(made->start == *moment_of("20261201"));
    CHECK(made->length == std::chrono::days{days});
    CHECK_FALSE(made->busy);
}

TEST_CASE("a rule begins with its start") {
    auto wanted = lunch();
    wanted.repeat = "FREQ=WEEKLY;BYDAY=TU";
    const auto made = event_of(wanted, vienna);
    REQUIRE(made);
    CHECK(made->repeats());
    CHECK(made->start.timezone == vienna);
}

TEST_CASE("what cannot be an event is refused with its field") {
    struct row {
        const char* field;
        void (*spoil)(event_request&);
    };
    const auto [field, spoil] = GENERATE(values<row>({
        {"/title", [](event_request& one) { one.title.clear(); }},
        {"/title", [](event_request& one) { one.title = std::string(1'001, 'x'); }},
        {"/title", [](event_request& one) { one.title = "\xFF"; }},
        {"/location", [](event_request& one) { one.location = std::string(1'001, 'x'); }},
        {"/description", [](event_request& one) { one.description = std::string(20'001, 'x'); }},
        {"/end", [](event_request& one) { one.ends_at = one.starts_at; }},
        {"/end", [](event_request& one) { one.ends_at = one.starts_at - 1h; }},
        {"/repeat", [](event_request& one) { one.repeat = "FREQ=SOMETIMES"; }},
    }));
    auto wanted = lunch();
    spoil(wanted);
    const auto made = event_of(wanted, vienna);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == error_code::invalid_request);
    CHECK(made.error().pointer == field);
}

TEST_CASE("a request is read as it was written") {
    auto wanted = lunch();
    CHECK(*event_request_of(to_json(wanted)) == wanted);
    wanted.all_day = true;
    wanted.location = "Caf\xC3\xA9";
    wanted.description = "two\nlines";
    wanted.repeat = "FREQ=DAILY";
    CHECK(*event_request_of(to_json(wanted)) == wanted);
    for (const auto* field : {"title", "start", "end"}) {
        auto body = to_json(wanted);
        body[field] = "";
        REQUIRE_FALSE(event_request_of(body));
        CHECK(event_request_of(body).error().pointer == std::string("/") + field);
    }
}
