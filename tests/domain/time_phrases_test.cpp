#include "domain/time_phrases.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

using namespace perin;
using precision = enum time_phrase::precision;

timestamp at(const std::string& rfc3339) { return from_rfc3339(rfc3339).value(); }

struct reading {
    const char* text;
    /// The user's wall clock shows the end of this with the zone's offset.
    const char* start;
    const char* end;
    precision exact;
    const char* matched;
};

void check(const std::vector<reading>& table, const char* now, const std::string& zone) {
    for (const auto& row : table) {
        INFO(row.text << " at " << now << " in " << zone);
        const auto found = find_time_phrase(row.text, at(now), zone);
        const auto* phrase = std::get_if<time_phrase>(&found);
        REQUIRE(phrase != nullptr);
        CHECK(to_rfc3339(phrase->start) == to_rfc3339(at(row.start)));
        CHECK((phrase->end ? to_rfc3339(*phrase->end) : "") ==
              (*row.end != 0 ? to_rfc3339(at(row.end)) : ""));
        CHECK(phrase->precision == row.exact);
        CHECK(phrase->matched == row.matched);
        CHECK(std::string(row.text).substr(phrase->begin, phrase->length) == phrase->matched);
    }
}

constexpr auto minute = precision::minute;
constexpr auto part = precision::part_of_day;
constexpr auto day = precision::day;
constexpr auto week = precision::week;
constexpr auto month = precision::month;

}  // namespace

TEST_CASE("days are read from a Tuesday in Vienna") {
    check(
        {
            {"today", "2026-12-01T00:00:00+01:00", "2026-12-02T00:00:00+01:00", day, "today"},
            {"See you tomorrow!", "2026-12-02T00:00:00+01:00", "2026-12-03T00:00:00+01:00", day,
             "tomorrow"},
            {"the day after tomorrow", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00",
             day, "the day after tomorrow"},
            {"yesterday", "2026-11-30T00:00:00+01:00", "2026-12-01T00:00:00+01:00", day,
             "yesterday"},
            {"the day before yesterday", "2026-11-29T00:00:00+01:00", "2026-11-30T00:00:00+01:00",
             day, "the day before yesterday"},
            {"What is today's date?", "2026-12-01T00:00:00+01:00", "2026-12-02T00:00:00+01:00", day,
             "today"},
            {"tonight", "2026-12-01T18:00:00+01:00", "2026-12-02T00:00:00+01:00", part, "tonight"},
            {"last night", "2026-11-30T22:00:00+01:00", "2026-12-01T06:00:00+01:00", part,
             "last night"},
            {"this evening", "2026-12-01T18:00:00+01:00", "2026-12-01T22:00:00+01:00", part,
             "this evening"},
            {"tomorrow morning", "2026-12-02T06:00:00+01:00", "2026-12-02T12:00:00+01:00", part,
             "tomorrow morning"},
            {"tomorrow in the afternoon", "2026-12-02T12:00:00+01:00", "2026-12-02T18:00:00+01:00",
             part, "tomorrow in the afternoon"},
            {"tomorrow night", "2026-12-02T22:00:00+01:00", "2026-12-03T06:00:00+01:00", part,
             "tomorrow night"},
            {"in the morning", "2026-12-02T06:00:00+01:00", "2026-12-02T12:00:00+01:00", part,
             "in the morning"},
            {"in the evening", "2026-12-01T18:00:00+01:00", "2026-12-01T22:00:00+01:00", part,
             "in the evening"},
            {"on Friday", "2026-12-04T00:00:00+01:00", "2026-12-05T00:00:00+01:00", day,
             "on Friday"},
            {"on Tuesday", "2026-12-08T00:00:00+01:00", "2026-12-09T00:00:00+01:00", day,
             "on Tuesday"},
            {"this Tuesday", "2026-12-01T00:00:00+01:00", "2026-12-02T00:00:00+01:00", day,
             "this Tuesday"},
            {"this Thursday", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day,
             "this Thursday"},
            {"next Tuesday", "2026-12-08T00:00:00+01:00", "2026-12-09T00:00:00+01:00", day,
             "next Tuesday"},
            {"next Thursday", "2026-12-10T00:00:00+01:00", "2026-12-11T00:00:00+01:00", day,
             "next Thursday"},
            {"next Monday", "2026-12-07T00:00:00+01:00", "2026-12-08T00:00:00+01:00", day,
             "next Monday"},
            {"last Tuesday", "2026-11-24T00:00:00+01:00", "2026-11-25T00:00:00+01:00", day,
             "last Tuesday"},
            {"last Monday", "2026-11-30T00:00:00+01:00", "2026-12-01T00:00:00+01:00", day,
             "last Monday"},
            {"the coming Sunday", "2026-12-06T00:00:00+01:00", "2026-12-07T00:00:00+01:00", day,
             "the coming Sunday"},
            {"Tuesday next week", "2026-12-08T00:00:00+01:00", "2026-12-09T00:00:00+01:00", day,
             "Tuesday next week"},
            {"next week on Sunday", "2026-12-13T00:00:00+01:00", "2026-12-14T00:00:00+01:00", day,
             "next week on Sunday"},
            {"next Tuesday morning", "2026-12-08T06:00:00+01:00", "2026-12-08T12:00:00+01:00", part,
             "next Tuesday morning"},
            {"on sat", "2026-12-05T00:00:00+01:00", "2026-12-06T00:00:00+01:00", day, "on sat"},
            {"the weekend", "2026-12-05T00:00:00+01:00", "2026-12-07T00:00:00+01:00", day,
             "the weekend"},
            {"next weekend", "2026-12-12T00:00:00+01:00", "2026-12-14T00:00:00+01:00", day,
             "next weekend"},
        },
        "2026-12-01T14:20:30+01:00", "Europe/Vienna");
}

