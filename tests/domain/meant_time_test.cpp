#include "domain/meant_time.hpp"

#include <catch2/catch.hpp>

using namespace perin;

namespace {

/// A Monday, 9:30 in Vienna.
const timestamp now = *from_rfc3339("2026-11-30T08:30:00Z");
const std::string vienna = "Europe/Vienna";

/// `start..end`, `? question` or `! code`.
std::string shown(const heard_time& heard) {
    if (const auto* asked = std::get_if<time_question>(&heard)) {
        std::string out = "?";
        for (const auto& each : asked->choices) out += " " + to_rfc3339(each.start, vienna);
        return out;
    }
    if (const auto* why = std::get_if<failure>(&heard))
        return std::string("! ") + to_string(why->code);
    const auto& meant = std::get<meant_time>(heard);
    auto out = to_rfc3339(meant.start, vienna);
    if (meant.end) out += ".." + to_rfc3339(*meant.end, vienna);
    if (meant.length) out += " for " + std::to_string(meant.length->count());
    return out;
}

}  // namespace

TEST_CASE("a time is written with the offset of its zone then") {
    CHECK(to_rfc3339(now, vienna) == "2026-11-30T09:30:00+01:00");
    CHECK(to_rfc3339(*from_rfc3339("2026-07-01T00:00:00Z"), vienna) == "2026-07-01T02:00:00+02:00");
    CHECK(to_rfc3339(now, "America/St_Johns") == "2026-11-30T05:00:00-03:30");
    CHECK(to_rfc3339(now, "Asia/Kathmandu") == "2026-11-30T14:15:00+05:45");
    CHECK(to_rfc3339(now, "UTC") == "2026-11-30T08:30:00+00:00");
    CHECK(to_rfc3339(now, "Nowhere/Else") == "2026-11-30T08:30:00+00:00");
    // Read again it is the same moment.
    CHECK(from_rfc3339(to_rfc3339(now, "Pacific/Chatham")) == now);
}

TEST_CASE("words and RFC 3339 are heard as times") {
    struct row {
        const char* words;
        const char* heard;
    };
    for (const auto& [words, heard] : std::vector<row>{
             {"2026-12-01T15:00:00+01:00", "2026-12-01T15:00:00+01:00"},
             {"tomorrow at 3pm", "2026-12-01T15:00:00+01:00"},
             {"tomorrow at 3 for 45 minutes",
              "2026-12-01T15:00:00+01:00..2026-12-01T15:45:00+01:00 for 45"},
             {"tomorrow from 2 to 4pm", "2026-12-01T14:00:00+01:00..2026-12-01T16:00:00+01:00"},
             {"tomorrow", "2026-12-01T00:00:00+01:00..2026-12-02T00:00:00+01:00"},
             {"12/3 at noon", "? 2026-12-03T12:00:00+01:00 2027-03-12T12:00:00+01:00"},
             {"soon enough", "! invalid_request"},
             {"", "! invalid_request"},
         }) {
        INFO(words);
        CHECK(shown(hear_time(words, now, vienna)) == heard);
    }
}

TEST_CASE("words that name a day are told from a time of the day") {
    for (const auto* words :
         {"tomorrow at 3", "on Friday", "the 3rd at noon", "next week", "2026-12-24 10:00",
          "24 December", "12/3", "in two hours", "in 3 days", "today", "tonight at 8"}) {
        INFO(words);
        CHECK(names_a_day(words));
    }
    for (const auto* words : {"3pm", "at noon", "15:00", "half past nine", "in the morning",
                              "2 to 4pm", "at 9:30 for an hour"}) {
        INFO(words);
        CHECK_FALSE(names_a_day(words));
    }
}

TEST_CASE("a new time without a day is on the day of what is moved") {
    const auto lunch = *from_rfc3339("2026-12-04T11:00:00Z");
    CHECK(shown(hear_new_time("2pm", now, vienna, lunch)) == "2026-12-04T14:00:00+01:00");
    CHECK(shown(hear_new_time("at 9:15", now, vienna, lunch)) == "2026-12-04T09:15:00+01:00");
    CHECK(shown(hear_new_time("tomorrow at 2pm", now, vienna, lunch)) ==
          "2026-12-01T14:00:00+01:00");
    CHECK(shown(hear_new_time("2026-12-24T10:00:00Z", now, vienna, lunch)) ==
          "2026-12-24T11:00:00+01:00");
    // The clocks change on the day of what is moved.
    const auto sunday = *from_rfc3339("2027-03-28T10:00:00Z");
    CHECK(shown(hear_new_time("4pm", now, vienna, sunday)) == "2027-03-28T16:00:00+02:00");
}
