#include "domain/meeting_phrases.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace perin;
using namespace std::chrono_literals;
using doubt = doubtful_time::doubt;
using precision = enum time_phrase::precision;

timestamp at(const std::string& rfc3339) { return from_rfc3339(rfc3339).value(); }

/// A Wednesday.
const timestamp wednesday = at("2026-12-02T10:20:30+01:00");

time_habits in_vienna() { return {.timezone = "Europe/Vienna"}; }

meeting_phrase meant(const std::string& text, const time_habits& habits = in_vienna(),
                     timestamp now = wednesday) {
    INFO(text);
    const auto found = find_meeting_phrase(text, now, habits);
    const auto* phrase = std::get_if<meeting_phrase>(&found);
    REQUIRE(phrase != nullptr);
    CHECK(text.substr(phrase->when.begin, phrase->when.length) == phrase->when.matched);
    return *phrase;
}

doubtful_time asked(const std::string& text, const time_habits& habits = in_vienna(),
                    timestamp now = wednesday) {
    INFO(text);
    const auto found = find_meeting_phrase(text, now, habits);
    const auto* several = std::get_if<doubtful_time>(&found);
    REQUIRE(several != nullptr);
    CHECK(several->readings.size() > 1);
    CHECK_FALSE(several->doubts.empty());
    for (const auto& each : several->readings)
        CHECK(text.substr(each.when.begin, each.when.length) == each.when.matched);
    return *several;
}

std::vector<timestamp> starts(const doubtful_time& several) {
    std::vector<timestamp> all;
    for (const auto& each : several.readings) all.push_back(each.when.start);
    return all;
}

std::vector<timestamp> times(const std::vector<std::string>& all) {
    std::vector<timestamp> found;
    for (const auto& each : all) found.push_back(at(each));
    return found;
}

time_habits with_hours(std::vector<scheduling::daily_hours> hours) {
    auto habits = in_vienna();
    habits.hours.days.fill(hours);
    return habits;
}

}  // namespace

TEST_CASE("times to meet at are read as they are meant") {
    struct row {
        const char* text;
        const char* start;
        const char* end;
        const char* matched;
    };
    const std::vector<row> table{
        {"Can we meet tomorrow at 3?", "2026-12-03T15:00:00+01:00", "", "tomorrow at 3"},
        {"next Tuesday morning works", "2026-12-08T06:00:00+01:00", "2026-12-08T12:00:00+01:00",
         "next Tuesday morning"},
        {"in two weeks", "2026-12-16T00:00:00+01:00", "2026-12-17T00:00:00+01:00", "in two weeks"},
        {"the 3rd at noon my time", "2026-12-03T12:00:00+01:00", "", "the 3rd at noon my time"},
        {"between 2 and 4 on Friday", "2026-12-04T14:00:00+01:00", "2026-12-04T16:00:00+01:00",
         "between 2 and 4 on Friday"},
        {"at 9 on Monday", "2026-12-07T09:00:00+01:00", "", "at 9 on Monday"},
        {"at 7 in the morning", "2026-12-03T07:00:00+01:00", "", "at 7 in the morning"},
        {"at 7pm", "2026-12-02T19:00:00+01:00", "", "at 7pm"},
        {"at 19:00", "2026-12-02T19:00:00+01:00", "", "at 19:00"},
        {"2026-12-03T15:00:00Z", "2026-12-03T15:00:00Z", "", "2026-12-03T15:00:00Z"},
        {"in 45 minutes", "2026-12-02T11:05:30+01:00", "", "in 45 minutes"},
    };
    for (const auto& row : table) {
        const auto phrase = meant(row.text);
        INFO(row.text);
        CHECK(phrase.when.start == at(row.start));
        CHECK(phrase.when.end.has_value() == (*row.end != 0));
        if (phrase.when.end) CHECK(*phrase.when.end == at(row.end));
        CHECK(phrase.when.matched == row.matched);
        CHECK_FALSE(phrase.length.has_value());
    }
    for (const char* text : {"", "hello", "for 45 minutes", "a 30-minute call", "\xFF", "my time"})
        CHECK(find_meeting_phrase(text, wednesday, in_vienna()).index() == 0);
}

