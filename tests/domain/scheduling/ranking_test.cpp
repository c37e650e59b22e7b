#include "domain/scheduling/ranking.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>

namespace {

using namespace perin;
using namespace perin::scheduling;
using namespace std::chrono_literals;

timestamp at(const std::string& rfc3339) { return from_rfc3339(rfc3339).value(); }

/// A Tuesday in Vienna.
timestamp tuesday(const std::string& clock) { return at("2026-12-01T" + clock + ":00+01:00"); }

person in_vienna() {
    person who{.timezone = "Europe/Vienna"};
    who.hours.days[1] = {{9h, 12h}, {13h, 20h}};
    return who;
}

slot_search this_week() {
    return {.now = tuesday("06:00"),
            .from = tuesday("06:00"),
            .until = tuesday("00:00") + 6 * 24h,
            .durations = {60min},
            .step = 60min};
}

ranked_slot best(const person& who, const slot_weights& weights) {
    const auto found = ranked_slots(std::span(&who, 1), this_week(), weights, 1);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    return found->front();
}

std::string near(const person& who, const slot_search& search, const interval& wanted,
                 std::size_t limit) {
    const auto found = alternatives(std::span(&who, 1), search, wanted, limit);
    REQUIRE(found);
    std::string text;
    for (const auto& each : *found) {
        if (!text.empty()) text += ' ';
        text += to_rfc3339(each.start).substr(8, 8);
    }
    return text;
}

constexpr slot_weights nothing{.soonest = 0, .unbroken = 0};

}  // namespace

TEST_CASE("without weights the earliest slot is the best") {
    CHECK(best(in_vienna(), nothing).slot.start == tuesday("09:00"));
    CHECK(best(in_vienna(), nothing).score() == 0);
    auto later = nothing;
    later.soonest = -1;
    CHECK(best(in_vienna(), later).slot.start == tuesday("16:00") + 5 * 24h - 48h);
}

TEST_CASE("the sooner, the better") {
    auto soon = nothing;
    soon.soonest = 2;
    const auto first = best(in_vienna(), soon);
    CHECK(first.slot.start == tuesday("09:00"));
    CHECK(first.soonest == Approx(2 / (1 + 0.125 / 3)));
    auto search = this_week();
    search.now = tuesday("09:00") - 72h;
    const auto who = in_vienna();
    CHECK(ranked_slots(std::span(&who, 1), search, soon, 1)->front().soonest == Approx(1));
}

TEST_CASE("a slot that fills a gap leaves no pieces") {
    auto who = in_vienna();
    auto search = this_week();
    search.durations = {30min, 60min};
    search.step = 30min;
    search.until = tuesday("23:00");
    who.busy = {{.when = {tuesday("10:00"), tuesday("11:00")}},
                {.when = {tuesday("13:30"), tuesday("15:00")}}};
    auto weights = nothing;
    weights.unbroken = 1;
    const auto found = ranked_slots(std::span(&who, 1), search, weights, 100).value();
    const auto score_of = [&](const std::string& from, const std::string& until) {
        for (const auto& each : found)
            if (each.slot == interval{tuesday(from), tuesday(until)}) return each.unbroken;
        return -1.0;
    };
    // The gaps are 9 to 10, 11 to 12, 13 to 13:30 and 15 to 20.
    CHECK(score_of("09:00", "10:00") == Approx(1));
    CHECK(score_of("13:00", "13:30") == Approx(1));
    CHECK(score_of("09:00", "09:30") == Approx(0.75));
    CHECK(score_of("15:00", "16:00") == Approx(0.75));
    CHECK(score_of("15:30", "16:30") == Approx(0.5));
    CHECK(found.front().slot == interval{tuesday("09:00"), tuesday("10:00")});
    // With buffers a half-hour beside the slot is of no use.
    who.around = {.before = 15min};
    search.step = 15min;
    const auto buffered = ranked_slots(std::span(&who, 1), search, weights, 1000).value();
    for (const auto& each : buffered)
        if (each.slot == interval{tuesday("15:45"), tuesday("16:15")})
            CHECK(each.unbroken == Approx(0.25));
}

TEST_CASE("parts of the day and weekdays are liked and disliked") {
    auto weights = nothing;
    weights.afternoon = 1;
    CHECK(best(in_vienna(), weights).slot.start == tuesday("13:00"));
    weights = nothing;
    weights.evening = 1;
    CHECK(best(in_vienna(), weights).slot.start == tuesday("18:00"));
    CHECK(best(in_vienna(), weights).part_of_day == 1);
    weights = nothing;
    weights.morning = -1;
    CHECK(best(in_vienna(), weights).slot.start == tuesday("13:00"));
    weights = nothing;
    weights.weekdays[3] = 0.5;  // Thursday
    CHECK(best(in_vienna(), weights).slot.start == tuesday("09:00") + 48h);
    CHECK(best(in_vienna(), weights).weekday == 0.5);
    weights.soonest = std::numeric_limits<double>::quiet_NaN();
    const auto who = in_vienna();
    CHECK(ranked_slots(std::span(&who, 1), this_week(), weights, 1).error().code ==
          error_code::invalid_request);
}

TEST_CASE("alternatives are near, and apart from each other where there are enough") {
    const auto who = in_vienna();
    auto search = this_week();
    search.step = 15min;
    const auto wanted = [](const std::string& clock) {
        return interval{tuesday(clock), tuesday(clock) + 60min};
    };
    // In UTC, after the day of the month.
    CHECK(near(who, search, wanted("10:00"), 3) == "01T09:00 01T08:00 01T10:00");
    CHECK(near(who, search, wanted("12:30"), 3) == "01T12:00 01T10:00 01T13:00");
    CHECK(near(who, search, wanted("12:30"), 1) == "01T12:00");
    CHECK(near(who, search, wanted("12:30"), 0).empty());
    search.until = tuesday("09:45");
    CHECK(near(who, search, wanted("09:00"), 3) == "01T08:00 01T08:15 01T08:30");
    search.until = tuesday("10:30");
    CHECK(near(who, search, wanted("09:00"), 3) == "01T08:00 01T08:15 01T09:00");
    // A length that is not offered is answered with those that are.
    const interval too_long{tuesday("10:00"), tuesday("13:00")};
    CHECK(near(who, search, too_long, 1) == "01T09:00");
}
