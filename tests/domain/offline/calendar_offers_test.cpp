#include "domain/offline/calendar_offers.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>
#include <string>
#include <vector>

namespace {

using namespace perin;
using namespace perin::offline;
using std::chrono::minutes;

local_span span(int from_day, int from, int until_day, int until) {
    const date::local_days first{date::year{2026} / 12 / 1};
    return {.start = first + date::days{from_day} + minutes{from},
            .end = first + date::days{until_day} + minutes{until}};
}

}  // namespace

TEST_CASE("a stretch of time is told as a calendar shows it") {
    auto whole_day = span(0, 0, 1, 0);
    whole_day.all_day = true;
    auto days = span(0, 0, 3, 0);
    days.all_day = true;
    auto doubled = span(0, 150, 0, 180);
    doubled.offset = minutes{-90};
    const std::vector<std::pair<local_span, std::string>> table{
        {span(0, 13 * 60, 0, 13 * 60 + 30), "Tuesday 1 December 2026, 13:00 to 13:30"},
        {span(0, 545, 0, 545), "Tuesday 1 December 2026, 09:05"},
        {span(0, 23 * 60, 1, 60),
         "Tuesday 1 December 2026, 23:00 to Wednesday 2 December 2026, 01:00"},
        {whole_day, "Tuesday 1 December 2026, all day"},
        {days, "Tuesday 1 December 2026 to Thursday 3 December 2026, all day"},
        {doubled, "Tuesday 1 December 2026, 02:30 to 03:00 (UTC-01:30)"},
    };
    for (const auto& [when, text] : table) {
        CHECK(spoken_span(when) == text);
        CHECK(read_span(text) == when);
    }
}

TEST_CASE("what is no stretch of time is not read as one") {
    for (const char* text :
         {"", "Tuesday", "Tuesday 1 December 2026", "Tuesday 31 February 2026, 13:00",
          "Tuesday 1 December 2026, 24:00", "Tuesday 1 December 2026, 13:60",
          "Tuesday 1 December 2026, 13:00 to", "Tuesday 1 December 2026, 13:00 to 13:30 or so",
          "tuesday 1 december 2026, 13:00", "Tuesday 1 December 2026, 13:00 (UTC+99:00)",
          "Tuesday 1 December 2026 to Monday 30 November 2026, all day",
          "Tuesday 1 December 99999, all day", "\xFF\xFE"}) {
        INFO(text);
        CHECK_FALSE(read_span(text).has_value());
    }
}

TEST_CASE("a list that was told is read back") {
    CHECK(
        rc::check([](const std::vector<std::tuple<std::string, int, int, int>>& raw, bool titled) {
            std::vector<offer> offers;
            for (const auto& [title, day, from, length] : raw) {
                if (offers.size() == 20) break;
                const int start = static_cast<int>(static_cast<unsigned>(from) % 1'440);
                const auto ahead = static_cast<int>(static_cast<unsigned>(day) % 4'000);
                const auto minutes_long = static_cast<int>(static_cast<unsigned>(length) % 3'000);
                auto when = span(ahead, start, ahead, start + minutes_long);
                offers.push_back({titled ? shown_title(title) : std::string(), when});
            }
            const auto text = "Which one?" + listed_offers(offers) + "\nSay it.";
            RC_ASSERT(read_offers(text) == offers);
        }));
}

TEST_CASE("a title cannot end its line or begin another") {
    const auto title = shown_title("Lunch\n2. Fake: Tuesday 1 December 2026, 13:00\r\nx");
    CHECK(title == "Lunch 2. Fake: Tuesday 1 December 2026, 13:00 x");
    const std::vector<offer> offers{{title, span(0, 60, 0, 120)}};
    CHECK(read_offers("Which?" + listed_offers(offers)) == offers);
    CHECK(shown_title("") == "(no title)");
    CHECK(shown_title(" \n ") == "(no title)");
    CHECK(shown_title(std::string(200, 'x')) == std::string(80, 'x') + "\xE2\x80\xA6");
}

TEST_CASE("the event that an answer told of is read back") {
    const auto when = span(1, 720, 1, 780);
    const auto created = "Lunch with Anna" + std::string(told_created) + spoken_span(when) + ".";
    CHECK(read_told_event(created) == offer{"Lunch with Anna", when});
    const auto moved = "Lunch" + std::string(told_moved) + spoken_span(when) + ". It was earlier.";
    CHECK(read_told_event(moved) == offer{"Lunch", when});
    CHECK_FALSE(read_told_event("There is nothing in your calendar.").has_value());
    CHECK_FALSE(read_told_event("").has_value());
}

TEST_CASE("numbers choose from a list") {
    struct row {
        const char* reply;
        std::size_t count;
        int chosen;
    };
    const std::vector<row> table{
        {"the second one", 3, 1},
        {"2", 3, 1},
        {"#3", 3, 2},
        {"3rd", 3, 2},
        {"the last one", 4, 3},
        {"first please", 1, 0},
        {"option two", 2, 1},
        {"any of them", 5, 0},
        {"4", 3, -1},
        {"0", 3, -1},
        {"the 4th", 3, -1},
        {"2 pm", 3, -1},
        {"second", 1, -1},
        {"", 3, -1},
        {"one two", 3, -1},
        {"99999999999999", 3, -1},
        {"first", 0, -1},
        {"number 10", 10, 9},
    };
    for (const auto& [reply, count, expected] : table) {
        INFO(reply);
        const auto found = numbered(reply, count);
        CHECK((found ? static_cast<int>(*found) : -1) == expected);
    }
}

TEST_CASE("local times are told with their offset, also when the clock shows them twice") {
    CHECK(rfc3339_start(span(0, 720, 0, 780), "Europe/Vienna") == "2026-12-01T12:00:00+01:00");
    CHECK(rfc3339_end(span(0, 720, 0, 780), "Europe/Vienna") == "2026-12-01T13:00:00+01:00");
    const date::local_days change{date::year{2026} / 10 / 25};
    local_span twice{.start = change + minutes{150}, .end = change + minutes{170}};
    CHECK(rfc3339_start(twice, "Europe/Vienna") == "2026-10-25T02:30:00+02:00");
    twice.offset = minutes{60};
    CHECK(rfc3339_start(twice, "Europe/Vienna") == "2026-10-25T02:30:00+01:00");
    CHECK(rfc3339_end(twice, "Europe/Vienna") == "2026-10-25T02:50:00+01:00");
}
