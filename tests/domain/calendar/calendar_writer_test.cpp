#include "domain/calendar/calendar_writer.hpp"

#include "domain/calendar/calendar_reader.hpp"
#include "domain/calendar/content_line.hpp"
#include "domain/calendar/expansion.hpp"
#include "domain/calendar/zone_clock.hpp"
#include "domain/calendar/zone_names.hpp"
#include "domain/text.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <libical/ical.h>
#include <memory>
#include <rapidcheck.h>

using namespace perin;
using namespace perin::calendar;
using namespace std::chrono_literals;

namespace {

event event_at(std::string_view start, const std::string& zone) {
    event one;
    one.uid = "one";
    one.start = {time_form::zoned, zone, moment_of(start)->local};
    one.length = 1h;
    return one;
}

std::string written(const event& one) { return to_calendar(std::span(&one, 1), {}); }

/// The lines of a text as they are on the wire.
std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find("\r\n", at);
        REQUIRE(end != std::string::npos);
        out.push_back(text.substr(at, end - at));
        at = end + 2;
    }
    return out;
}

/// Text that an iCalendar value can hold: characters of every length, signs that mean something.
std::string any_text(std::size_t most) {
    static const std::vector<std::string> parts = {
        "a",  "B",          " ",        "\n",           "\\",
        ";",  ",",          ":",        "\"",           "^",
        "\t", "END:VEVENT", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
        "0",  "=",          "\\n"};
    std::string out;
    const auto size = *rc::gen::inRange<std::size_t>(0, most);
    for (std::size_t i = 0; i < size; ++i) {
        out += parts[*rc::gen::inRange<std::size_t>(0, parts.size())];
    }
    return out;
}