TEST_CASE("spans, weeks and months are read from a Tuesday in Vienna") {
    check(
        {
            {"in two weeks", "2026-12-15T00:00:00+01:00", "2026-12-16T00:00:00+01:00", day,
             "in two weeks"},
            {"in 3 days", "2026-12-04T00:00:00+01:00", "2026-12-05T00:00:00+01:00", day,
             "in 3 days"},
            {"a week from tomorrow", "2026-12-09T00:00:00+01:00", "2026-12-10T00:00:00+01:00", day,
             "a week from tomorrow"},
            {"two weeks ago", "2026-11-17T00:00:00+01:00", "2026-11-18T00:00:00+01:00", day,
             "two weeks ago"},
            {"in a couple of days", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day,
             "in a couple of days"},
            {"in 3 months", "2027-03-01T00:00:00+01:00", "2027-03-02T00:00:00+01:00", day,
             "in 3 months"},
            {"in a year", "2027-12-01T00:00:00+01:00", "2027-12-02T00:00:00+01:00", day,
             "in a year"},
            {"in 45 minutes", "2026-12-01T15:05:30+01:00", "", minute, "in 45 minutes"},
            {"in an hour", "2026-12-01T15:20:30+01:00", "", minute, "in an hour"},
            {"in half an hour", "2026-12-01T14:50:30+01:00", "", minute, "in half an hour"},
            {"ten minutes ago", "2026-12-01T14:10:30+01:00", "", minute, "ten minutes ago"},
            {"two hours from now", "2026-12-01T16:20:30+01:00", "", minute, "two hours from now"},
            {"right now", "2026-12-01T14:20:30+01:00", "", minute, "now"},
            {"next week", "2026-12-07T00:00:00+01:00", "2026-12-14T00:00:00+01:00", week,
             "next week"},
            {"this week", "2026-11-30T00:00:00+01:00", "2026-12-07T00:00:00+01:00", week,
             "this week"},
            {"next month", "2027-01-01T00:00:00+01:00", "2027-02-01T00:00:00+01:00", month,
             "next month"},
            {"last month", "2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00", month,
             "last month"},
            {"in May", "2027-05-01T00:00:00+02:00", "2027-06-01T00:00:00+02:00", month, "in May"},
            {"in December 2027", "2027-12-01T00:00:00+01:00", "2028-01-01T00:00:00+01:00", month,
             "in December 2027"},
        },
        "2026-12-01T14:20:30+01:00", "Europe/Vienna");
}