TEST_CASE("an open hour is that within the hours of its day") {
    const auto start = [](const std::string& text, const time_habits& habits) {
        return to_rfc3339(meant(text, habits).when.start);
    };
    const auto early = with_hours({{6h, 14h}});
    CHECK(start("tomorrow at 7", early) == "2026-12-03T06:00:00Z");
    CHECK(start("tomorrow at 9", early) == "2026-12-03T08:00:00Z");
    // The end of the hours is no time to begin.
    CHECK(start("tomorrow at 6", early) == "2026-12-03T05:00:00Z");
    const auto evening = with_hours({{18h, 23h}});
    CHECK(start("tomorrow at 9", evening) == "2026-12-03T20:00:00Z");
    CHECK(start("tomorrow at 7", evening) == "2026-12-03T18:00:00Z");
    const auto night = with_hours({scheduling::hours_between(22h, 4h)});
    CHECK(start("tomorrow at 2", night) == "2026-12-03T01:00:00Z");
    CHECK(start("tomorrow at 11", night) == "2026-12-03T22:00:00Z");
    // Both halves are, or none ever is: as everywhere.
    CHECK(start("tomorrow at 3", with_hours({{0h, 24h}})) == "2026-12-03T14:00:00Z");
    CHECK(start("tomorrow at 7", with_hours({})) == "2026-12-03T18:00:00Z");
    // A Saturday has none: those of other days are as good.
    CHECK(start("on Saturday at 3", in_vienna()) == "2026-12-05T14:00:00Z");
    // A range is, where a part of it is.
    const auto range = meant("tomorrow between 8 and 10").when;
    CHECK(range.start == at("2026-12-03T08:00:00+01:00"));
    CHECK(range.end == at("2026-12-03T10:00:00+01:00"));
    // Of two outside the one that is over is not meant.
    CHECK(start("today at 8", in_vienna()) == "2026-12-02T19:00:00Z");
}

TEST_CASE("an hour with neither half within the hours is asked back") {
    const auto seven = asked("tomorrow at 7");
    CHECK(seven.doubts == std::vector{doubt::half_of_day});
    CHECK(starts(seven) == times({"2026-12-03T07:00:00+01:00", "2026-12-03T19:00:00+01:00"}));
    CHECK(seven.question ==
          "Do you mean Thursday, 3 December 2026 at 07:00 or Thursday, 3 December 2026 at 19:00?");
    CHECK(starts(asked("tomorrow at 3", with_hours({{6h, 14h}}))) ==
          times({"2026-12-03T03:00:00+01:00", "2026-12-03T15:00:00+01:00"}));
    const auto range = asked("tomorrow from 6 to 8");
    REQUIRE(range.readings.size() == 2);
    CHECK(range.readings[0].when.end == at("2026-12-03T08:00:00+01:00"));
    CHECK(range.readings[1].when.end == at("2026-12-03T20:00:00+01:00"));
    CHECK(range.question ==
          "Do you mean Thursday, 3 December 2026 at 06:00 to 08:00 or Thursday, 3 December 2026 "
          "at 18:00 to 20:00?");
    // Without a day each is the next such time.
    CHECK(starts(asked("at 8")) ==
          times({"2026-12-02T20:00:00+01:00", "2026-12-03T08:00:00+01:00"}));
}

TEST_CASE("next Friday is asked back while this week's is ahead") {
    const auto friday = asked("next Friday");
    CHECK(friday.doubts == std::vector{doubt::which_week});
    CHECK(starts(friday) == times({"2026-12-04T00:00:00+01:00", "2026-12-11T00:00:00+01:00"}));
    CHECK(friday.readings[0].when.precision == precision::day);
    CHECK(friday.question == "Do you mean Friday, 4 December 2026 or Friday, 11 December 2026?");
    CHECK(starts(asked("next Friday at 3")) ==
          times({"2026-12-04T15:00:00+01:00", "2026-12-11T15:00:00+01:00"}));
    const auto morning = asked("next Thursday morning");
    CHECK(morning.readings[1].when.end == at("2026-12-10T12:00:00+01:00"));
    const auto weekend = asked("next weekend");
    CHECK(weekend.readings[0].when.end == at("2026-12-07T00:00:00+01:00"));
    CHECK(weekend.readings[1].when.start == at("2026-12-12T00:00:00+01:00"));
    // Over, or today: only that of the next week.
    CHECK(meant("next Tuesday").when.start == at("2026-12-08T00:00:00+01:00"));
    CHECK(meant("next Wednesday").when.start == at("2026-12-09T00:00:00+01:00"));
    CHECK(meant("this Friday").when.start == at("2026-12-04T00:00:00+01:00"));
    CHECK(meant("Friday next week").when.start == at("2026-12-11T00:00:00+01:00"));
    CHECK(meant("next week").when.start == at("2026-12-07T00:00:00+01:00"));
}

TEST_CASE("dates that contradict themselves or have two orders are asked back") {
    const auto order = asked("12/3 at 3pm");
    CHECK(order.doubts == std::vector{doubt::day_and_month});
    CHECK(starts(order) == times({"2026-12-03T15:00:00+01:00", "2027-03-12T15:00:00+01:00"}));
    const auto weekday = asked("Friday, 3 December 2026");
    CHECK(weekday.doubts == std::vector{doubt::weekday_and_date});
    CHECK(starts(weekday) == times({"2026-12-03T00:00:00+01:00", "2026-12-04T00:00:00+01:00"}));
}

