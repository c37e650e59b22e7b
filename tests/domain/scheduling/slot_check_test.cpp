#include "domain/scheduling/slot_check.hpp"

#include <catch2/catch.hpp>

#include <set>
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
    who.around = {.before = 10min, .after = 10min};
    who.notice = 120min;
    who.first_day = date::local_days{date::year{2026} / 12 / 1};
    who.last_day = date::local_days{date::year{2026} / 12 / 14};
    return who;
}

const slot_search search{.now = tuesday("06:00"), .durations = {30min, 60min}, .step = 30min};

std::optional<refused> answer(const person& who, timestamp start, std::chrono::minutes length,
                              placing where = placing::at_steps) {
    const auto found = check(std::span(&who, 1), search, {start, start + length}, where);
    REQUIRE(found);
    return *found;
}

std::optional<refused> because(refusal why, std::size_t who = 0) { return refused{why, who}; }

}  // namespace

TEST_CASE("a slot is refused for the reason that is first") {
    auto who = in_vienna();
    CHECK(answer(who, tuesday("09:00"), 30min) == std::nullopt);
    CHECK(answer(who, tuesday("16:00"), 60min) == std::nullopt);
    CHECK(answer(who, tuesday("09:00"), 0min) == because(refusal::no_time));
    CHECK(answer(who, tuesday("09:00"), -30min) == because(refusal::no_time));
    CHECK(answer(who, tuesday("09:00"), 45min) == because(refusal::wrong_length));
    CHECK(answer(who, tuesday("07:30"), 30min) == because(refusal::too_soon));
    CHECK(answer(who, tuesday("09:00") - 24h, 30min) == because(refusal::too_soon));
    CHECK(answer(who, tuesday("08:00"), 30min) == because(refusal::outside_hours));
    CHECK(answer(who, tuesday("16:30"), 60min) == because(refusal::outside_hours));
    CHECK(answer(who, tuesday("09:00") + 4 * 24h, 30min) == because(refusal::outside_hours));
    CHECK(answer(who, tuesday("09:00") + 14 * 24h, 30min) == because(refusal::beyond_window));
    who.first_day = *who.first_day + date::days{1};
    CHECK(answer(who, tuesday("09:00"), 30min) == because(refusal::before_window));
    who.first_day.reset();
    CHECK(answer(who, tuesday("09:10"), 30min) == because(refusal::off_step));
    CHECK(answer(who, tuesday("09:10"), 30min, placing::anywhere) == std::nullopt);
    CHECK(answer(who, tuesday("08:50"), 30min, placing::anywhere) ==
          because(refusal::outside_hours));
}

TEST_CASE("other meetings refuse a slot after the rules have not") {
    auto who = in_vienna();
    who.busy = {{.when = {tuesday("10:00"), tuesday("10:30")},
                 .around = {.before = 5min, .after = 0min},
                 .counted = true},
                {.when = {tuesday("12:00"), tuesday("13:00")}, .held_until = search.now + 1ms}};
    CHECK(answer(who, tuesday("10:00"), 60min) == because(refusal::busy));
    CHECK(answer(who, tuesday("09:30"), 60min) == because(refusal::busy));
    CHECK(answer(who, tuesday("09:30"), 30min) == because(refusal::too_close));
    CHECK(answer(who, tuesday("09:00"), 30min) == std::nullopt);
    CHECK(answer(who, tuesday("09:15"), 30min, placing::anywhere) == std::nullopt);
    CHECK(answer(who, tuesday("09:16"), 30min, placing::anywhere) == because(refusal::too_close));
    CHECK(answer(who, tuesday("12:30"), 30min) == because(refusal::held));
    CHECK(answer(who, tuesday("13:00"), 30min) == because(refusal::too_close));
    CHECK(answer(who, tuesday("10:10"), 30min) == because(refusal::off_step));
    who.busy[1].held_until = search.now;
    CHECK(answer(who, tuesday("12:30"), 30min) == std::nullopt);
    who.most.a_month = 1;
    CHECK(answer(who, tuesday("14:00"), 30min) == because(refusal::month_full));
    who.most.a_week = 1;
    CHECK(answer(who, tuesday("14:00"), 30min) == because(refusal::week_full));
    who.most.a_day = 1;
    CHECK(answer(who, tuesday("14:00"), 30min) == because(refusal::day_full));
    CHECK(answer(who, tuesday("14:00") + 24h, 30min) == because(refusal::week_full));
    CHECK(answer(who, tuesday("14:00") + 7 * 24h, 30min) == because(refusal::month_full));
}

TEST_CASE("of several people the one is named who cannot") {
    std::vector<person> people{in_vienna(), in_vienna(), in_vienna()};
    const auto asked = [&](timestamp start) {
        return check(people, search, {start, start + 30min}).value();
    };
    people[2].hours = working_hours{};
    people[1].busy = {{.when = {tuesday("10:00"), tuesday("11:00")}}};
    // A rule of the third goes before a meeting of the second.
    CHECK(asked(tuesday("10:00")) == because(refusal::outside_hours, 2));
    people[2].hours = office_hours();
    CHECK(asked(tuesday("10:00")) == because(refusal::busy, 1));
    // Only the first one's steps count.
    people[1].busy.clear();
    people[2].hours.days[1] = {{9h + 10min, 17h}};
    CHECK(asked(tuesday("10:00")) == std::nullopt);
    CHECK(asked(tuesday("09:00")) == because(refusal::outside_hours, 2));
    people[1].timezone = "Nowhere/Land";
    CHECK(check(people, search, {tuesday("10:00"), tuesday("10:30")}).error().code ==
          error_code::invalid_request);
}

TEST_CASE("every refusal has its own sentence, and those of other meetings may end") {
    std::set<std::string_view> all;
    for (int i = 0; i <= static_cast<int>(refusal::month_full); ++i) {
        const auto why = static_cast<refusal>(i);
        CHECK(sentence(why).ends_with('.'));
        all.insert(sentence(why));
    }
    CHECK(all.size() == 13);
    for (const auto why :
         {refusal::no_time, refusal::wrong_length, refusal::too_soon, refusal::before_window,
          refusal::beyond_window, refusal::outside_hours, refusal::off_step})
        CHECK_FALSE(is_taken(why));
    for (const auto why : {refusal::busy, refusal::held, refusal::too_close, refusal::day_full,
                           refusal::week_full, refusal::month_full})
        CHECK(is_taken(why));
}
