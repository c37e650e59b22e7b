#include "domain/calendar/expansion.hpp"

#include "domain/calendar/zone_clock.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace perin;
using namespace perin::calendar;
using namespace std::chrono_literals;

namespace {

moment at(std::string_view text, const std::string& zone = {}) {
    auto when = moment_of(text);
    REQUIRE(when);
    if (!zone.empty()) *when = {time_form::zoned, zone, when->local};
    return *when;
}

event event_at(std::string uid, const moment& start, seconds length, std::string_view rule = {}) {
    event one;
    one.uid = std::move(uid);
    one.start = start;
    one.length = length;
    if (!rule.empty()) {
        auto read = parse_rule(rule);
        REQUIRE(read);
        one.rule = *read;
    }
    return one;
}

timestamp utc(std::string_view text) { return *from_rfc3339(text); }

/// `start/end` of each occurrence, with the number of its event where there are several.
std::vector<std::string> spans(const std::vector<event>& events, std::string_view from,
                               std::string_view until, const std::string& viewer = "UTC") {
    std::vector<std::string> out;
    for (const auto& one : expand(events, utc(from), utc(until), viewer).occurrences) {
        auto text = to_rfc3339(one.starts_at) + '/' + to_rfc3339(one.ends_at);
        if (events.size() > 1) text += " #" + std::to_string(one.event);
        out.push_back(std::move(text));
    }
    return out;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("an event is in a window that it overlaps with, and not in one that it touches") {
    const std::vector<event> one = {event_at("a", at("20260105T090000Z"), 1h)};
    const texts found = {"2026-01-05T09:00:00Z/2026-01-05T10:00:00Z"};
    CHECK(spans(one, "2026-01-05T09:59:59Z", "2026-01-06T00:00:00Z") == found);
    CHECK(spans(one, "2026-01-05T00:00:00Z", "2026-01-05T09:00:01Z") == found);
    CHECK(spans(one, "2026-01-05T10:00:00Z", "2026-01-06T00:00:00Z").empty());
    CHECK(spans(one, "2026-01-05T00:00:00Z", "2026-01-05T09:00:00Z").empty());
    const std::vector<event> instant = {event_at("a", at("20260105T090000Z"), 0s)};
    CHECK(spans(instant, "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z").size() == 1);
    CHECK(spans(instant, "2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z").empty());
}

TEST_CASE("an occurrence that began long before the window is in it") {
    const std::vector<event> one = {
        event_at("a", at("20260101T000000Z"), 240h, "FREQ=MONTHLY;COUNT=3")};
    CHECK(spans(one, "2026-02-10T00:00:00Z", "2026-02-10T12:00:00Z") ==
          texts{"2026-02-01T00:00:00Z/2026-02-11T00:00:00Z"});
}

TEST_CASE("a series keeps its wall clock and its elapsed length across a change of the clock") {
    const std::vector<event> one = {
        event_at("a", at("20260328T013000", "Europe/Vienna"), 2h, "FREQ=DAILY;COUNT=3")};
    CHECK(spans(one, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z") ==
          texts{"2026-03-28T00:30:00Z/2026-03-28T02:30:00Z",
                "2026-03-29T00:30:00Z/2026-03-29T02:30:00Z",
                "2026-03-29T23:30:00Z/2026-03-30T01:30:00Z"});
}

TEST_CASE("a day lasts from midnight to midnight of whoever looks") {
    const std::vector<event> one = {event_at("a", at("20260329"), 24h, "FREQ=DAILY;COUNT=2")};
    CHECK(spans(one, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "Europe/Vienna") ==
          texts{"2026-03-28T23:00:00Z/2026-03-29T22:00:00Z",
                "2026-03-29T22:00:00Z/2026-03-30T22:00:00Z"});
    CHECK(spans(one, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "Pacific/Kiritimati") ==
          texts{"2026-03-28T10:00:00Z/2026-03-29T10:00:00Z",
                "2026-03-29T10:00:00Z/2026-03-30T10:00:00Z"});
}

TEST_CASE("a floating time is one of whoever looks") {
    const std::vector<event> one = {event_at("a", at("20260705T090000"), 1h)};
    CHECK(spans(one, "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z", "America/New_York") ==
          texts{"2026-07-05T13:00:00Z/2026-07-05T14:00:00Z"});
}

TEST_CASE("a changed occurrence takes the place of its own") {
    auto series = event_at("a", at("20260105T090000", "Europe/Vienna"), 1h, "FREQ=DAILY;COUNT=4");
    auto changed = event_at("a", at("20260106T150000", "Europe/London"), 2h);
    changed.recurrence_id = at("20260106T080000Z");

    SECTION("where it stays in the window") {
        CHECK(spans({series, changed}, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z") ==
              texts{"2026-01-05T08:00:00Z/2026-01-05T09:00:00Z #0",
                    "2026-01-06T15:00:00Z/2026-01-06T17:00:00Z #1",
                    "2026-01-07T08:00:00Z/2026-01-07T09:00:00Z #0",
                    "2026-01-08T08:00:00Z/2026-01-08T09:00:00Z #0"});
    }
    SECTION("where it moves out of the window") {
        CHECK(spans({changed, series}, "2026-01-06T00:00:00Z", "2026-01-06T12:00:00Z").empty());
    }
    SECTION("where it moves into the window") {
        CHECK(spans({series, changed}, "2026-01-06T12:00:00Z", "2026-01-07T00:00:00Z") ==
              texts{"2026-01-06T15:00:00Z/2026-01-06T17:00:00Z #1"});
    }
    SECTION("where it is cancelled") {
        changed.status = event_status::cancelled;
        CHECK(spans({series, changed}, "2026-01-06T00:00:00Z", "2026-01-08T00:00:00Z") ==
              texts{"2026-01-07T08:00:00Z/2026-01-07T09:00:00Z #0"});
    }
    SECTION("where the series has none there") {
        changed.recurrence_id = at("20260201T080000Z");
        CHECK(spans({series, changed}, "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z") ==
              texts{"2026-01-06T08:00:00Z/2026-01-06T09:00:00Z #0",
                    "2026-01-06T15:00:00Z/2026-01-06T17:00:00Z #1"});
    }
    SECTION("but not that of another series") {
        changed.uid = "b";
        CHECK(spans({series, changed}, "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z").size() == 2);
    }
    SECTION("and says which it was") {
        const std::vector<event> both = {series, changed};
        const auto found =
            expand(both, utc("2026-01-06T12:00:00Z"), utc("2026-01-07T00:00:00Z"), "UTC");
        REQUIRE(found.occurrences.size() == 1);
        CHECK(found.occurrences[0].recurrence_id == at("20260106T080000Z"));
    }
}

TEST_CASE("a changed day takes the place of its own day in every zone") {
    const auto series = event_at("a", at("20260105"), 24h, "FREQ=WEEKLY;COUNT=3");
    auto changed = event_at("a", at("20260113"), 24h);
    changed.recurrence_id = at("20260112");
    CHECK(spans({series, changed}, "2026-01-08T00:00:00Z", "2026-01-17T00:00:00Z", "Asia/Tokyo") ==
          texts{"2026-01-12T15:00:00Z/2026-01-13T15:00:00Z #1"});
}

TEST_CASE("what is cancelled takes place at no time") {
    auto one = event_at("a", at("20260105T090000Z"), 1h, "FREQ=DAILY");
    one.status = event_status::cancelled;
    CHECK(spans({one}, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z").empty());
}

TEST_CASE("added starts may have a length of their own and no rule beside them") {
    auto one = event_at("a", at("20260105T090000Z"), 1h);
    one.added = {{at("20260106T120000").local, 30min}, {at("20260107T120000").local, std::nullopt}};
    CHECK(spans({one}, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z") ==
          texts{"2026-01-05T09:00:00Z/2026-01-05T10:00:00Z",
                "2026-01-06T12:00:00Z/2026-01-06T12:30:00Z",
                "2026-01-07T12:00:00Z/2026-01-07T13:00:00Z"});
    one.added.push_back({at("20251231T120000").local, std::nullopt});
    CHECK(spans({one}, "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z").size() == 1);
}

TEST_CASE("an exclusion in the time that the clock skips is found by its moment") {
    auto one = event_at("a", at("20260328T023000", "Europe/Vienna"), 1h, "FREQ=DAILY;COUNT=3");
    one.excluded = {at("20260329T033000").local};
    CHECK(spans({one}, "2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z").empty());
}

TEST_CASE("the rule's end in UTC is compared as a moment") {
    const std::vector<event> included = {event_at("a", at("20261105T190000", "America/New_York"),
                                                  1h, "FREQ=DAILY;UNTIL=20261107T000000Z")};
    CHECK(spans(included, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").size() == 2);
    const std::vector<event> excluded = {event_at("a", at("20261105T190000", "America/New_York"),
                                                  1h, "FREQ=DAILY;UNTIL=20261106T235959Z")};
    CHECK(spans(excluded, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").size() == 1);
}

TEST_CASE("a rule that never ends, matches or pauses costs no more than its bound") {
    struct row {
        std::string_view rule;
        bool cut;
        std::size_t found;
    };
    const auto [rule, cut, found] = GENERATE(values<row>({
        {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", false, 0},
        {"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", false, 0},
        {"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=31", false, 0},
        {"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31", false, 0},
        {"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31;COUNT=2", false, 0},
        {"FREQ=SECONDLY;BYHOUR=3;BYMINUTE=7;BYSECOND=59;INTERVAL=100000000", false, 0},
        {"FREQ=YEARLY;BYYEARDAY=366;INTERVAL=100000000", false, 0},
        {"FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6", false, 0},
        {"FREQ=DAILY;BYDAY=MO;BYSETPOS=2", false, 0},
        {"FREQ=SECONDLY", true, 10'000},
        {"FREQ=SECONDLY;COUNT=1000000000", true, 10'000},
        {"FREQ=SECONDLY;BYSECOND=1;COUNT=1000000000", true, 0},
        {"FREQ=MINUTELY;BYSECOND=0,1,2,3,4,5,6,7,8,9,10", true, 10'000},
    }));
    CAPTURE(rule);
    const std::vector<event> one = {event_at("a", at("20160105T090000Z"), 1s, rule)};
    const auto out = expand(one, utc("2026-01-01T00:00:00Z"), utc("2026-04-01T00:00:00Z"), "UTC");
    CHECK(out.cut_short == (cut ? std::vector<std::size_t>{0} : std::vector<std::size_t>{}));
    CHECK(out.occurrences.size() == found);
}

TEST_CASE("all series together cost no more than the bound on all") {
    std::vector<event> many;
    for (int i = 0; i < 200; ++i) {
        many.push_back(event_at("s" + std::to_string(i), at("20160105T090000Z"), 1s,
                                "FREQ=SECONDLY;BYSECOND=1;COUNT=1000000000"));
    }
    many.push_back(event_at("last", at("20260105T090000Z"), 1h));
    const auto out = expand(many, utc("2026-01-01T00:00:00Z"), utc("2026-04-01T00:00:00Z"), "UTC");
    CHECK(out.cut_short.size() == 200);
    REQUIRE(out.occurrences.size() == 1);
    CHECK(out.occurrences[0].event == 200);
}

TEST_CASE("too many occurrences are cut and told") {
    std::vector<event> many;
    for (int i = 0; i < 20; ++i) {
        many.push_back(
            event_at("s" + std::to_string(i), at("20260105T090000Z"), 1s, "FREQ=SECONDLY"));
    }
    expansion_bounds bounds;
    bounds.occurrences = 50'000;
    const auto out =
        expand(many, utc("2026-01-01T00:00:00Z"), utc("2026-04-01T00:00:00Z"), "UTC", bounds);
    CHECK(out.occurrences.size() == 50'000);
    CHECK(out.cut_short.size() == 20);
}

TEST_CASE("windows at the ends of time are answered") {
    const std::vector<event> one = {event_at("a", at("20260105T090000Z"), 1h, "FREQ=YEARLY")};
    CHECK(expand(one, timestamp::min(), utc("2027-01-01T00:00:00Z"), "UTC").occurrences.size() ==
          1);
    CHECK(expand(one, utc("9990-01-01T00:00:00Z"), timestamp::max(), "UTC").occurrences.size() ==
          9);
    CHECK(expand(one, utc("2027-01-01T00:00:00Z"), utc("2026-01-01T00:00:00Z"), "UTC")
              .occurrences.empty());
}

TEST_CASE("the end of a series is told where it has one") {
    CHECK(last_end(event_at("a", at("20260105T090000Z"), 1h)) == utc("2026-01-05T10:00:00Z"));
    CHECK(last_end(event_at("a", at("20260105T090000Z"), 1h, "FREQ=DAILY;COUNT=3")) ==
          utc("2026-01-07T10:00:00Z"));
    CHECK(last_end(event_at("a", at("20260105T090000Z"), 1h,
                            "FREQ=DAILY;UNTIL=20260107T090000Z")) >= utc("2026-01-07T10:00:00Z"));
    CHECK_FALSE(last_end(event_at("a", at("20260105T090000Z"), 1h, "FREQ=DAILY")));
    CHECK_FALSE(
        last_end(event_at("a", at("20260105T090000Z"), 1h, "FREQ=SECONDLY;COUNT=1000000000")));
}

TEST_CASE("an event is put where two points in time are") {
    event one;
    place(one, utc("2026-03-28T08:00:00Z"), utc("2026-03-28T09:30:00Z"), "Europe/Vienna");
    CHECK(one.start == at("20260328T090000", "Europe/Vienna"));
    CHECK(one.length == 90min);
    // 02:30 comes twice: the first keeps the zone, the second can only be told in UTC.
    place(one, utc("2026-10-25T00:30:00Z"), utc("2026-10-25T01:30:00Z"), "Europe/Vienna");
    CHECK(one.start == at("20261025T023000", "Europe/Vienna"));
    place(one, utc("2026-10-25T01:30:00Z"), utc("2026-10-25T02:30:00Z"), "Europe/Vienna");
    CHECK(one.start == at("20261025T013000Z"));
    CHECK(first_span(one, "UTC") ==
          span_of_time{utc("2026-10-25T01:30:00Z"), utc("2026-10-25T02:30:00Z")});
    place(one, utc("2026-03-28T08:00:00Z"), utc("2026-03-28T07:00:00Z"), "Atlantis/Nowhere");
    CHECK(one.start == at("20260328T080000Z"));
    CHECK(one.length == 0s);
}

TEST_CASE("a zone's clock goes on by its rule where the list of its changes ends") {
    zone_clock vienna("Europe/Vienna");
    for (const int year : {2037, 2038, 2039, 2050, 2100, 2400, 9000}) {
        CAPTURE(year);
        const std::chrono::year y{year};
        const auto switched = std::chrono::local_days{y / std::chrono::March /
                                                      std::chrono::Sunday[std::chrono::last]};
        const local_seconds before = switched + 1h + 59min;
        const local_seconds after = switched + 3h;
        CHECK(vienna.to_instant(before).time_since_epoch() == before.time_since_epoch() - 1h);
        CHECK(vienna.to_instant(after).time_since_epoch() == after.time_since_epoch() - 2h);
        CHECK(vienna.to_local(vienna.to_instant(after)) == after);
        CHECK(vienna.to_instant(after) - vienna.to_instant(before) == 1min);
    }
}
