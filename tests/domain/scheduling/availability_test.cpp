#include "domain/scheduling/availability.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace {

using namespace perin;
using namespace perin::scheduling;
using namespace std::chrono_literals;

timestamp at(const std::string& rfc3339) { return from_rfc3339(rfc3339).value(); }

/// Of a Tuesday in Vienna, an hour ahead of UTC: "09:30".
timestamp tuesday(const std::string& clock) { return at("2026-12-01T" + clock + ":00+01:00"); }

busy_time busy(const std::string& from, const std::string& until, buffers around = {}) {
    return {.when = {tuesday(from), tuesday(until)}, .around = around};
}

working_hours every_day(std::vector<daily_hours> hours) {
    working_hours week;
    week.days.fill(hours);
    return week;
}

person in_vienna(std::vector<busy_time> meetings = {}) {
    return {.timezone = "Europe/Vienna",
            .hours = every_day({{9h, 12h}, {13h, 15h}}),
            .busy = std::move(meetings)};
}

slot_search one_day(std::vector<std::chrono::minutes> durations, std::chrono::minutes step) {
    return {.now = at("2026-11-25T00:00:00Z"),
            .from = tuesday("00:00"),
            .until = tuesday("00:00") + 24h,
            .durations = std::move(durations),
            .step = step};
}

/// The beginnings as UTC clock times, and lengths where there are several: "08:00 08:30".
std::string begins(std::span<const person> people, const slot_search& search) {
    const auto slots = free_slots(people, search);
    REQUIRE(slots);
    std::string text;
    for (const auto& each : *slots) {
        if (!text.empty()) text += ' ';
        text += to_rfc3339(each.start).substr(11, 5);
        if (search.durations.size() > 1)
            text += "+" + std::to_string((each.end - each.start) / 1min);
    }
    return text;
}

std::string begins(const person& who, const slot_search& search) {
    return begins(std::span(&who, 1), search);
}

}  // namespace

TEST_CASE("a free day has a slot at each step of its hours") {
    CHECK(begins(in_vienna(), one_day({60min}, 30min)) ==
          "08:00 08:30 09:00 09:30 10:00 12:00 12:30 13:00");
    CHECK(begins(in_vienna(), one_day({60min, 30min, 60min}, 60min)) ==
          "08:00+30 08:00+60 09:00+30 09:00+60 10:00+30 10:00+60 12:00+30 12:00+60 13:00+30 "
          "13:00+60");
    // Steps count from the beginning of hours, also where they are no part of an hour.
    auto late = in_vienna();
    late.hours = every_day({{9h + 10min, 11h}});
    CHECK(begins(late, one_day({30min}, 25min)) == "08:10 08:35 09:00 09:25");
    late.hours = working_hours{};
    CHECK(begins(late, one_day({30min}, 25min)).empty());
}

TEST_CASE("hours that touch are one time to meet in, hours that overlap give no slot twice") {
    auto who = in_vienna();
    who.hours = every_day({{10h, 11h}, {9h, 10h}});
    CHECK(begins(who, one_day({90min}, 30min)) == "08:00 08:30");
    who.hours = every_day({{9h, 11h}, {10h, 12h}});
    CHECK(begins(who, one_day({60min}, 60min)) == "08:00 09:00 10:00");
    who.hours = every_day({{9h, 11h}, {9h + 30min, 12h}});
    CHECK(begins(who, one_day({60min}, 60min)) == "08:00 08:30 09:00 09:30");
}

TEST_CASE("busy times leave what is free between them") {
    CHECK(begins(in_vienna({busy("09:30", "10:00"), busy("13:00", "14:00")}),
                 one_day({60min}, 30min)) == "09:00 09:30 10:00 13:00");
    CHECK(begins(in_vienna({busy("13:30", "14:00"), busy("08:00", "09:00"), busy("09:15", "11:00"),
                            busy("09:00", "09:20"), busy("15:00", "18:00")}),
                 one_day({30min}, 15min)) == "10:00 10:15 10:30 12:00 13:00 13:15 13:30");
    CHECK(begins(in_vienna({busy("00:00", "23:59")}), one_day({30min}, 15min)).empty());
    // What takes no time takes nobody's.
    CHECK(begins(in_vienna({busy("10:00", "10:00")}), one_day({120min}, 60min)) ==
          "08:00 09:00 12:00");
}