TEST_CASE("calendar dates are read with and without their year") {
    check(
        {
            {"the 3rd", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day, "the 3rd"},
            {"the 1st", "2026-12-01T00:00:00+01:00", "2026-12-02T00:00:00+01:00", day, "the 1st"},
            {"on the 31st.", "2026-12-31T00:00:00+01:00", "2027-01-01T00:00:00+01:00", day,
             "on the 31st"},
            {"the 5th of next month", "2027-01-05T00:00:00+01:00", "2027-01-06T00:00:00+01:00", day,
             "the 5th of next month"},
            {"3 December", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day,
             "3 December"},
            {"the third of December", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day,
             "the third of December"},
            {"December 3rd, 2026", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day,
             "December 3rd, 2026"},
            {"Dec 3 2030", "2030-12-03T00:00:00+01:00", "2030-12-04T00:00:00+01:00", day,
             "Dec 3 2030"},
            {"30 November", "2027-11-30T00:00:00+01:00", "2027-12-01T00:00:00+01:00", day,
             "30 November"},
            {"29 February", "2028-02-29T00:00:00+01:00", "2028-03-01T00:00:00+01:00", day,
             "29 February"},
            {"1 May 2019", "2019-05-01T00:00:00+02:00", "2019-05-02T00:00:00+02:00", day,
             "1 May 2019"},
            {"Thursday, 3 December 2026", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00",
             day, "Thursday, 3 December 2026"},
            {"on Thursday the 3rd", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day,
             "on Thursday the 3rd"},
            {"2026-12-03", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day,
             "2026-12-03"},
            {"2026-12-03T15:00", "2026-12-03T15:00:00+01:00", "", minute, "2026-12-03T15:00"},
            {"2026-12-03 15:00", "2026-12-03T15:00:00+01:00", "", minute, "2026-12-03 15:00"},
            {"due 2026-12-03T15:00:00Z.", "2026-12-03T15:00:00Z", "", minute,
             "2026-12-03T15:00:00Z"},
            {"24/12", "2026-12-24T00:00:00+01:00", "2026-12-25T00:00:00+01:00", day, "24/12"},
            {"12/24/2026", "2026-12-24T00:00:00+01:00", "2026-12-25T00:00:00+01:00", day,
             "12/24/2026"},
            {"on 12/12", "2026-12-12T00:00:00+01:00", "2026-12-13T00:00:00+01:00", day, "on 12/12"},
            {"3.12.2026", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day,
             "3.12.2026"},
            {"Thursday 12/3", "2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00", day,
             "Thursday 12/3"},
        },
        "2026-12-01T14:20:30+01:00", "Europe/Vienna");
}

TEST_CASE("clock times are read, and are tomorrow's when today's are over") {
    check(
        {
            {"at 3", "2026-12-01T15:00:00+01:00", "", minute, "at 3"},
            {"at 2", "2026-12-02T14:00:00+01:00", "", minute, "at 2"},
            {"at 9", "2026-12-02T09:00:00+01:00", "", minute, "at 9"},
            {"at 12", "2026-12-02T12:00:00+01:00", "", minute, "at 12"},
            {"at three", "2026-12-01T15:00:00+01:00", "", minute, "at three"},
            {"at 3pm", "2026-12-01T15:00:00+01:00", "", minute, "at 3pm"},
            {"at 3 p.m., please", "2026-12-01T15:00:00+01:00", "", minute, "at 3 p.m."},
            {"3 a.m.", "2026-12-02T03:00:00+01:00", "", minute, "3 a.m."},
            {"12am", "2026-12-02T00:00:00+01:00", "", minute, "12am"},
            {"12:30 pm", "2026-12-02T12:30:00+01:00", "", minute, "12:30 pm"},
            {"15:30", "2026-12-01T15:30:00+01:00", "", minute, "15:30"},
            {"03:30", "2026-12-02T03:30:00+01:00", "", minute, "03:30"},
            {"0:15", "2026-12-02T00:15:00+01:00", "", minute, "0:15"},
            {"half past four", "2026-12-01T16:30:00+01:00", "", minute, "half past four"},
            {"at half past 11", "2026-12-02T11:30:00+01:00", "", minute, "at half past 11"},
            {"quarter to nine", "2026-12-02T08:45:00+01:00", "", minute, "quarter to nine"},
            {"a quarter past 6 in the evening", "2026-12-01T18:15:00+01:00", "", minute,
             "a quarter past 6 in the evening"},
            {"twenty past seven", "2026-12-01T19:20:00+01:00", "", minute, "twenty past seven"},
            {"at ten to five", "2026-12-01T16:50:00+01:00", "", minute, "at ten to five"},
            {"3 o'clock", "2026-12-01T15:00:00+01:00", "", minute, "3 o'clock"},
            {"five o\xE2\x80\x99"
             "clock",
             "2026-12-01T17:00:00+01:00", "", minute,
             "five o\xE2\x80\x99"
             "clock"},
            {"noon", "2026-12-02T12:00:00+01:00", "", minute, "noon"},
            {"midnight", "2026-12-02T00:00:00+01:00", "", minute, "midnight"},
            {"at 7 in the morning", "2026-12-02T07:00:00+01:00", "", minute, "at 7 in the morning"},
            {"at 11 at night", "2026-12-01T23:00:00+01:00", "", minute, "at 11 at night"},
            {"now or never at 5", "2026-12-01T14:20:30+01:00", "", minute, "now"},
            {"at 2:20", "2026-12-01T14:20:00+01:00", "", minute, "at 2:20"},
        },
        "2026-12-01T14:20:30+01:00", "Europe/Vienna");
}

