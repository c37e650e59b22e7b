// What a calendar of 5,000 events, 500 of them series, costs to expand over 90 days, and to write
// and read as a file; one line of JSON a measurement.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_calendar
//   build/bench/bench/bench_calendar
//
// BENCH_RUNS is how often each is done (default 50); what is told is the median and the slowest.

#include "domain/calendar/calendar_reader.hpp"
#include "domain/calendar/calendar_writer.hpp"
#include "domain/calendar/expansion.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

using namespace perin;
using namespace perin::calendar;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr int events_of_all = 5'000;
constexpr int series_of_all = 500;

const std::array<const char*, 10> rules = {
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=1,15",
    "FREQ=YEARLY",
    "FREQ=DAILY;COUNT=1500",
    "FREQ=WEEKLY;COUNT=400;BYDAY=MO,TH",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=WEEKLY;UNTIL=20261231T230000Z",
};
const std::array<const char*, 5> zones = {"Europe/Vienna", "America/New_York", "Asia/Tokyo",
                                          "Australia/Sydney", "UTC"};

/// Four years of events, those of the window among them.
std::vector<event> a_calendar() {
    std::vector<event> out;
    const auto first = std::chrono::local_days{std::chrono::year{2023} / 1 / 2};
    for (int i = 0; i < events_of_all; ++i) {
        event one;
        one.uid = "event-" + std::to_string(i) + "@bench.example";
        one.title = "Event " + std::to_string(i);
        one.start = {time_form::zoned, zones[static_cast<std::size_t>(i) % zones.size()],
                     first + std::chrono::days{i * 7 % 1'460} + std::chrono::hours{i % 24}};
        one.length = std::chrono::minutes{30 + i % 4 * 15};
        if (i % (events_of_all / series_of_all) == 0) {
            const auto number = static_cast<std::size_t>(i * series_of_all / events_of_all);
            one.rule = *parse_rule(rules[number % rules.size()]);
            one.excluded = {one.start.local + std::chrono::days{7}};
        }
        out.push_back(std::move(one));
    }
    return out;
}

/// Prints the median and the slowest of `runs` runs of `what`, which returns how much it found.
template <class What>
void measure(const char* name, int runs, What what) {
    std::vector<double> times;
    std::size_t found = 0;
    for (int i = 0; i < runs; ++i) {
        const auto start = clock_type::now();
        found = what();
        times.push_back(
            std::chrono::duration<double, std::milli>(clock_type::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    std::printf(
        "{\"measurement\":\"%s\",\"runs\":%d,\"found\":%zu,\"median_ms\":%.2f,"
        "\"slowest_ms\":%.2f}\n",
        name, runs, found, times[times.size() / 2], times.back());
}

}  // namespace

int main() {
    const char* const asked = std::getenv("BENCH_RUNS");
    const int runs = std::max(asked == nullptr ? 50 : std::atoi(asked), 1);
    const auto events = a_calendar();
    const auto from = *from_rfc3339("2026-06-01T00:00:00Z");
    const auto until = from + std::chrono::days{90};
    measure("expand_90_days", runs, [&] {
        const auto out = expand(events, from, until, "Europe/Vienna");
        return out.cut_short.empty() ? out.occurrences.size() : 0;
    });
    measure("expand_1_day", runs, [&] {
        return expand(events, from, from + std::chrono::days{1}, "Europe/Vienna")
            .occurrences.size();
    });
    std::string text;
    measure("write_file", runs, [&] { return (text = to_calendar(events, {})).size(); });
    measure("read_file", runs, [&] {
        const auto out = parse_calendar(text);
        return out ? out->events.size() : 0;
    });
}
