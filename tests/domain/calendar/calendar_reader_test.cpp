#include "domain/calendar/calendar_reader.hpp"

#include "domain/calendar/expansion.hpp"
#include "domain/text.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>

using namespace perin;
using namespace perin::calendar;
using namespace std::chrono_literals;

namespace {

/// A file with these lines in a calendar.
std::string file(std::string_view lines) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + std::string(lines) + "END:VCALENDAR\r\n";
}

/// An event of these lines, on a morning unless they say when.
std::string vevent(std::string_view uid, std::string_view lines) {
    std::string out = "BEGIN:VEVENT\r\nUID:" + std::string(uid) + "\r\n";
    if (lines.find("DTSTART") == std::string_view::npos) out += "DTSTART:20260105T090000Z\r\n";
    return out + std::string(lines) + "END:VEVENT\r\n";
}

imported read(std::string_view text) {
    auto out = parse_calendar(text);
    REQUIRE(out);
    return std::move(*out);
}

/// The one event of these lines.
event read_one(std::string_view lines) {
    auto out = read(file(vevent("one", lines)));
    REQUIRE(out.events.size() == 1);
    return out.events[0];
}

/// Why these lines are no event.
std::string refused(std::string_view lines) {
    const auto out = read(file(vevent("one", lines) + vevent("good", "")));
    REQUIRE(out.events.size() == 1);
    CHECK(out.events[0].uid == "good");
    REQUIRE(out.problems.size() == 1);
    CHECK(out.problems[0].uid == "one");
    CHECK(out.problems[0].line == 3);
    return out.problems[0].what;
}

moment zoned(std::string_view text, const std::string& zone) {
    return {time_form::zoned, zone, moment_of(text)->local};
}

const std::string big(1024 * 1024, 'x');

}  // namespace

TEST_CASE("what an event says is read") {
    const auto one = read_one(
        "DTSTART;TZID=Europe/Vienna:20260105T090000\r\n"
        "DTEND;TZID=America/New_York:20260105T040000\r\n"
        "SUMMARY;LANGUAGE=en:Lunch\\, then; more\\nand \\\\ more\r\n"
        "DESCRIPTION:folded at\r\n  a space and\r\n\t a tab\r\n"
        "LOCATION:Room\r\nSTATUS:tentative\r\nTRANSP:TRANSPARENT\r\nSEQUENCE:4\r\n"
        "RRULE:FREQ=DAILY;COUNT=3\r\n"
        "EXDATE;TZID=Europe/Vienna:20260107T090000,20260106T090000\r\nEXDATE:20260108T080000Z\r\n"
        "RDATE;VALUE=PERIOD:20260110T090000Z/PT30M,20260110T100000Z/20260110T110000Z\r\n"
        "ORGANIZER;CN=\"Ann; the ^'boss^'\":MAILTO:ann@example.org\r\n"
        "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED;RSVP=TRUE;CN=Ben:mailto:ben@example.org\r\n"
        "ATTENDEE:urn:uuid:1234\r\n"
        "ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA\r\nX-THING:1\r\n"
        "BEGIN:VALARM\r\nSUMMARY:not this\r\nDTSTART:20200101T000000Z\r\nEND:VALARM\r\n");
    CHECK(one.start == zoned("20260105T090000", "Europe/Vienna"));
    CHECK(one.length == 1h);
    CHECK(one.title == "Lunch, then; more\nand \\ more");
    CHECK(one.description == "folded at a space and a tab");
    CHECK(one.location == "Room");
    CHECK(one.status == event_status::tentative);
    CHECK_FALSE(one.busy);
    CHECK(one.sequence == 4);
    REQUIRE(one.rule);
    CHECK(to_text(*one.rule) == "FREQ=DAILY;COUNT=3");
    CHECK(one.excluded == std::vector{moment_of("20260106T090000")->local,
                                      moment_of("20260107T090000")->local,
                                      moment_of("20260108T090000")->local});
    CHECK(one.added == std::vector<added_start>{{moment_of("20260110T100000")->local, 30min},
                                                {moment_of("20260110T110000")->local, 1h}});
    CHECK(one.by == organizer{"ann@example.org", "Ann; the \"boss\""});
    CHECK(one.attendees ==
          std::vector<attendee>{
              {"ben@example.org", "Ben", attendee_role::chair, participation::accepted, true},
              {"urn:uuid:1234", "", attendee_role::required, participation::needs_action, false}});
}

