#include "domain/scheduling/working_hours.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace {

using namespace perin;
using namespace perin::scheduling;
using namespace std::chrono_literals;

timestamp at(const std::string& rfc3339) { return from_rfc3339(rfc3339).value(); }

zone_line line_of(const std::string& timezone, const std::string& around) {
    return zone_line::over(timezone, {at(around) - 240h, at(around) + 240h}).value();
}

/// The working time of the day around a moment, of hours that are the same each day.
std::string working(const daily_hours& hours, const std::string& timezone, const std::string& from,
                    const std::string& until) {
    working_hours week;
    week.days.fill({hours});
    std::vector<interval> all;
    for (const auto& each : working_pieces(week, line_of(timezone, from), {at(from), at(until)}))
        all.push_back(each.when);
    std::string text;
    for (const auto& each : intersected(merged(std::move(all)), {{at(from), at(until)}})) {
        if (!text.empty()) text += ", ";
        text += to_rfc3339(each.start) + " " + to_rfc3339(each.end);
    }
    return text;
}

}  // namespace

TEST_CASE("a clock over a change shows what the zone has") {
    const auto berlin = line_of("Europe/Berlin", "2026-03-29T01:00:00Z");
    const auto shown = [&](const char* when) {
        return date::format("%F %T", date::floor<std::chrono::seconds>(berlin.shown(at(when))));
    };
    CHECK(shown("2026-03-29T00:59:00Z") == "2026-03-29 01:59:00");
    CHECK(shown("2026-03-29T01:00:00Z") == "2026-03-29 03:00:00");
    CHECK(date::format("%F", berlin.day_of(at("2026-03-29T21:59:00Z"))) == "2026-03-29");
    CHECK(date::format("%F", berlin.day_of(at("2026-03-29T22:00:00Z"))) == "2026-03-30");
    CHECK(zone_line::over("Nowhere/Land", {at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z")})
              .error()
              .code == error_code::invalid_request);
}

TEST_CASE("working hours are what the clock shows, on days with a change too") {
    // Berlin: 2:00 becomes 3:00.
    const char* spring = "2026-03-28T23:00:00Z";
    const char* spring_end = "2026-03-29T22:00:00Z";
    CHECK(working({9h, 17h}, "Europe/Berlin", spring, spring_end) ==
          "2026-03-29T07:00:00Z 2026-03-29T15:00:00Z");
    CHECK(working({1h, 2h + 30min}, "Europe/Berlin", spring, spring_end) ==
          "2026-03-29T00:00:00Z 2026-03-29T01:00:00Z");
    CHECK(working({2h + 15min, 4h}, "Europe/Berlin", spring, spring_end) ==
          "2026-03-29T01:00:00Z 2026-03-29T02:00:00Z");
    CHECK(working({2h + 15min, 2h + 45min}, "Europe/Berlin", spring, spring_end).empty());
    CHECK(working({0h, 24h}, "Europe/Berlin", spring, spring_end) ==
          "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z");
    // 3:00 becomes 2:00: the hour between comes twice.
    const char* autumn = "2026-10-24T22:00:00Z";
    const char* autumn_end = "2026-10-25T23:00:00Z";
    CHECK(working({1h, 4h}, "Europe/Berlin", autumn, autumn_end) ==
          "2026-10-24T23:00:00Z 2026-10-25T03:00:00Z");
    CHECK(working({1h, 2h + 30min}, "Europe/Berlin", autumn, autumn_end) ==
          "2026-10-24T23:00:00Z 2026-10-25T00:30:00Z, 2026-10-25T01:00:00Z 2026-10-25T01:30:00Z");
    // Lord Howe goes back by half an hour: 2:00 becomes 1:30.
    CHECK(working({1h, 3h}, "Australia/Lord_Howe", "2026-04-04T13:00:00Z",
                  "2026-04-05T13:00:00Z") == "2026-04-04T14:00:00Z 2026-04-04T16:30:00Z");
    // Santiago skips midnight itself.
    CHECK(working({0h, 2h}, "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T12:00:00Z") ==
          "2026-09-06T04:00:00Z 2026-09-06T05:00:00Z");
    CHECK(working({9h, 17h}, "Asia/Kathmandu", "2026-09-05T00:00:00Z", "2026-09-05T18:00:00Z") ==
          "2026-09-05T03:15:00Z 2026-09-05T11:15:00Z");
}

TEST_CASE("hours across midnight belong to the day on which they begin") {
    CHECK(hours_between(22h, 2h) == daily_hours{22h, 26h});
    CHECK(hours_between(9h, 24h) == daily_hours{9h, 24h});
    working_hours week;
    week.days[4] = {hours_between(22h, 2h)};  // Friday
    const auto pieces = working_pieces(week, line_of("UTC", "2026-12-05T00:00:00Z"),
                                       {at("2026-12-05T00:00:00Z"), at("2026-12-06T00:00:00Z")});
    REQUIRE(pieces.size() == 1);
    CHECK(pieces[0].when == interval{at("2026-12-04T22:00:00Z"), at("2026-12-05T02:00:00Z")});
}

TEST_CASE("hours that are none are told") {
    const auto fits = [](std::chrono::minutes from, std::chrono::minutes until) {
        working_hours week;
        week.days[6] = {{from, until}};
        return !unfit(week).has_value();
    };
    CHECK(fits(0h, 24h));
    CHECK(fits(23h, 47h));
    CHECK_FALSE(fits(23h, 47h + 1min));
    CHECK_FALSE(fits(9h, 9h));
    CHECK_FALSE(fits(9h, 8h));
    CHECK_FALSE(fits(-1min, 8h));
    CHECK_FALSE(fits(24h, 25h));
    CHECK_FALSE(unfit(office_hours()).has_value());
}