TEST_CASE("ranges have an end") {
    check(
        {
            {"from 2 to 4pm", "2026-12-01T14:00:00+01:00", "2026-12-01T16:00:00+01:00", minute,
             "from 2 to 4pm"},
            {"between 9 and 11", "2026-12-01T09:00:00+01:00", "2026-12-01T11:00:00+01:00", minute,
             "between 9 and 11"},
            {"14:00-15:30", "2026-12-01T14:00:00+01:00", "2026-12-01T15:30:00+01:00", minute,
             "14:00-15:30"},
            {"9:00 \xE2\x80\x93 11:00", "2026-12-01T09:00:00+01:00", "2026-12-01T11:00:00+01:00",
             minute, "9:00 \xE2\x80\x93 11:00"},
            {"2-4pm", "2026-12-01T14:00:00+01:00", "2026-12-01T16:00:00+01:00", minute, "2-4pm"},
            {"from 9 to 5", "2026-12-01T09:00:00+01:00", "2026-12-01T17:00:00+01:00", minute,
             "from 9 to 5"},
            {"from 11 to 2pm", "2026-12-01T11:00:00+01:00", "2026-12-01T14:00:00+01:00", minute,
             "from 11 to 2pm"},
            {"9 to 11pm", "2026-12-01T21:00:00+01:00", "2026-12-01T23:00:00+01:00", minute,
             "9 to 11pm"},
            {"from 11pm to 1am", "2026-12-01T23:00:00+01:00", "2026-12-02T01:00:00+01:00", minute,
             "from 11pm to 1am"},
            {"from 10 to noon", "2026-12-01T10:00:00+01:00", "2026-12-01T12:00:00+01:00", minute,
             "from 10 to noon"},
            {"from 8 until midnight", "2026-12-01T20:00:00+01:00", "2026-12-02T00:00:00+01:00",
             minute, "from 8 until midnight"},
            {"tomorrow between 2 and 3:30", "2026-12-02T14:00:00+01:00",
             "2026-12-02T15:30:00+01:00", minute, "tomorrow between 2 and 3:30"},
            {"from 8 to 10 in the evening", "2026-12-01T20:00:00+01:00",
             "2026-12-01T22:00:00+01:00", minute, "from 8 to 10 in the evening"},
        },
        "2026-12-01T08:00:00+01:00", "Europe/Vienna");
}