moment any_start() {
    const auto local = local_seconds{seconds{*rc::gen::inRange<std::int64_t>(0, 4'000'000'000)}};
    switch (*rc::gen::inRange(0, 4)) {
        case 0:
            return {time_form::all_day, {}, std::chrono::floor<std::chrono::days>(local)};
        case 1:
            return {time_form::floating, {}, local};
        case 2:
            return {time_form::zoned, "UTC", local};
        default: {
            const auto zones = windows_zones();
            const auto at = *rc::gen::inRange<std::size_t>(0, zones.size());
            return {time_form::zoned, std::string(zones[at].iana), local};
        }
    }
}

event any_event(const std::string& uid) {
    event one;
    one.uid = uid;
    one.sequence = *rc::gen::inRange(0, 5);
    one.title = any_text(60);
    one.description = any_text(200);
    one.location = any_text(20);
    one.status = static_cast<event_status>(*rc::gen::inRange(0, 3));
    one.busy = *rc::gen::arbitrary<bool>();
    one.start = any_start();
    const bool day = one.start.form == time_form::all_day;
    one.length = day ? seconds{std::chrono::days{*rc::gen::inRange(1, 9)}}
                     : seconds{*rc::gen::inRange(0, 200'000)};
    if (*rc::gen::arbitrary<bool>()) {
        static const std::vector<const char*> rules = {
            "FREQ=DAILY;COUNT=9", "FREQ=MONTHLY;BYDAY=-1FR,2MO;BYSETPOS=1", "FREQ=YEARLY;WKST=SU",
            "FREQ=WEEKLY;UNTIL=20300101T000000Z;INTERVAL=2", "FREQ=DAILY;UNTIL=20300101"};
        one.rule = *parse_rule(rules[*rc::gen::inRange<std::size_t>(0, rules.size())]);
    }
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
        one.added.push_back({one.start.local + std::chrono::days{10 - i}, std::nullopt});
        if (!day && *rc::gen::arbitrary<bool>()) one.added.back().length = seconds{i * 60};
        one.excluded.push_back(one.start.local + std::chrono::days{20 - i});
    }
    if (*rc::gen::arbitrary<bool>()) one.by = organizer{"ann@example.org", any_text(10)};
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
        one.attendees.push_back({"a" + std::to_string(i) + "@example.org", any_text(10),
                                 static_cast<attendee_role>(*rc::gen::inRange(0, 4)),
                                 static_cast<participation>(*rc::gen::inRange(0, 5)),
                                 *rc::gen::arbitrary<bool>()});
    }
    return one;
}

struct component_closer {
    void operator()(icalcomponent* component) const { icalcomponent_free(component); }
};
using component = std::unique_ptr<icalcomponent, component_closer>;

/// What another implementation reads.
component parsed_elsewhere(const std::string& text) {
    return component(icalparser_parse_string(text.c_str()));
}

}  // namespace

TEST_CASE("an event is written as iCalendar has it") {
    auto one = event_at("20260705T090000", "UTC");
    one.title = "Lunch, then; more\nand \\";
    one.attendees = {{"ben@example.org", "Ben \"B\"; x", attendee_role::optional,
                      participation::tentative, true}};
    const auto stamp = *from_rfc3339("2026-01-02T03:04:05Z");
    CHECK(to_calendar(std::span(&one, 1), {.stamp = stamp, .method = "REQUEST"}) ==
          "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Perin//Perin " PERIN_VERSION
          "//EN\r\nCALSCALE:GREGORIAN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:one\r\n"
          "DTSTAMP:20260102T030405Z\r\nDTSTART:20260705T090000Z\r\nDTEND:20260705T100000Z\r\n"
          "SUMMARY:Lunch\\, then\\; more\\nand \\\\\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n"
          "ATTENDEE;CN=\"Ben ^'B^'; x\";ROLE=OPT-PARTICIPANT;PARTSTAT=TENTATIVE;RSVP=TRU\r\n"
          " E:mailto:ben@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
}

TEST_CASE("no text of an event can begin a line or a parameter of its own") {
    auto one = event_at("20260705T090000", "UTC");
    const std::string hostile =
        "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\nATTACH:file:///etc/passwd\rX-A:1\";X=\"y";
    one.uid = one.title = one.description = one.location = hostile;
    one.by = organizer{hostile, hostile};
    one.attendees = {{hostile, hostile, {}, {}, false}};
    const auto text = to_calendar(std::span(&one, 1), {.stamp = {}, .method = hostile});
    std::size_t begins = 0;
    for (const auto& line : lines_of(text)) {
        CHECK(line.find_first_of("\r\n") == std::string::npos);
        CHECK_FALSE(line.starts_with("ATTACH"));
        CHECK_FALSE(line.starts_with("X-A"));
        if (line.starts_with("BEGIN:VEVENT")) ++begins;
    }
    CHECK(begins == 1);
    const auto again = parse_calendar(text);
    REQUIRE(again);
    REQUIRE(again->events.size() == 1);
    CHECK(again->events[0].attendees.size() == 1);
}

TEST_CASE("lines are folded after 75 octets and never within a character") {
    CHECK(rc::check([] {
        const auto text = any_text(300);
        std::string out;
        append_line(out, "SUMMARY:" + escaped(text));
        std::string unfolded;
        for (const auto& line : lines_of(out)) {
            RC_ASSERT(line.size() <= 75U);
            RC_ASSERT(is_utf8(line));
            unfolded += unfolded.empty() ? line : line.substr(1);
        }
        RC_ASSERT(unescaped(unfolded.substr(8)) == text);
    }));
}

TEST_CASE("what is written is read as the same events") {
    CHECK(rc::check([] {
        std::vector<event> events = {any_event("a;1"), any_event("b,\n2")};
        auto changed = any_event("a;1");
        changed.rule.reset();
        changed.added.clear();
        changed.excluded.clear();
        changed.recurrence_id =
            recurrence_id_of(events[0], events[0].start.local + std::chrono::days{7});
        events.push_back(changed);
        const auto text = to_calendar(events, {});
        for (const auto& line : lines_of(text)) RC_ASSERT(line.size() <= 75U);
        const auto again = parse_calendar(text);
        RC_ASSERT(again.has_value());
        RC_ASSERT(again->problems == std::vector<import_problem>{});
        RC_ASSERT(again->events == events);
    }));
}

TEST_CASE("an end in the doubled hour is told by its length") {
    auto one = event_at("20261025T023000", "Europe/Vienna");
    CHECK(written(one).find("DURATION:PT3600S") != std::string::npos);
    one.length = 2h;
    CHECK(written(one).find("DTEND;TZID=Europe/Vienna:20261025T033000") != std::string::npos);
}

TEST_CASE("another implementation reads the same times by the zones in the file") {
    struct row {
        const char* zone;
        const char* start;
    };
    const auto [zone, start] = GENERATE(values<row>({
        {"Europe/Vienna", "20260105T090000"},
        {"Europe/Vienna", "20260705T090000"},
        {"Europe/Vienna", "20351105T090000"},
        {"America/New_York", "20260307T090000"},
        {"America/New_York", "20260309T090000"},
        {"America/Santiago", "20320910T090000"},
        {"Asia/Jerusalem", "20330326T090000"},
        {"Asia/Kolkata", "20260705T090000"},
        {"Australia/Lord_Howe", "20290405T090000"},
        {"Pacific/Auckland", "20300401T090000"},
        {"Asia/Tehran", "20200401T090000"},
        {"Europe/Dublin", "20260105T090000"},
    }));
    CAPTURE(zone, start);
    auto one = event_at("20200105T090000", zone);
    one.rule = *parse_rule("FREQ=YEARLY");
    auto other = event_at(start, zone);
    other.uid = "two";
    other.title =
        "caf\xC3\xA9; \xF0\x9F\x98\x80 and a line that is long enough to be folded, "
        "twice: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789";
    const std::vector<event> events = {one, other};
    const auto calendar = parsed_elsewhere(to_calendar(events, {}));
    REQUIRE(calendar);
    CHECK(icalcomponent_count_errors(calendar.get()) == 0);
    CHECK(icalrestriction_check(calendar.get()) == 1);
    auto* const first = icalcomponent_get_first_component(calendar.get(), ICAL_VEVENT_COMPONENT);
    auto* const event = icalcomponent_get_next_component(calendar.get(), ICAL_VEVENT_COMPONENT);
    REQUIRE(first != nullptr);
    REQUIRE(event != nullptr);
    CHECK(icalcomponent_get_summary(event) == other.title);
    // Without its built-in zones: by the definition in the file.
    auto* const defined = icalcomponent_get_timezone(calendar.get(), zone);
    REQUIRE(defined != nullptr);
    const auto elsewhere = icaltime_as_timet_with_zone(icalcomponent_get_dtstart(event), defined);
    CHECK(sys_seconds{seconds{elsewhere}} == first_span(other, "UTC").starts_at);
}

TEST_CASE("rules come to the same times as by another implementation, where it follows the RFC") {
    // Left out for what libical 3.0.16 is known to get wrong: BYSETPOS with times or weeks, lists
    // out of order, negative days of DAILY, BYWEEKNO, and all that is more often than daily.
    CHECK(rc::check([] {
        static const std::vector<std::string> rules = {
            "FREQ=DAILY",
            "FREQ=DAILY;BYDAY=MO,TH,SA",
            "FREQ=DAILY;BYMONTH=2,5,11",
            "FREQ=WEEKLY",
            "FREQ=WEEKLY;BYDAY=TU,WE,SU",
            "FREQ=MONTHLY;BYMONTHDAY=-1,1,15",
            "FREQ=MONTHLY;BYDAY=1MO,-1FR",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2,3",
            "FREQ=YEARLY;BYMONTH=1,6;BYMONTHDAY=10,20",
            "FREQ=YEARLY;BYYEARDAY=1,100,-1",
            "FREQ=YEARLY;BYDAY=20MO,-1FR",
            "FREQ=YEARLY;BYMONTH=3,11;BYDAY=2SU"};
        const auto rule = rules[*rc::gen::inRange<std::size_t>(0, rules.size())] +
                          ";INTERVAL=" + std::to_string(*rc::gen::inRange(1, 5));
        const local_seconds start{seconds{*rc::gen::inRange<std::int64_t>(0, 2'000'000'000)}};
        const moment when{time_form::floating, {}, start};
        event one;
        one.start = when;
        one.rule = *parse_rule(rule);
        const sys_seconds from{start.time_since_epoch()};
        std::vector<std::string> ours;
        for (const auto& each :
             expand(std::span(&one, 1), from, from + std::chrono::days{1'500}, "UTC").occurrences) {
            ours.push_back(to_text(*each.recurrence_id));
        }
        std::vector<std::string> theirs = {to_text(when)};
        auto* const iterator = icalrecur_iterator_new(icalrecurrencetype_from_string(rule.c_str()),
                                                      icaltime_from_string(to_text(when).c_str()));
        const bool started = iterator != nullptr;
        RC_ASSERT(started);
        while (theirs.size() < ours.size()) {
            const auto next = icalrecur_iterator_next(iterator);
            if (icaltime_is_null_time(next)) break;
            const std::unique_ptr<char, decltype(&std::free)> shown(icaltime_as_ical_string_r(next),
                                                                    &std::free);
            const std::string text = shown.get();
            if (text != theirs.front()) theirs.push_back(text);
        }
        icalrecur_iterator_free(iterator);
        RC_ASSERT(ours == theirs);
    }));
}

TEST_CASE("every Windows name means a zone of this machine") {
    for (const auto& row : windows_zones()) {
        CAPTURE(row.windows);
        CHECK(timezone_of(row.windows) == std::string(row.iana));
    }
    CHECK_FALSE(timezone_of(""));
    CHECK_FALSE(timezone_of("/"));
    CHECK_FALSE(timezone_of("localtime"));
    CHECK_FALSE(timezone_of(std::string(100'000, '/')));
}