TEST_CASE("several doubts are one question, each of whose answers is whole") {
    const auto both = asked("next Friday at 7 for an hour");
    CHECK(both.doubts == std::vector{doubt::which_week, doubt::half_of_day});
    CHECK(starts(both) == times({"2026-12-04T07:00:00+01:00", "2026-12-04T19:00:00+01:00",
                                 "2026-12-11T07:00:00+01:00", "2026-12-11T19:00:00+01:00"}));
    for (const auto& each : both.readings) {
        CHECK(each.length == 60min);
        CHECK(each.when.end == each.when.start + 60min);
    }
    CHECK(std::count(both.question.begin(), both.question.end(), ',') == 6);
}

TEST_CASE("times that the clock skips or shows twice are asked back") {
    const auto spring = at("2026-03-28T12:00:00+01:00");
    const auto skipped = asked("tomorrow at 02:30", in_vienna(), spring);
    CHECK(skipped.doubts == std::vector{doubt::skipped_time});
    CHECK(starts(skipped) == times({"2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"}));
    CHECK(skipped.question ==
          "The clock skips that time. Do you mean Sunday, 29 March 2026 at 01:30 or Sunday, 29 "
          "March 2026 at 03:30?");
    CHECK(meant("tomorrow at 03:00", in_vienna(), spring).when.start ==
          at("2026-03-29T03:00:00+02:00"));
    const auto end_skipped = asked("tomorrow from 01:00 to 02:30", in_vienna(), spring);
    CHECK(end_skipped.readings[0].when.end == at("2026-03-29T01:30:00+01:00"));
    CHECK(end_skipped.readings[1].when.end == at("2026-03-29T03:30:00+02:00"));

    const auto autumn = at("2026-10-24T12:00:00+02:00");
    const auto doubled = asked("tomorrow at 02:30", in_vienna(), autumn);
    CHECK(doubled.doubts == std::vector{doubt::doubled_time});
    CHECK(starts(doubled) == times({"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"}));
    CHECK(doubled.question ==
          "The clock shows that time twice. Do you mean Sunday, 25 October 2026 at 02:30 "
          "(UTC+02:00) or Sunday, 25 October 2026 at 02:30 (UTC+01:00)?");
    const auto range = asked("tomorrow from 01:30 to 02:30", in_vienna(), autumn);
    CHECK(*range.readings[0].when.end - range.readings[0].when.start == 60min);
    CHECK(*range.readings[1].when.end - range.readings[1].when.start == 120min);
    // Between the two only the second is to come.
    CHECK(meant("today at 02:30", in_vienna(), at("2026-10-25T02:40:00+02:00")).when.start ==
          at("2026-10-25T02:30:00+01:00"));
    // Days are whole days.
    CHECK(meant("tomorrow", in_vienna(), spring).when.end == at("2026-03-30T00:00:00+02:00"));

    const time_habits far{.timezone = "Australia/Lord_Howe"};
    CHECK(starts(asked("tomorrow at 02:15", far, at("2026-10-03T12:00:00+10:30"))) ==
          times({"2026-10-04T01:45:00+10:30", "2026-10-04T02:45:00+11:00"}));
    CHECK(starts(asked("tomorrow at 01:45", far, at("2026-04-04T12:00:00+11:00"))) ==
          times({"2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30"}));
    // 7 is neither within the hours nor clear, 2:30 at night comes twice: all are asked at once.
    const auto at_night = asked("tomorrow at 2:30", with_hours({{20h, 24h}}), autumn);
    CHECK(at_night.doubts == std::vector{doubt::half_of_day, doubt::doubled_time});
    CHECK(starts(at_night) == times({"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00",
                                     "2026-10-25T14:30:00+01:00"}));
}