TEST_CASE("dates and times combine in either order") {
    check(
        {
            {"Lunch tomorrow at 3 with Bob", "2026-12-02T15:00:00-05:00", "", minute,
             "tomorrow at 3"},
            {"the 3rd at noon", "2026-12-03T12:00:00-05:00", "", minute, "the 3rd at noon"},
            {"next Tuesday at 10:15 am", "2026-12-08T10:15:00-05:00", "", minute,
             "next Tuesday at 10:15 am"},
            {"at 3 on Friday", "2026-12-04T15:00:00-05:00", "", minute, "at 3 on Friday"},
            {"3pm tomorrow", "2026-12-02T15:00:00-05:00", "", minute, "3pm tomorrow"},
            {"8 tonight", "2026-12-01T20:00:00-05:00", "", minute, "8 tonight"},
            {"10 in the morning", "2026-12-02T10:00:00-05:00", "", minute, "10 in the morning"},
            {"tonight at 8", "2026-12-01T20:00:00-05:00", "", minute, "tonight at 8"},
            {"tonight at 12", "2026-12-02T00:00:00-05:00", "", minute, "tonight at 12"},
            {"today at 9", "2026-12-01T09:00:00-05:00", "", minute, "today at 9"},
            {"tomorrow morning at 7", "2026-12-02T07:00:00-05:00", "", minute,
             "tomorrow morning at 7"},
            {"at 9 tomorrow evening", "2026-12-02T21:00:00-05:00", "", minute,
             "at 9 tomorrow evening"},
            {"Friday at midnight", "2026-12-05T00:00:00-05:00", "", minute, "Friday at midnight"},
            {"Friday, 15:30", "2026-12-04T15:30:00-05:00", "", minute, "Friday, 15:30"},
            {"in two weeks at 10", "2026-12-15T10:00:00-05:00", "", minute, "in two weeks at 10"},
            {"from 2 to 4pm on 3 December", "2026-12-03T14:00:00-05:00",
             "2026-12-03T16:00:00-05:00", minute, "from 2 to 4pm on 3 December"},
            {"12/24, noon", "2026-12-24T12:00:00-05:00", "", minute, "12/24, noon"},
        },
        "2026-12-01T12:00:00-05:00", "America/New_York");
}

