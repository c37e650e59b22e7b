// How fast free slots are found: of one person, and of ten; one line of JSON each.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_availability
//   build/bench/bench/bench_availability
//
// Each person has 2,000 busy times in no order over 60 days, with buffers and limits; slots of 15,
// 30 and 60 minutes every 15 minutes, over a change of the clock.

#include "domain/scheduling/ranking.hpp"
#include "domain/scheduling/slot_check.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>

using namespace perin;
using namespace perin::scheduling;
using clock_type = std::chrono::steady_clock;
using std::chrono::minutes;
using namespace std::chrono_literals;

namespace {

constexpr int days = 60;
constexpr int busy_times = 2'000;
constexpr std::size_t runs = 500;

person somebody(std::mt19937_64& chance, timestamp from, const char* timezone,
                const std::vector<daily_hours>& hours) {
    person who{.timezone = timezone, .hours = {}};
    for (std::size_t day = 0; day < 6; ++day) who.hours.days[day] = hours;
    for (int i = 0; i < busy_times; ++i) {
        const auto start = from + minutes{chance() % (days * 24 * 12) * 5};
        busy_time busy{.when = {start, start + minutes{5}}};
        busy.counted = i % 100 == 0;
        who.busy.push_back(busy);
    }
    who.around = {minutes{5}, minutes{5}};
    who.notice = minutes{120};
    who.most = {.a_day = 4, .a_week = 12, .a_month = 40};
    return who;
}

[[noreturn]] void stop(const failure& why) {
    std::fprintf(stderr, "bench_availability: %s\n", why.detail.c_str());
    std::exit(1);
}

/// Prints the microseconds of a search among `people`.
void measure(std::span<const person> people, const slot_search& search) {
    std::vector<double> took;
    std::size_t slots = 0;
    for (std::size_t i = 0; i < runs; ++i) {
        const auto start = clock_type::now();
        const auto found = free_slots(people, search);
        took.push_back(
            std::chrono::duration<double, std::micro>(clock_type::now() - start).count());
        if (!found) stop(found.error());
        slots = found->size();
    }
    std::sort(took.begin(), took.end());
    std::printf(
        "{\"what\":\"free_slots\",\"people\":%zu,\"days\":%d,\"busy_times\":%d,\"slots\":%zu,"
        "\"p50_us\":%.0f,\"p99_us\":%.0f}\n",
        people.size(), days, busy_times, slots, took[runs / 2], took[runs * 99 / 100]);
}

}  // namespace

int main() {
    // In Europe the clocks change in the midst of it.
    const timestamp from = *from_rfc3339("2026-03-01T00:00:00Z");
    const slot_search search{.now = from,
                             .from = from,
                             .until = from + date::days{days},
                             .durations = {minutes{15}, minutes{30}, minutes{60}},
                             .step = minutes{15}};
    std::mt19937_64 chance(1);
    const std::vector<daily_hours> office{{8h, 12h}, {13h, 18h}};
    const std::vector<person> one{somebody(chance, from, "Europe/Berlin", office)};
    measure(one, search);

    constexpr std::array zones{"Europe/Berlin",       "Europe/London",
                               "America/New_York",    "America/Sao_Paulo",
                               "Africa/Casablanca",   "Asia/Kolkata",
                               "Australia/Lord_Howe", "Asia/Kathmandu",
                               "America/Santiago",    "UTC"};
    // Around the world there is no hour of everybody's office.
    const std::vector<daily_hours> most_of_the_day{{0h, 11h}, {12h, 24h}};
    std::vector<person> ten;
    for (const char* zone : zones) {
        ten.push_back(somebody(chance, from, zone, most_of_the_day));
        // Of people with as many meetings at random hours there is no time that suits all: theirs
        // are at the same times.
        ten.back().busy = one.front().busy;
        std::shuffle(ten.back().busy.begin(), ten.back().busy.end(), chance);
    }
    measure(ten, search);
}