TEST_CASE("buffers of both neighbours add up") {
    auto who = in_vienna({busy("10:00", "10:30", {.before = 5min, .after = 10min})});
    who.hours = every_day({{9h, 12h}});
    // Until 9:55, and from 10:40 on.
    CHECK(begins(who, one_day({30min}, 5min)) ==
          "08:00 08:05 08:10 08:15 08:20 08:25 09:40 09:45 09:50 09:55 10:00 10:05 10:10 10:15 "
          "10:20 10:25 10:30");
    // The new one's 15 minutes after it end before the 5 of the other begin.
    who.around = {.before = 20min, .after = 15min};
    CHECK(begins(who, one_day({30min}, 5min)) ==
          "08:00 08:05 08:10 10:00 10:05 10:10 10:15 10:20 10:25 10:30");
}

TEST_CASE("notice, range and days bound the beginnings") {
    auto who = in_vienna();
    auto search = one_day({60min}, 30min);
    search.now = tuesday("08:01");
    who.notice = 120min;
    CHECK(begins(who, search) == "09:30 10:00 12:00 12:30 13:00");
    search.until = tuesday("13:30");
    CHECK(begins(who, search) == "09:30 10:00 12:00");
    search.from = tuesday("11:00");
    CHECK(begins(who, search) == "10:00 12:00");
    search.until = search.from;
    CHECK(begins(who, search).empty());

    search = one_day({60min}, 30min);
    const auto day = date::local_days{date::year{2026} / 12 / 1};
    who = in_vienna();
    who.first_day = day;
    who.last_day = day;
    CHECK(begins(who, search) == "08:00 08:30 09:00 09:30 10:00 12:00 12:30 13:00");
    who.first_day = day + date::days{1};
    CHECK(begins(who, search).empty());
    who.first_day.reset();
    who.last_day = day - date::days{1};
    CHECK(begins(who, search).empty());
    // All of a meeting lies within the days.
    who.last_day = day;
    who.hours = every_day({hours_between(22h, 2h)});
    CHECK(begins(who, search) == "23:00 23:30 00:00 21:00 21:30 22:00");
}

TEST_CASE("holds are busy until they expire") {
    auto hold = busy("09:00", "12:00");
    hold.held_until = at("2026-11-25T00:10:00Z");
    const auto who = in_vienna({hold});
    auto search = one_day({60min}, 60min);
    search.now = at("2026-11-25T00:09:59.999Z");
    CHECK(begins(who, search) == "12:00 13:00");
    search.now = at("2026-11-25T00:10:00Z");
    CHECK(begins(who, search) == "08:00 09:00 10:00 12:00 13:00");
}

TEST_CASE("of the limits a day, a week and a month the strictest decides") {
    auto who = in_vienna();
    const auto meet = [&](const std::string& start, bool counted = true) {
        who.busy.push_back({.when = {at(start), at(start) + 5min}, .counted = counted});
    };
    // Monday, 30 November; the Tuesday and the Wednesday asked for; Sunday; and the next Monday.
    meet("2026-11-30T10:00:00+01:00");
    meet("2026-12-02T08:00:00+01:00");
    meet("2026-12-06T23:30:00+01:00");
    meet("2026-12-07T00:30:00+01:00");
    auto search = one_day({60min}, 60min);
    search.until = tuesday("00:00") + 48h;
    const std::string first = "08:00 09:00 10:00 12:00 13:00";
    CHECK(begins(who, search) == first + " " + first);
    who.most = {.a_day = 1};
    CHECK(begins(who, search) == first);
    who.most = {.a_day = 2, .a_week = 3};
    CHECK(begins(who, search).empty());
    who.most = {.a_week = 4};
    CHECK(begins(who, search) == first + " " + first);
    // Three begin in December.
    who.most = {.a_month = 3};
    CHECK(begins(who, search).empty());
    who.most = {.a_month = 4};
    CHECK(begins(who, search) == first + " " + first);
    // What is not counted fills nothing.
    meet("2026-12-02T08:30:00+01:00", false);
    who.most = {.a_day = 2};
    CHECK(begins(who, search) == first + " " + first);
    who.most = {.a_day = 0};
    CHECK(begins(who, search).empty());
    // An expired hold counts for nothing.
    who.most = {.a_day = 1};
    for (auto& each : who.busy) each.held_until = search.now;
    CHECK(begins(who, search) == first + " " + first);
}

