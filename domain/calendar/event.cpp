#include "domain/calendar/event.hpp"

#include "domain/calendar/recurrence_times.hpp"
#include "domain/calendar/zone_clock.hpp"

#include <algorithm>

namespace perin::calendar {

namespace {

using namespace std::chrono;

/// Moments that no calendar reaches.
constexpr local_seconds end_of_time = local_days{year{9998} / December / 31};
/// What a series with COUNT may cost until its last start is known: fifty years, day by day.
constexpr std::size_t steps_to_last_start = 20'000;

/// The clock on which an event's own times stand.
zone_clock clock_of(const event& which, const std::string& viewer) {
    return zone_clock(which.start.form == time_form::zoned ? which.start.timezone : viewer);
}

sys_seconds end_of(const event& which, zone_clock& clock, local_seconds start, seconds length) {
    // A day ends at the midnight of the wall clock, however long it was.
    if (which.start.form == time_form::all_day) return clock.to_instant(start + length);
    return clock.to_instant(start) + length;
}

/// The last start by the rule; nothing where it has no end.
std::optional<local_seconds> last_start(const event& which) {
    const auto& rule = *which.rule;
    if (rule.until) {
        // A day's room: the end may be a day, or in UTC.
        return std::max(which.start.local, rule.until->local + days{1});
    }
    if (!rule.count) return std::nullopt;
    recurrence_times times(rule, which.start.local, which.start.local, end_of_time);
    auto steps = steps_to_last_start;
    auto last = which.start.local;
    while (const auto at = times.next(steps)) last = *at;
    if (times.cut_short()) return std::nullopt;
    return last;
}

}  // namespace

span_of_time first_span(const event& which, const std::string& viewer) {
    auto clock = clock_of(which, viewer);
    return {clock.to_instant(which.start.local),
            end_of(which, clock, which.start.local, which.length)};
}

std::optional<timestamp> last_end(const event& which) {
    auto clock = clock_of(which, "UTC");
    auto last = end_of(which, clock, which.start.local, which.length);
    if (which.rule) {
        const auto start = last_start(which);
        if (!start) return std::nullopt;
        last = std::max(last, end_of(which, clock, *start, which.length));
    }
    for (const auto& added : which.added) {
        last =
            std::max(last, end_of(which, clock, added.start, added.length.value_or(which.length)));
    }
    return last;
}

void place(event& which, timestamp starts_at, timestamp ends_at, const std::string& timezone) {
    const auto start = floor<seconds>(starts_at);
    which.length = std::max(floor<seconds>(ends_at) - start, seconds{0});
    zone_clock clock(timezone);
    const auto local = clock.to_local(start);
    which.start = clock.to_instant(local) == start && is_timezone(timezone)
                      ? moment{time_form::zoned, timezone, local}
                      : utc_moment(start);
}

local_seconds on_clock_of(const moment& clock, const moment& when) {
    if (clock.form == time_form::all_day) return floor<days>(when.local);
    if (when.form == time_form::all_day) {
        return when.local + (clock.local - floor<days>(clock.local));
    }
    if (clock.form != time_form::zoned || when.form != time_form::zoned ||
        clock.timezone == when.timezone) {
        return when.local;
    }
    zone_clock utc("UTC");
    return zone_clock(clock.timezone).to_local(to_instant(when, utc));
}

moment recurrence_id_of(const event& series, local_seconds at) {
    if (series.start.form != time_form::zoned) return {series.start.form, {}, at};
    return utc_moment(zone_clock(series.start.timezone).to_instant(at));
}

}  // namespace perin::calendar