TEST_CASE("days, floating times and lengths are read") {
    CHECK(read_one("DTSTART;VALUE=DATE:20260105\r\n").length == 24h);
    CHECK(read_one("DTSTART;VALUE=DATE:20260105\r\nDTEND;VALUE=DATE:20260108\r\n").length == 72h);
    CHECK(read_one("DTSTART;VALUE=DATE:20260105\r\nDTEND;VALUE=DATE:20260105\r\n").length == 24h);
    CHECK(read_one("DTSTART:20260105T090000\r\n").start.form == time_form::floating);
    CHECK(read_one("DTSTART:20260105T090000\r\n").length == 0s);
    CHECK(read_one("DURATION:PT1H30M\r\n").length == 90min);
    CHECK(read_one("DURATION:P1W\r\n").length == 168h);
    // A day of the wall clock, on which an hour is skipped.
    CHECK(read_one("DTSTART;TZID=Europe/Vienna:20260328T120000\r\nDURATION:P1DT1H\r\n").length ==
          24h);
    // An exclusion without a time is that day's.
    CHECK(read_one("RRULE:FREQ=DAILY\r\nEXDATE;VALUE=DATE:20260107\r\n").excluded ==
          std::vector{moment_of("20260107T090000")->local});
}

TEST_CASE("a bad event is a problem, and the good ones come in") {
    CHECK(refused("DTSTART:yesterday\r\n") == "its DTSTART is no date or time");
    CHECK(refused("DTSTART:20260230T090000Z\r\n") == "its DTSTART is no date or time");
    CHECK(refused("DTSTART;VALUE=DATE:20260105T090000Z\r\n") ==
          "its DTSTART is said to be a day and is none");
    CHECK(refused("DTSTART;TZID=Nowhere:20260105T090000\r\n") ==
          "the time zone of its DTSTART is not known");
    CHECK(refused("DTEND:20260105T080000Z\r\n") == "it ends before it starts");
    CHECK(refused("DTEND;VALUE=DATE:20260106\r\n") ==
          "one of DTSTART and DTEND is a day, the other a time");
    CHECK(refused("DTEND:20460105T080000Z\r\n") == "it lasts more than ten years");
    CHECK(refused("DURATION:P99999999W\r\n") == "it lasts more than ten years");
    CHECK(refused("DURATION:-PT1H\r\n") == "its DURATION is none");
    CHECK(refused("DURATION:PT\r\n") == "its DURATION is none");
    CHECK(refused("RRULE:FREQ=SOMETIMES\r\n") == "the recurrence rule's FREQ is not one");
    CHECK(refused("RRULE:FREQ=DAILY;X=" + big + "\r\n") == "its recurrence rule is too long");
    std::string dates = "EXDATE:20260107T090000Z";
    for (int i = 0; i < 5'000; ++i) dates += ",20260107T090000Z";
    CHECK(refused(dates + "\r\n") == "it has more than 5000 added and excluded dates");
    const auto out = read(file(vevent(big, "") + vevent("good", "")));
    CHECK(out.events.size() == 1);
    CHECK(out.problems == std::vector<import_problem>{{3, std::string(100, 'x'),
                                                       "its UID is longer than 1000 characters"}});
}

TEST_CASE("an event without a UID or a start is told by its line") {
    const auto out =
        read(file("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nEND:VEVENT\r\n"
                  "BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\n"));
    CHECK(out.events.empty());
    CHECK(out.problems ==
          std::vector<import_problem>{{3, "", "it has no UID"}, {6, "a", "it has no DTSTART"}});
}

TEST_CASE("texts that are too long are cut and told") {
    const auto out = read(file(vevent("one", "SUMMARY:" + big + "\r\nDESCRIPTION:" + big +
                                                 "\r\nATTACH;VALUE=BINARY:" + big + "\r\n")));
    REQUIRE(out.events.size() == 1);
    CHECK(out.events[0].title == std::string(1'000, 'x'));
    CHECK(out.events[0].description.size() == 20'000);
    CHECK(out.problems == std::vector<import_problem>{
                              {3, "one", "its title was cut after 1000 characters"},
                              {3, "one", "its description was cut after 20000 characters"}});
}

TEST_CASE("a line that folds without end is cut") {
    std::string text = "SUMMARY:";
    for (int i = 0; i < 400'000; ++i) text += "\r\n x";
    const auto out = read(file(vevent("one", text + "\r\n")));
    REQUIRE(out.events.size() == 1);
    CHECK(out.events[0].title.size() == 1'000);
}

TEST_CASE("a file that is too large or holds too many events is refused") {
    CHECK(parse_calendar(std::string(20 * 1024 * 1024 + 1, 'x')).error().code ==
          error_code::too_large);
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += vevent(std::to_string(i), "");
    const auto most = read(file(many));
    CHECK(most.events.size() == 20'000);
    CHECK(most.problems.empty());
    for (int i = 0; i < 80'000; ++i) many += "BEGIN:VEVENT\nEND:VEVENT\n";
    const auto refusal = parse_calendar(file(many));
    REQUIRE_FALSE(refusal);
    CHECK(refusal.error().code == error_code::too_large);
    CHECK(refusal.error().detail == "the file has more than 20000 events");
    std::string properties = "BEGIN:VCALENDAR\nBEGIN:VEVENT\n";
    for (int i = 0; i < 1'000'001; ++i) properties += "UID:\n";
    CHECK(parse_calendar(properties).error().code == error_code::too_large);
}

TEST_CASE("what is no calendar is refused") {
    const auto* const text = GENERATE("", "\n\n", "hello", "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
                                      "<html>", "{\"a\":1}", "BEGIN:VCARD\r\nEND:VCARD\r\n");
    CHECK(parse_calendar(text).error().code == error_code::invalid_request);
    CHECK(parse_calendar(std::string("\xFF\xFE") + "B\0E\0").error().detail ==
          "the file is in UTF-16; it has to be in UTF-8");
}

TEST_CASE("components that are not ended or not begun are told, and what is whole comes in") {
    SECTION("an event within an event") {
        const auto out =
            read(file("BEGIN:VEVENT\r\nUID:a\r\n" + vevent("b", "") + vevent("c", "")));
        CHECK(out.events.size() == 2);
        REQUIRE_FALSE(out.problems.empty());
        CHECK(out.problems[0] == import_problem{3, "a", "the event is not ended"});
    }
    SECTION("an end without a beginning") {
        const auto out = read(file("END:VEVENT\r\n" + vevent("b", "")));
        CHECK(out.events.size() == 1);
        CHECK(out.problems ==
              std::vector<import_problem>{{3, "", "something ends here that has not begun"}});
    }
    SECTION("a file that stops") {
        const auto out = read("BEGIN:VCALENDAR\n" + vevent("a", "") + "BEGIN:VEVENT\nUID:b\n");
        CHECK(out.events.size() == 1);
        REQUIRE(out.problems.size() == 2);
        CHECK(out.problems[0].what == "the event is not ended");
    }
    SECTION("an alarm that is not ended") {
        const auto out = read(file(vevent("a", "BEGIN:VALARM\r\n") + vevent("b", "")));
        CHECK(out.events.size() == 2);
        CHECK(out.problems.size() == 1);
    }
    SECTION("lines that are no properties") {
        const auto out = read(file("no colon\r\n" + vevent("a", ":x\r\nX;=1:2\r\nX;A=\"1:2\r\n")));
        CHECK(out.events.size() == 1);
        CHECK(out.problems.size() == 4);
    }
}

TEST_CASE("components that nest without end are left out, and the rest comes in") {
    std::string deep;
    for (int i = 0; i < 200'000; ++i) deep += "BEGIN:X\n";
    deep += vevent("hidden", "");
    for (int i = 0; i < 200'000; ++i) deep += "END:X\n";
    const auto out = read(file(deep + vevent("a", "")));
    REQUIRE(out.events.size() == 1);
    CHECK(out.events[0].uid == "a");
    CHECK(out.problems.size() == 1);
}

TEST_CASE("text in another charset and control characters are repaired and told once") {
    const auto out = read(file(vevent("a", "SUMMARY:caf\xE9\r\nLOCATION:\xE9\r\n") +
                               vevent("b", std::string("SUMMARY:x\0\x1B y\r\n", 15))));
    REQUIRE(out.events.size() == 2);
    CHECK(out.events[0].title == "caf\xEF\xBF\xBD");
    CHECK(out.events[1].title == "x y");
    CHECK(out.problems.size() == 2);
    CHECK(read("\xEF\xBB\xBF" + file(vevent("a", ""))).events.size() == 1);
    // A fold may go through a character.
    CHECK(read_one("SUMMARY:caf\xC3\r\n \xA9\r\n").title == "caf\xC3\xA9");
}

TEST_CASE("of an event that comes twice the higher sequence wins, else the last") {
    const auto out =
        read(file(vevent("a", "SEQUENCE:2\r\nSUMMARY:new\r\n") +
                  vevent("a", "SEQUENCE:1\r\nSUMMARY:old\r\n") + vevent("b", "SUMMARY:first\r\n") +
                  vevent("b", "SUMMARY:last\r\n") +
                  vevent("b", "RECURRENCE-ID:20260106T090000Z\r\nSUMMARY:changed\r\n")));
    REQUIRE(out.events.size() == 3);
    CHECK(out.events[0].title == "new");
    CHECK(out.events[1].title == "last");
    CHECK(out.events[2].title == "changed");
    CHECK(out.problems.size() == 2);
}

TEST_CASE("a recurrence id is put on the clock of its series") {
    const std::string series = "DTSTART;TZID=Europe/Vienna:20260705T090000\r\nRRULE:FREQ=DAILY\r\n";
    const auto* const id =
        GENERATE("RECURRENCE-ID:20260707T070000Z\r\n",
                 "RECURRENCE-ID;TZID=Europe/London:20260707T080000\r\n",
                 "RECURRENCE-ID:20260707T090000\r\n", "RECURRENCE-ID;VALUE=DATE:20260707\r\n");
    const auto out = read(file(vevent("a", id) + vevent("a", series)));
    REQUIRE(out.events.size() == 2);
    REQUIRE(out.events[0].recurrence_id);
    CHECK(to_text(*out.events[0].recurrence_id) == "20260707T070000Z");
}

TEST_CASE("time zones are found by many names") {
    struct row {
        std::string_view tzid;
        std::string_view zone;
    };
    const auto [tzid, zone] = GENERATE(values<row>({
        {"Europe/Vienna", "Europe/Vienna"},
        {"W. Europe Standard Time", "Europe/Berlin"},
        {"Eastern Standard Time", "America/New_York"},
        {"/freeassociation.sourceforge.net/Tzfile/Europe/Vienna", "Europe/Vienna"},
        {"/mozilla.org/20050126_1/America/Argentina/Buenos_Aires",
         "America/Argentina/Buenos_Aires"},
        {"\"Europe/Vienna\"", "Europe/Vienna"},
    }));
    CHECK(read_one("DTSTART;TZID=" + std::string(tzid) + ":20260705T090000\r\n").start ==
          zoned("20260705T090000", std::string(zone)));
}

namespace {

std::string vtimezone(std::string_view tzid, std::string_view summer, std::string_view winter,
                      std::string_view offset, std::string_view ahead) {
    const std::string to_summer =
        "TZOFFSETFROM:" + std::string(offset) + "\r\nTZOFFSETTO:" + std::string(ahead) + "\r\n";
    const std::string to_winter =
        "TZOFFSETFROM:" + std::string(ahead) + "\r\nTZOFFSETTO:" + std::string(offset) + "\r\n";
    return "BEGIN:VTIMEZONE\r\nTZID:" + std::string(tzid) + "\r\nBEGIN:STANDARD\r\n" +
           "DTSTART:16010101T030000\r\n" + to_winter + "RRULE:FREQ=YEARLY;" + std::string(winter) +
           "\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\n" + to_summer +
           "RRULE:FREQ=YEARLY;" + std::string(summer) + "\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";
}

}  // namespace

TEST_CASE("a zone that a file defines is the one whose clock shows the same") {
    const auto central = vtimezone("Customized Time Zone", "BYMONTH=3;BYDAY=-1SU",
                                   "BYMONTH=10;BYDAY=-1SU", "+0100", "+0200");
    const auto lines = "DTSTART;TZID=Customized Time Zone:20260705T090000\r\nRRULE:FREQ=DAILY\r\n";
    // The definition may stand before or after.
    for (const auto& text : {central + vevent("a", lines), vevent("a", lines) + central}) {
        const auto out = read(file(text));
        REQUIRE(out.events.size() == 1);
        CHECK(out.problems.empty());
        CHECK(expand(out.events, *from_rfc3339("2026-12-01T00:00:00Z"),
                     *from_rfc3339("2026-12-02T00:00:00Z"), "UTC")
                  .occurrences.at(0)
                  .starts_at == *from_rfc3339("2026-12-01T08:00:00Z"));
        CHECK(out.events[0].start.timezone == "Europe/Budapest");
    }
}

TEST_CASE("a time in a zone that only the file knows is put down in UTC, a series refused") {
    const auto odd =
        vtimezone("Odd", "BYMONTH=5;BYDAY=1WE", "BYMONTH=9;BYDAY=2TH", "+0117", "+0231");
    const auto out = read(file(odd + vevent("a", "DTSTART;TZID=Odd:20260705T090000\r\n") +
                               vevent("b", "DTSTART;TZID=Odd:20260105T090000\r\n") +
                               vevent("c",
                                      "DTSTART;TZID=Odd:20260705T090000\r\n"
                                      "RRULE:FREQ=DAILY\r\n")));
    REQUIRE(out.events.size() == 2);
    CHECK(out.events[0].start == zoned("20260705T062900", "UTC"));
    CHECK(out.events[1].start == zoned("20260105T074300", "UTC"));
    REQUIRE(out.problems.size() == 3);
    CHECK(out.problems[2].what == "its time zone is not known, and it repeats");
}

TEST_CASE("zones that change every second or say nothing are no zones") {
    const auto mad = vtimezone("Mad", "BYMONTH=3", "BYMONTH=4;BYHOUR=1,2,3", "+0100", "+0200");
    const auto empty = std::string("BEGIN:VTIMEZONE\r\nTZID:Empty\r\nEND:VTIMEZONE\r\n");
    const auto wrong = std::string(
        "BEGIN:VTIMEZONE\r\nTZID:Wrong\r\nBEGIN:STANDARD\r\n"
        "DTSTART:16010101T000000\r\nTZOFFSETFROM:+9900\r\n"
        "TZOFFSETTO:1\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n");
    std::string secondly = mad;
    for (auto at = secondly.find("YEARLY"); at != std::string::npos; at = secondly.find("YEARLY")) {
        secondly.replace(at, 6, "SECONDLY");
    }
    const auto out =
        read(file(empty + wrong + secondly + vevent("a", "DTSTART;TZID=Mad:20260705T090000\r\n") +
                  vevent("b", "DTSTART;TZID=Empty:20260705T090000\r\n") +
                  vevent("c", "DTSTART;TZID=Wrong:20260705T090000\r\n")));
    CHECK(out.events.empty());
    CHECK(out.problems.size() == 4);
}

TEST_CASE("problems are told up to a bound and counted beyond it") {
    std::string many;
    for (int i = 0; i < 150; ++i) many += vevent(std::to_string(i), "DTSTART:x\r\n");
    const auto out = read(file(many));
    CHECK(out.problems.size() == 100);
    CHECK(out.problems_left_out == 50);
}

TEST_CASE("any text is read or refused, and what is read is well-formed") {
    CHECK(rc::check([] {
        static const std::vector<std::string> parts = {"BEGIN:VEVENT\r\n",
                                                       "END:VEVENT\r\n",
                                                       "BEGIN:VCALENDAR\n",
                                                       "END:VCALENDAR\n",
                                                       "UID:a\n",
                                                       "DTSTART:",
                                                       "DTEND:",
                                                       "20260105",
                                                       "T090000",
                                                       "Z",
                                                       "\n",
                                                       "\r\n ",
                                                       "RRULE:FREQ=DAILY",
                                                       ";COUNT=2",
                                                       "EXDATE:",
                                                       ";TZID=",
                                                       "Europe/Vienna",
                                                       "BEGIN:VTIMEZONE\n",
                                                       "END:VTIMEZONE\n",
                                                       "SUMMARY:",
                                                       "\xC3",
                                                       "\xFF",
                                                       "\\",
                                                       "\"",
                                                       ",",
                                                       ":",
                                                       ";",
                                                       "DURATION:P1D",
                                                       "ATTENDEE;CN=",
                                                       "mailto:a@b",
                                                       "RECURRENCE-ID:",
                                                       "^n"};
        std::string text = "BEGIN:VCALENDAR\n";
        for (const auto index : *rc::gen::container<std::vector<std::uint8_t>>(
                 rc::gen::inRange<std::uint8_t>(0, static_cast<std::uint8_t>(parts.size())))) {
            text += parts[index];
        }
        const auto out = parse_calendar(text);
        RC_ASSERT(out.has_value());
        for (const auto& one : out->events) {
            RC_ASSERT(!one.uid.empty());
            RC_ASSERT(is_utf8(one.title));
            RC_ASSERT(one.length >= 0s);
        }
    }));
}