TEST_CASE("several people are free where each of them is, at the first one's steps") {
    // Working hours of New York begin at 14:00 UTC, those of Kolkata end at 11:30.
    person vienna = in_vienna({busy("15:30", "16:00")});
    vienna.hours = every_day({{8h + 10min, 18h}});
    person new_york{.timezone = "America/New_York", .hours = every_day({{9h, 17h}})};
    const person kolkata{.timezone = "Asia/Kolkata", .hours = every_day({{9h, 17h}})};
    const std::vector<person> two{vienna, new_york};
    CHECK(begins(two, one_day({30min}, 30min)) == "15:10 15:40 16:10");
    const std::vector<person> other_way{new_york, vienna};
    CHECK(begins(other_way, one_day({30min}, 30min)) == "14:00 15:00 15:30 16:00 16:30");
    const std::vector<person> three{vienna, new_york, kolkata};
    CHECK(begins(three, one_day({30min}, 30min)).empty());
    // Each one's own buffers and notice.
    std::vector<person> apart{new_york, vienna};
    apart[1].around = {.before = 15min};
    CHECK(begins(apart, one_day({30min}, 30min)) == "14:00 15:30 16:00 16:30");
    apart[1].notice = std::chrono::hours{24 * 6 + 16};
    CHECK(begins(apart, one_day({30min}, 30min)) == "16:00 16:30");
}

TEST_CASE("steps stay what the clock shows on the days of a change") {
    person who{.timezone = "Europe/Berlin", .hours = every_day({{0h, 5h}})};
    slot_search search{.now = at("2026-03-01T00:00:00Z"),
                       .from = at("2026-03-28T23:00:00Z"),
                       .until = at("2026-03-29T22:00:00Z"),
                       .durations = {60min},
                       .step = 60min};
    // 0:00, 1:00, 3:00, 4:00 in Berlin.
    CHECK(begins(who, search) == "23:00 00:00 01:00 02:00");
    search.step = 45min;
    // 0:00, 0:45, 1:30, 3:00 and 3:45; 2:15 is skipped.
    CHECK(begins(who, search) == "23:00 23:45 00:30 01:00 01:45");
    search = {.now = at("2026-10-01T00:00:00Z"),
              .from = at("2026-10-24T22:00:00Z"),
              .until = at("2026-10-25T23:00:00Z"),
              .durations = {60min},
              .step = 60min};
    // 2:00 comes twice.
    CHECK(begins(who, search) == "22:00 23:00 00:00 01:00 02:00 03:00");
    who.hours = every_day({{2h, 2h + 30min}});
    search.durations = {30min};
    CHECK(begins(who, search) == "00:00 01:00");
    search.durations = {31min};
    CHECK(begins(who, search).empty());
    // Half an hour on Lord Howe: after 1:00 and 1:30 comes 1:30 again.
    person far{.timezone = "Australia/Lord_Howe", .hours = every_day({{1h, 4h}})};
    search = {.now = at("2026-04-01T00:00:00Z"),
              .from = at("2026-04-04T13:00:00Z"),
              .until = at("2026-04-05T13:30:00Z"),
              .durations = {30min},
              .step = 60min};
    CHECK(begins(far, search) == "14:00 15:30 16:30");
}

TEST_CASE("a search that is none is told") {
    const auto code = [](const person& who, const slot_search& search) {
        const auto found = free_slots(std::span(&who, 1), search);
        return found ? "" : to_string(found.error().code);
    };
    const auto good = one_day({30min}, 30min);
    CHECK(code(in_vienna(), good) == std::string());
    const std::string bad = "invalid_request";
    CHECK(free_slots({}, good).error().code == error_code::invalid_request);
    for (auto change : {+[](slot_search& search) { search.durations.clear(); },
                        +[](slot_search& search) { search.durations = {0min}; },
                        +[](slot_search& search) { search.durations = {25h}; },
                        +[](slot_search& search) { search.step = 0min; },
                        +[](slot_search& search) { search.until = search.from - 1ms; },
                        +[](slot_search& search) { search.until = search.from + 401 * 24h; },
                        +[](slot_search& search) { search.now = timestamp::max(); },
                        +[](slot_search& search) { search.from = timestamp::min(); }}) {
        auto search = good;
        change(search);
        CHECK(code(in_vienna(), search) == bad);
    }
    for (auto change :
         {+[](person& who) { who.timezone = "Nowhere/Land"; },
          +[](person& who) {
              who.hours.days[0] = {{9h, 9h}};
          },
          +[](person& who) { who.around.before = -1min; },
          +[](person& who) { who.around.after = 25h; }, +[](person& who) { who.notice = -1min; },
          +[](person& who) { who.busy = {{.when = {}, .around = {.after = -1min}}}; }}) {
        auto who = in_vienna();
        change(who);
        CHECK(code(who, good) == bad);
    }
    // Times beyond any calendar are cut off, not overflown.
    const person always{.busy = {{.when = {timestamp::min(), timestamp::max()}}}};
    CHECK(begins(always, good).empty());
}