TEST_CASE("the clock that is named is the one that is read") {
    auto habits = in_vienna();
    habits.your_timezone = "America/New_York";
    const auto start = [&](const std::string& text) { return meant(text, habits).when; };
    CHECK(start("tomorrow at 3pm your time").start == at("2026-12-03T15:00:00-05:00"));
    CHECK(start("tomorrow at 3pm your time").matched == "tomorrow at 3pm your time");
    CHECK(start("tomorrow at 3 your time").start == at("2026-12-03T15:00:00-05:00"));
    CHECK(start("at 3pm my time on Friday").start == at("2026-12-04T15:00:00+01:00"));
    CHECK(start("at 3pm my time on Friday").matched == "at 3pm my time on Friday");
    CHECK(start("Friday 15:00 UTC").start == at("2026-12-04T15:00:00Z"));
    CHECK(start("between 2 and 4pm GMT on Friday").end == at("2026-12-04T16:00:00Z"));
    CHECK(start("tomorrow at 3pm local time").start == at("2026-12-03T15:00:00+01:00"));
    // 10:20 in Vienna is 4:20 in New York.
    CHECK(start("at 9:00 am your time").start == at("2026-12-02T09:00:00-05:00"));
    CHECK(meant("tomorrow at 3pm your time").when.start == at("2026-12-03T15:00:00+01:00"));
    // Where nobody is known who is spoken to, the words are left.
    const auto plain = find_time_phrase("tomorrow at 3pm your time", wednesday, "Europe/Vienna");
    CHECK(std::get<time_phrase>(plain).matched == "tomorrow at 3pm");
    const auto utc = find_time_phrase("at 3pm UTC", wednesday, "Europe/Vienna");
    CHECK(std::get<time_phrase>(utc).start == at("2026-12-02T15:00:00Z"));
    CHECK(find_time_phrase("the 3rd time", wednesday, "Europe/Vienna").index() == 0);
}

TEST_CASE("lengths of meetings are read") {
    struct row {
        const char* text;
        int minutes;
    };
    for (const auto& [text, length] : std::vector<row>{
             {"for 45 minutes", 45},
             {"tomorrow at 3 for 45 mins", 45},
             {"for an hour", 60},
             {"for about an hour", 60},
             {"for half an hour", 30},
             {"for a half hour", 30},
             {"for a quarter of an hour", 15},
             {"for an hour and a half", 90},
             {"for two and a half hours", 150},
             {"for 1.5 hours", 90},
             {"for 2.25 hours", 135},
             {"for 1 hour and 20 minutes", 80},
             {"for two hours 15 minutes", 135},
             {"for 2 hrs", 120},
             {"a 30-minute call", 30},
             {"a 45 min meeting next week", 45},
             {"one-hour session", 60},
             {"a half-hour chat", 30},
             {"a meeting of 20 minutes", 20},
             {"in 2 hours for 15 minutes", 15},
             {"for 24 hours", 1440},
         }) {
        INFO(text);
        CHECK(find_meeting_length(text) == std::chrono::minutes{length});
    }
    for (const char* text :
         {"", "in 45 minutes", "45 minutes", "for 3", "for 0 minutes", "for 25 hours",
          "for two weeks", "for you", "for 99999999999 minutes", "in a 30 minutes",
          "for 1.555 hours", "for 1. hours", "4.30 minute call", "the hour of 5",
          "for and a half hours", "for a half", "minutes of 30 minutes", "\xFF\xFE"}) {
        INFO(text);
        CHECK_FALSE(find_meeting_length(text).has_value());
    }
}

TEST_CASE("a length ends a time, and leaves a stretch as it is") {
    const auto moment = meant("tomorrow at 3 for 45 minutes");
    CHECK(moment.length == 45min);
    CHECK(moment.when.end == at("2026-12-03T15:45:00+01:00"));
    CHECK(moment.when.matched == "tomorrow at 3");
    const auto range = meant("between 2 and 4 on Friday for 45 minutes");
    CHECK(range.length == 45min);
    CHECK(range.when.end == at("2026-12-04T16:00:00+01:00"));
    const auto before = meant("a 30-minute call tomorrow afternoon");
    CHECK(before.length == 30min);
    CHECK(before.when.end == at("2026-12-03T18:00:00+01:00"));
    CHECK(before.when.precision == precision::part_of_day);
}

TEST_CASE("any text is read without harm and in linear time") {
    const std::string text =
        "next Friday, 12/3/2026 from 2:15 to 4 your time for 1.5 hours and a half 30-minute call";
    for (std::size_t begin = 0; begin < text.size(); ++begin)
        for (std::size_t length = 0; begin + length <= text.size(); ++length) {
            const auto part = std::string_view(text).substr(begin, length);
            const auto found = find_meeting_phrase(part, wednesday, in_vienna());
            if (const auto* several = std::get_if<doubtful_time>(&found)) {
                REQUIRE(several->readings.size() > 1);
                REQUIRE(several->readings.size() <= 8);
                REQUIRE_FALSE(several->doubts.empty());
            }
        }
    for (const std::string piece :
         {"for ", "for 1 hour and ", "a half ", "of ", "30-", "my time "}) {
        std::string long_text;
        while (long_text.size() < (1U << 20U)) long_text += piece;
        CHECK(find_meeting_phrase(long_text, wednesday, in_vienna()).index() == 0);
    }
}
