#include "domain/scheduling/open_time.hpp"

#include <algorithm>

namespace perin::scheduling {

namespace {

using std::chrono::minutes;

constexpr date::days farthest{400};
constexpr std::chrono::hours longest{24};
constexpr std::size_t most_people = 100;
constexpr std::size_t most_durations = 20;

// Beyond these nobody plans, and the calendar's own arithmetic ends.
constexpr timestamp first_moment = date::sys_days{date::year{1900} / 1 / 1};
constexpr timestamp last_moment = date::sys_days{date::year{9000} / 1 / 1};

bool is_length(minutes length) { return length >= minutes{1} && length <= longest; }

bool is_buffer(minutes length) { return length >= minutes{0} && length <= longest; }

std::optional<failure> unfit(const person& who) {
    if (auto why = unfit(who.hours)) return why;
    if (!is_buffer(who.around.before) || !is_buffer(who.around.after))
        return failure{error_code::invalid_request, "has a buffer that is none"};
    for (const busy_time& each : who.busy)
        if (!is_buffer(each.around.before) || !is_buffer(each.around.after))
            return failure{error_code::invalid_request, "has a meeting with a buffer that is none"};
    if (who.notice < minutes{0} || who.notice > farthest)
        return failure{error_code::invalid_request, "has a notice that is none"};
    return std::nullopt;
}

/// What a search looks at: hours reach into the next day, and so may meetings and buffers.
interval looked_at(const slot_search& search) {
    return {search.from - date::days{2}, search.until + longest + date::days{2}};
}

interval with_limits(const interval& range) {
    return {range.start - limits_reach, range.end + limits_reach};
}

/// Where a meeting of `who` may not lie. The new one's buffers are put around what is there, the
/// other way round: so a slot need not be seen with its own.
time_set blocked(const person& who, const interval& range, timestamp now) {
    std::vector<interval> all;
    all.reserve(who.busy.size());
    for (const busy_time& each : who.busy) {
        const interval taken = taken_by(each);
        if (is_empty(taken) || is_over(each, now)) continue;
        const interval kept{taken.start - who.around.after, taken.end + who.around.before};
        if (overlap(kept, range)) all.push_back(kept);
    }
    return merged(std::move(all));
}

/// Days of which those with `most` counted meetings and more are full.
void add_full(const day_counts& counts, day_range (*around)(date::local_days),
              const std::optional<std::size_t>& most, const zone_line& line,
              std::vector<interval>& full) {
    if (!most) return;
    if (*most == 0) {
        full.push_back(line.range());
        return;
    }
    const auto& days = counts.days();
    for (std::size_t i = 0; i < days.size();) {
        const auto [first, end] = around(days[i]);
        std::size_t count = 0;
        for (; i < days.size() && days[i] < end; ++i) ++count;
        if (count < *most) continue;
        line.each_showing(first, end,
                          [&](const zone_line::stretch& each) { full.push_back(each.when); });
    }
}

time_set beginnings_of(const person& who, const zone_line& line, const slot_search& search) {
    const interval late_enough{std::max(search.from, search.now + who.notice), search.until};
    if (is_empty(late_enough)) return {};
    const day_counts counts(who, line, search.now);
    std::vector<interval> full;
    add_full(counts, day_around, who.most.a_day, line, full);
    add_full(counts, week_around, who.most.a_week, line, full);
    add_full(counts, month_around, who.most.a_month, line, full);
    return without({late_enough}, merged(std::move(full)));
}

}  // namespace

std::optional<failure> unfit(std::span<const person> people, const slot_search& search) {
    if (people.empty() || people.size() > most_people)
        return failure{error_code::invalid_request, "asks for the time of nobody, or of too many"};
    if (search.durations.empty() || search.durations.size() > most_durations ||
        !std::all_of(search.durations.begin(), search.durations.end(), is_length))
        return failure{error_code::invalid_request, "has a duration that is none"};
    if (!is_length(search.step))
        return failure{error_code::invalid_request, "has a step that is none"};
    const bool ordered = search.now >= first_moment && search.now <= last_moment &&
                         search.from >= first_moment && search.until <= last_moment &&
                         search.from <= search.until && search.until - search.from <= farthest;
    if (!ordered) return failure{error_code::invalid_request, "has a range that is none"};
    for (const person& each : people)
        if (auto why = unfit(each)) return why;
    return std::nullopt;
}

result<open_time> open_time_of(std::span<const person> people, const slot_search& search) {
    if (auto why = unfit(people, search)) return *why;
    const interval range = looked_at(search);
    open_time open{.free = {range}, .beginnings = {{search.from, search.until}}, .grid = {}};
    for (const person& each : people) {
        const auto line = zone_line::over(each.timezone, with_limits(range));
        if (!line) return line.error();
        auto pieces = working_pieces(each.hours, *line, range);
        std::vector<interval> hours;
        hours.reserve(pieces.size());
        for (const auto& piece : pieces) hours.push_back(piece.when);
        const auto working = intersected(merged(std::move(hours)), bookable_days(each, *line));
        const auto free = without(working, blocked(each, range, search.now));
        open.free = intersected(open.free, free);
        open.beginnings = intersected(open.beginnings, beginnings_of(each, *line, search));
        if (&each == &people.front()) open.grid = std::move(pieces);
    }
    return open;
}

interval taken_by(const busy_time& busy) noexcept {
    return {std::clamp(busy.when.start, first_moment, last_moment) - busy.around.before,
            std::clamp(busy.when.end, first_moment, last_moment) + busy.around.after};
}

time_set bookable_days(const person& who, const zone_line& line) {
    const auto [start, end] = line.range();
    const auto first = who.first_day.value_or(line.day_of(start) - date::days{1});
    const auto last = who.last_day.value_or(line.day_of(end) + date::days{1});
    return line.showing(first, last + date::days{1});
}

day_counts::day_counts(const person& who, const zone_line& line, timestamp now) {
    const interval range = line.range();
    for (const busy_time& each : who.busy) {
        const timestamp start = each.when.start;
        if (!each.counted || is_over(each, now) || start < range.start || start >= range.end)
            continue;
        days_.push_back(line.day_of(start));
    }
    std::sort(days_.begin(), days_.end());
}

std::size_t day_counts::from_until(date::local_days from, date::local_days until) const {
    const auto first = std::lower_bound(days_.begin(), days_.end(), from);
    const auto end = std::lower_bound(first, days_.end(), until);
    return static_cast<std::size_t>(end - first);
}

day_range day_around(date::local_days day) { return {day, day + date::days{1}}; }

day_range week_around(date::local_days day) {
    const auto monday = day - (date::weekday{day} - date::Monday);
    return {monday, monday + date::weeks{1}};
}

day_range month_around(date::local_days day) {
    const date::year_month_day date{day};
    const auto month = date.year() / date.month();
    return {date::local_days{month / 1}, date::local_days{(month + date::months{1}) / 1}};
}

}  // namespace perin::scheduling