TEST_CASE("skipped and doubled local times follow RFC 5545") {
    // Vienna: 2026-03-29 2:00 becomes 3:00, 2026-10-25 3:00 becomes 2:00.
    check({{"tomorrow at 02:30", "2026-03-29T03:30:00+02:00", "", minute, "tomorrow at 02:30"},
           {"tomorrow at 3am", "2026-03-29T03:00:00+02:00", "", minute, "tomorrow at 3am"},
           {"tomorrow from 02:15 to 03:00", "2026-03-29T03:15:00+02:00",
            "2026-03-29T04:00:00+02:00", minute, "tomorrow from 02:15 to 03:00"},
           {"tomorrow", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", day, "tomorrow"},
           {"in 24 hours", "2026-03-29T13:00:00+02:00", "", minute, "in 24 hours"},
           {"in a day", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", day, "in a day"},
           {"on Monday at 9", "2026-03-30T09:00:00+02:00", "", minute, "on Monday at 9"}},
          "2026-03-28T12:00:00+01:00", "Europe/Vienna");
    check({{"tomorrow at 02:30", "2026-10-25T02:30:00+02:00", "", minute, "tomorrow at 02:30"},
           {"tomorrow at 3am", "2026-10-25T03:00:00+01:00", "", minute, "tomorrow at 3am"},
           {"tomorrow from 01:30 to 02:30", "2026-10-25T01:30:00+02:00",
            "2026-10-25T02:30:00+02:00", minute, "tomorrow from 01:30 to 02:30"},
           {"tomorrow", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", day, "tomorrow"}},
          "2026-10-24T12:00:00+02:00", "Europe/Vienna");
    // New York: 2026-03-08 and 2026-11-01.
    check({{"tomorrow at 2:30 am", "2026-03-08T03:30:00-04:00", "", minute, "tomorrow at 2:30 am"},
           {"Sunday at noon", "2026-03-08T12:00:00-04:00", "", minute, "Sunday at noon"}},
          "2026-03-07T12:00:00-05:00", "America/New_York");
    check({{"tomorrow at 1:30 am", "2026-11-01T01:30:00-04:00", "", minute, "tomorrow at 1:30 am"},
           {"tomorrow at 2 am", "2026-11-01T02:00:00-05:00", "", minute, "tomorrow at 2 am"}},
          "2026-10-31T12:00:00-04:00", "America/New_York");
    // Lord Howe moves by half an hour: 2026-10-04 2:00 becomes 2:30, 2026-04-05 2:00 becomes 1:30.
    check({{"tomorrow at 02:15", "2026-10-04T02:45:00+11:00", "", minute, "tomorrow at 02:15"},
           {"tomorrow at 02:30", "2026-10-04T02:30:00+11:00", "", minute, "tomorrow at 02:30"},
           {"next Monday at 9", "2026-10-05T09:00:00+11:00", "", minute, "next Monday at 9"}},
          "2026-10-03T12:00:00+10:30", "Australia/Lord_Howe");
    check({{"tomorrow at 01:45", "2026-04-05T01:45:00+11:00", "", minute, "tomorrow at 01:45"},
           {"tomorrow at 02:00", "2026-04-05T02:00:00+10:30", "", minute, "tomorrow at 02:00"}},
          "2026-04-04T12:00:00+11:00", "Australia/Lord_Howe");
}

TEST_CASE("today is the user's, not Greenwich's") {
    // 20:00 UTC on 1 December is past midnight in Kolkata.
    check(
        {{"today", "2026-12-02T00:00:00+05:30", "2026-12-03T00:00:00+05:30", day, "today"},
         {"tomorrow at 5", "2026-12-03T17:00:00+05:30", "", minute, "tomorrow at 5"},
         {"at 1 at night", "2026-12-03T01:00:00+05:30", "", minute, "at 1 at night"},
         {"at 4 at night", "2026-12-02T04:00:00+05:30", "", minute, "at 4 at night"},
         {"the 2nd", "2026-12-02T00:00:00+05:30", "2026-12-03T00:00:00+05:30", day, "the 2nd"},
         {"Wednesday", "2026-12-09T00:00:00+05:30", "2026-12-10T00:00:00+05:30", day, "Wednesday"}},
        "2026-12-01T20:00:00Z", "Asia/Kolkata");
    check({{"today", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", day, "today"},
           {"tomorrow at 5", "2026-12-02T17:00:00Z", "", minute, "tomorrow at 5"},
           {"at 8", "2026-12-02T08:00:00Z", "", minute, "at 8"}},
          "2026-12-01T20:00:00Z", "UTC");
    check({{"today", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", day, "today"}},
          "2026-12-01T20:00:00Z", "Nowhere/Land");
}

TEST_CASE("the turns of weeks, months and years hold") {
    check({{"next Tuesday", "2026-12-29T00:00:00+01:00", "2026-12-30T00:00:00+01:00", day,
            "next Tuesday"},
           {"this Friday", "2027-01-01T00:00:00+01:00", "2027-01-02T00:00:00+01:00", day,
            "this Friday"},
           {"next week", "2026-12-28T00:00:00+01:00", "2027-01-04T00:00:00+01:00", week,
            "next week"}},
          "2026-12-27T12:00:00+01:00", "Europe/Vienna");
    check({{"the 31st", "2027-03-31T00:00:00+02:00", "2027-04-01T00:00:00+02:00", day, "the 31st"},
           {"in a month", "2027-03-28T00:00:00+01:00", "2027-03-29T00:00:00+02:00", day,
            "in a month"}},
          "2027-02-28T12:00:00+01:00", "Europe/Vienna");
    check({{"in a month", "2027-02-28T00:00:00+01:00", "2027-03-01T00:00:00+01:00", day,
            "in a month"},
           {"31 January", "2027-01-31T00:00:00+01:00", "2027-02-01T00:00:00+01:00", day,
            "31 January"}},
          "2027-01-31T12:00:00+01:00", "Europe/Vienna");
}

TEST_CASE("dates with two readings are asked back") {
    struct question {
        const char* text;
        const char* asked;
        std::vector<const char*> readings;
    };
    const std::vector<question> table{
        {"12/3",
         "Do you mean Thursday, 3 December 2026 or Friday, 12 March 2027?",
         {"2026-12-03T00:00:00+01:00", "2027-03-12T00:00:00+01:00"}},
        {"on 12/3 at 3pm",
         "Do you mean Thursday, 3 December 2026 at 15:00 or Friday, 12 March 2027 at 15:00?",
         {"2026-12-03T15:00:00+01:00", "2027-03-12T15:00:00+01:00"}},
        {"3pm on 1/2/2027",
         "Do you mean Saturday, 2 January 2027 at 15:00 or Monday, 1 February 2027 at 15:00?",
         {"2027-01-02T15:00:00+01:00", "2027-02-01T15:00:00+01:00"}},
        {"Friday, 3 December 2026",
         "Do you mean Thursday, 3 December 2026 or Friday, 4 December 2026?",
         {"2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00"}},
    };
    for (const auto& row : table) {
        INFO(row.text);
        const auto found =
            find_time_phrase(row.text, at("2026-12-01T14:20:30+01:00"), "Europe/Vienna");
        const auto* both = std::get_if<ambiguous_time>(&found);
        REQUIRE(both != nullptr);
        CHECK(both->question == row.asked);
        REQUIRE(both->readings.size() == row.readings.size());
        for (std::size_t i = 0; i < row.readings.size(); ++i)
            CHECK(both->readings[i] == at(row.readings[i]));
    }
}

TEST_CASE("what is no time is not taken for one") {
    for (const char* text : {"",
                             "hello",
                             "I may come",
                             "the sun sat on the march",
                             "at 3 percent",
                             "at 3%",
                             "room 101",
                             "24/7",
                             "the 3rd street",
                             "31 February 2026",
                             "2026-02-30",
                             "2026-12-031",
                             "at 25",
                             "15:99",
                             "at 99999999999999999999",
                             "in 99999999999 days",
                             "in 4000 months",
                             "between 2 and 4 people",
                             "from 2 to 4 apples",
                             "1.2.3.4",
                             "v2026-12-03",
                             "$3pm",
                             "12/3/4/5",
                             "a quarter",
                             "half a pie",
                             "13/13",
                             "the 0th",
                             "the 32nd",
                             "32 May",
                             "next",
                             "last",
                             "this",
                             "on",
                             "at",
                             "in the",
                             "/",
                             "12/",
                             ":30",
                             "99:99",
                             "five to ten",
                             "-",
                             "\xFF\xFE\x80",
                             "\xE2\x80",
                             "\xE6\x98\x8E\xE5\xA4\xA9"}) {
        INFO(text);
        CHECK(find_time_phrase(text, at("2026-12-01T14:20:30+01:00"), "Europe/Vienna").index() ==
              0);
    }
}

TEST_CASE("hostile text of a megabyte is read in linear time") {
    const auto now = at("2026-12-01T14:20:30+01:00");
    for (const std::string piece :
         {"x", "1", "/", "1/", "at ", "in the ", "next ", "1:", "from 1 to ", "\xF0\x9F\x98\x80",
          "\xE2\x80\x99", "the day after ", "12 ", "between ", "a ", "2026-", "quarter to ",
          "\xFF"}) {
        INFO(piece);
        std::string text;
        while (text.size() < (1U << 20U)) text += piece;
        CHECK(find_time_phrase(text, now, "Europe/Vienna").index() == 0);
    }
    std::string padded(900'000, '.');
    padded += " tomorrow";
    const auto found = find_time_phrase(padded, now, "Europe/Vienna");
    REQUIRE(std::holds_alternative<time_phrase>(found));
    CHECK(std::get<time_phrase>(found).begin == 900'001);
}

TEST_CASE("every beginning and end of a phrase is read without harm") {
    const std::string text =
        "Friday, 3 December 2026 from 2:15 to 4 p.m. in the morning, 12/3/2026 at half past four";
    const auto now = at("2026-12-01T14:20:30+01:00");
    for (std::size_t begin = 0; begin < text.size(); ++begin)
        for (std::size_t length = 0; begin + length <= text.size(); ++length) {
            const auto found =
                find_time_phrase(std::string_view(text).substr(begin, length), now, "UTC");
            if (const auto* phrase = std::get_if<time_phrase>(&found)) {
                REQUIRE(phrase->begin + phrase->length <= length);
                if (phrase->end) REQUIRE(*phrase->end > phrase->start);
            }
        }
}

TEST_CASE("a moment is spoken as the user's wall clock has it") {
    const auto moment = at("2026-12-03T14:00:00Z");
    CHECK(spoken_time(moment, "Europe/Vienna") == "Thursday, 3 December 2026 at 15:00");
    CHECK(spoken_time(moment, "America/New_York") == "Thursday, 3 December 2026 at 09:00");
    CHECK(spoken_time(moment, "Asia/Kolkata") == "Thursday, 3 December 2026 at 19:30");
    CHECK(spoken_time(moment, "Australia/Lord_Howe") == "Friday, 4 December 2026 at 01:00");
    CHECK(spoken_time(moment, "UTC") == "Thursday, 3 December 2026 at 14:00");
    CHECK(spoken_time(moment, "Nowhere/Land") == "Thursday, 3 December 2026 at 14:00");
    CHECK(spoken_date(moment, "Australia/Lord_Howe") == "Friday, 4 December 2026");
    CHECK(spoken_time(timestamp{std::chrono::milliseconds{-1}}, "UTC") ==
          "Wednesday, 31 December 1969 at 23:59");
}
