#include "domain/scheduling/ranking.hpp"
#include "tests/domain/scheduling/minute_oracle.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

namespace {

using namespace perin;
using namespace perin::scheduling;
using perin::scheduling::test::minute_oracle;
using std::chrono::hours;
using std::chrono::minutes;

/// Changes of the clock: one of an hour forward and one back in each zone, of half an hour on Lord
/// Howe; Santiago's are at midnight, so that a day has none, and Casablanca's are around Ramadan.
/// Kolkata has none, and half an hour in its offset.
struct change {
    const char* timezone;
    const char* at;
};
constexpr std::array changes{
    change{"Europe/Berlin", "2026-03-29T01:00:00Z"},
    change{"Europe/Berlin", "2026-10-25T01:00:00Z"},
    change{"America/New_York", "2026-03-08T07:00:00Z"},
    change{"America/New_York", "2026-11-01T06:00:00Z"},
    change{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
    change{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
    change{"Asia/Kolkata", "2026-02-28T18:30:00Z"},
    change{"Asia/Kolkata", "2026-12-31T18:30:00Z"},
    change{"Africa/Casablanca", "2026-02-15T02:00:00Z"},
    change{"Africa/Casablanca", "2026-03-22T02:00:00Z"},
    change{"America/Santiago", "2026-04-05T03:00:00Z"},
    change{"America/Santiago", "2026-09-06T04:00:00Z"},
    change{"Asia/Kathmandu", "2026-01-03T18:15:00Z"},
};

/// The same numbers on every machine.
class chance {
  public:
    explicit chance(std::uint64_t seed) : engine_(seed) {}

    /// From `least` to `most`, both included.
    int between(int least, int most) {
        return least + static_cast<int>(engine_() % static_cast<std::uint64_t>(most - least + 1));
    }
    bool once_in(int times) { return between(1, times) == 1; }
    template <class List>
    const auto& one_of(const List& list) {
        return list[static_cast<std::size_t>(between(0, static_cast<int>(std::size(list)) - 1))];
    }

  private:
    std::mt19937_64 engine_;
};

struct problem {
    std::vector<person> people;
    slot_search search;
    timestamp change_at;
};

daily_hours some_hours(chance& luck) {
    constexpr std::array unit{1, 5, 15, 30, 60};
    const int each = luck.one_of(unit);
    const int from = luck.between(0, 1439 / each) * each;
    // Mostly an ordinary shift; at times one across midnight or around the clock.
    const int longest = luck.once_in(4) ? 1440 : 600;
    return {minutes{from}, minutes{from + luck.between(1, longest)}};
}

working_hours some_week(chance& luck) {
    working_hours week;
    for (auto& day : week.days) {
        const int shifts = luck.once_in(5) ? 0 : luck.between(1, 3);
        for (int i = 0; i < shifts; ++i) day.push_back(some_hours(luck));
    }
    return week;
}

buffers some_buffers(chance& luck) {
    constexpr std::array lengths{0, 0, 0, 5, 10, 15, 60};
    return {minutes{luck.one_of(lengths)}, minutes{luck.one_of(lengths)}};
}

std::optional<std::size_t> some_limit(chance& luck, int most) {
    if (!luck.once_in(5)) return std::nullopt;
    return static_cast<std::size_t>(luck.between(luck.once_in(10) ? 0 : 1, most));
}

busy_time some_meeting(chance& luck, const slot_search& search, timestamp around) {
    constexpr std::array lengths{0, 5, 15, 25, 30, 60, 90, 480, 3000};
    busy_time busy;
    // Counted ones lie also elsewhere in the month.
    const int reach = luck.once_in(4) ? 35 * 1440 : 3 * 1440;
    busy.when.start = around + minutes{luck.between(-reach / 5, reach / 5) * 5};
    if (luck.once_in(4)) busy.when.start += minutes{luck.between(0, 4)};
    busy.when.end = busy.when.start + minutes{luck.one_of(lengths)};
    if (luck.once_in(2)) busy.around = some_buffers(luck);
    if (luck.once_in(4)) busy.held_until = search.now + std::chrono::seconds{luck.between(-2, 2)};
    busy.counted = luck.once_in(2);
    return busy;
}

person some_person(chance& luck, const slot_search& search, timestamp around,
                   const char* timezone) {
    person who{.timezone = timezone, .hours = some_week(luck)};
    const int meetings = luck.between(0, 14);
    for (int i = 0; i < meetings; ++i) who.busy.push_back(some_meeting(luck, search, around));
    if (luck.once_in(2)) who.around = some_buffers(luck);
    if (luck.once_in(3)) who.notice = minutes{luck.between(0, 2000)};
    const auto day = date::local_days{date::floor<date::days>(around).time_since_epoch()};
    if (luck.once_in(4)) who.first_day = day + date::days{luck.between(-2, 1)};
    if (luck.once_in(4)) who.last_day = day + date::days{luck.between(-1, 2)};
    who.most = {some_limit(luck, 3), some_limit(luck, 5), some_limit(luck, 8)};
    return who;
}

problem some_problem(std::uint64_t seed) {
    chance luck(seed);
    const auto& zone = luck.one_of(changes);
    const timestamp around = *from_rfc3339(zone.at);
    constexpr std::array lengths{1, 5, 15, 20, 30, 45, 60, 90, 240, 1440};
    constexpr std::array steps{1, 5, 10, 15, 20, 30, 45, 60, 90, 420};
    slot_search search{.now = around - hours{luck.between(0, 60)} +
                              std::chrono::milliseconds{luck.between(0, 59'999)},
                       .from = around - minutes{luck.between(0, 2 * 1440)},
                       .until = around + minutes{luck.between(0, 2 * 1440)},
                       .step = minutes{luck.one_of(steps)}};
    const int durations = luck.between(1, 3);
    for (int i = 0; i < durations; ++i) search.durations.push_back(minutes{luck.one_of(lengths)});
    problem made{.people = {}, .search = search, .change_at = around};
    const int others = luck.once_in(2) ? 0 : luck.between(1, 2);
    made.people.push_back(some_person(luck, search, around, zone.timezone));
    for (int i = 0; i < others; ++i)
        made.people.push_back(some_person(luck, search, around, luck.one_of(changes).timezone));
    return made;
}

/// A thousand in the daily run, PERIN_SEEDS of them where somebody wants more.
std::uint64_t seeds() {
    const char* wanted = std::getenv("PERIN_SEEDS");
    return wanted == nullptr ? 1'000 : std::strtoull(wanted, nullptr, 10);
}

std::string shown(const std::vector<interval>& slots) {
    std::string all;
    for (const auto& each : slots)
        all += to_rfc3339(each.start) + "/" + to_rfc3339(each.end) + "\n";
    return all;
}

}  // namespace

TEST_CASE("free slots and refusals are those of a minute-by-minute oracle", "[property]") {
    std::size_t found = 0;
    std::array<std::size_t, 13> refusals{};
    for (std::uint64_t seed = 0; seed < seeds(); ++seed) {
        INFO("seed " << seed);
        const auto [people, search, around] = some_problem(seed);
        const minute_oracle oracle(people, search, around - hours{80}, around + hours{120});
        const auto slots = free_slots(people, search);
        REQUIRE(slots);
        const auto expected = oracle.slots();
        if (*slots != expected) CHECK(shown(*slots) == shown(expected));
        REQUIRE(*slots == expected);
        found += slots->size();

        chance luck(seed + 1'000'000'007);
        for (int i = 0; i < 12; ++i) {
            const timestamp start = around + minutes{luck.between(-4000, 4000)};
            const interval slot{start, start + luck.one_of(search.durations)};
            const bool at_steps = luck.once_in(2);
            const auto answer =
                check(people, search, slot, at_steps ? placing::at_steps : placing::anywhere);
            REQUIRE(answer);
            const auto reason = oracle.why_not(slot, at_steps);
            INFO("slot at " << to_rfc3339(start) << (at_steps ? " at steps" : ""));
            REQUIRE(*answer == reason);
            if (reason) ++refusals[static_cast<std::size_t>(reason->why)];
        }
        for (int i = 0; i < 3 && !slots->empty(); ++i)
            REQUIRE(check(people, search, luck.one_of(*slots)).value() == std::nullopt);
    }
    // A generator that no longer finds what it is for would prove nothing.
    if (seeds() < 1'000) return;
    CHECK(found > 10'000);
    for (const auto why :
         {refusal::too_soon, refusal::before_window, refusal::beyond_window, refusal::outside_hours,
          refusal::off_step, refusal::busy, refusal::held, refusal::too_close, refusal::day_full,
          refusal::week_full, refusal::month_full}) {
        INFO(sentence(why));
        CHECK(refusals[static_cast<std::size_t>(why)] > 0);
    }
}

TEST_CASE("ranking and alternatives choose among the free slots, each once", "[property]") {
    for (std::uint64_t seed = 0; seed < seeds() / 4; ++seed) {
        INFO("seed " << seed);
        const auto [people, search, around] = some_problem(seed);
        auto slots = free_slots(people, search).value();
        const auto ranked =
            ranked_slots(people, search, {.morning = 0.5, .weekdays = {1, 1}}, slots.size() + 1)
                .value();
        REQUIRE(ranked.size() == slots.size());
        REQUIRE(std::is_sorted(ranked.begin(), ranked.end(), [](const auto& one, const auto& two) {
            return one.score() > two.score();
        }));
        std::vector<interval> ranked_ones;
        for (const auto& each : ranked) {
            ranked_ones.push_back(each.slot);
            REQUIRE(each.unbroken >= 0);
            REQUIRE(each.unbroken <= 0.5);
            REQUIRE(each.soonest > 0);
            REQUIRE(each.soonest <= 1);
        }
        const auto by_time = [](const interval& one, const interval& two) {
            return std::pair{one.start, one.end} < std::pair{two.start, two.end};
        };
        std::sort(ranked_ones.begin(), ranked_ones.end(), by_time);
        REQUIRE(ranked_ones == slots);

        const auto length = search.durations.front();
        const auto near = alternatives(people, search, {around, around + length}, 5).value();
        std::erase_if(slots, [&](const auto& each) { return each.end - each.start != length; });
        REQUIRE(near.size() == std::min<std::size_t>(5, slots.size()));
        for (const auto& each : near) {
            REQUIRE(std::count(near.begin(), near.end(), each) == 1);
            REQUIRE(std::binary_search(slots.begin(), slots.end(), each, by_time));
        }
        if (near.empty()) continue;
        for (const auto& each : slots)
            REQUIRE(std::chrono::abs(near.front().start - around) <=
                    std::chrono::abs(each.start - around));
    }
}
