#include "domain/calendar/recurrence_times.hpp"

#include <algorithm>

namespace perin::calendar {

namespace {

using namespace std::chrono;

std::int64_t floor_divided(std::int64_t value, std::int64_t by) {
    const auto quotient = value / by;
    return value % by < 0 ? quotient - 1 : quotient;
}

/// Months since January of year 0.
std::int64_t month_number(local_seconds at) {
    const year_month_day date{floor<days>(at)};
    return static_cast<std::int64_t>(static_cast<int>(date.year())) * 12 +
           static_cast<unsigned>(date.month()) - 1;
}

local_days month_start(std::int64_t number) {
    return local_days{year{static_cast<int>(number / 12)} /
                      month{static_cast<unsigned>(number % 12) + 1} / 1};
}

/// Length of a frequency whose periods all have the same; months and years count in months.
std::int64_t unit_of(frequency every) {
    switch (every) {
        case frequency::secondly:
            return 1;
        case frequency::minutely:
            return 60;
        case frequency::hourly:
            return 3'600;
        case frequency::daily:
            return 86'400;
        case frequency::weekly:
            return 7 * 86'400;
        case frequency::monthly:
            return 1;
        case frequency::yearly:
            return 12;
    }
    return 1;
}

bool counts_months(frequency every) { return every >= frequency::monthly; }

bool has(const std::vector<int>& values, std::int64_t value) {
    return values.empty() || std::ranges::binary_search(values, value);
}

}  // namespace

recurrence_times::recurrence_times(const recurrence_rule& rule, local_seconds start,
                                   local_seconds from, local_seconds until)
    : rule_(rule), filter_(rule, floor<days>(start)), start_(start), from_(from), until_(until) {
    const auto day = floor<days>(start);
    const seconds into_day = start - day;
    switch (rule.every) {
        case frequency::secondly:
            origin_ = start;
            break;
        case frequency::minutely:
            origin_ = day + floor<minutes>(into_day);
            break;
        case frequency::hourly:
            origin_ = day + floor<hours>(into_day);
            break;
        case frequency::daily:
            origin_ = day;
            break;
        case frequency::weekly:
            origin_ = day - (weekday{day} - rule.week_start);
            break;
        case frequency::monthly:
        case frequency::yearly:
            origin_ = day;
            break;
    }
    set_times();
    set_first_period();
}

bool recurrence_times::is_plain() const {
    return !counts_months(rule_.every) && rule_.weekdays.empty() && rule_.months.empty() &&
           rule_.days_of_month.empty() && rule_.days_of_year.empty() &&
           rule_.weeks_of_year.empty() && rule_.hours_of_day.empty() &&
           rule_.minutes_of_hour.empty() && rule_.seconds_of_minute.empty();
}

void recurrence_times::set_times() {
    const hh_mm_ss time{start_ - floor<days>(start_)};
    // A list that the frequency's unit already fixes only limits; `fill_unit` looks at it.
    const auto values = [&](const std::vector<int>& list, frequency fixed_by, auto of_start) {
        if (rule_.every <= fixed_by) return std::vector<int>{0};
        return list.empty() ? std::vector<int>{static_cast<int>(of_start.count())} : list;
    };
    for (const int h : values(rule_.hours_of_day, frequency::hourly, time.hours())) {
        for (const int m : values(rule_.minutes_of_hour, frequency::minutely, time.minutes())) {
            for (const int s :
                 values(rule_.seconds_of_minute, frequency::secondly, time.seconds())) {
                times_.push_back(hours{h} + minutes{m} + seconds{s});
            }
        }
    }
}

void recurrence_times::set_first_period() {
    // Whatever counts has to count from the first, but where a period is a time.
    if (from_ <= start_ || (rule_.count && !is_plain())) return;
    const auto length = unit_of(rule_.every) * rule_.interval;
    if (counts_months(rule_.every)) {
        auto first = month_number(origin_);
        if (rule_.every == frequency::yearly) first -= first % 12;
        period_ = floor_divided(month_number(from_) - first, length);
    } else {
        period_ = floor_divided((from_ - origin_).count(), length);
    }
    if (period_ == 0) return;
    started_ = true;
    produced_ = period_;
}

std::optional<local_seconds> recurrence_times::period_start() const {
    const auto distance = period_ * unit_of(rule_.every) * rule_.interval;
    if (!counts_months(rule_.every)) {
        const auto at = origin_ + seconds{distance};
        return at > until_ ? std::nullopt : std::optional(at);
    }
    auto month = month_number(origin_) + distance;
    if (rule_.every == frequency::yearly) month -= month % 12;
    if (month > month_number(until_)) return std::nullopt;
    return month_start(month);
}

bool recurrence_times::step(std::size_t& steps, std::size_t count) {
    if (steps < count) {
        steps = 0;
        cut_short_ = true;
        return false;
    }
    steps -= count;
    return true;
}

void recurrence_times::fill_days(local_seconds first, std::size_t& steps) {
    const auto begin = floor<days>(first);
    auto end = begin + days{1};
    if (rule_.every == frequency::weekly) end = begin + days{7};
    if (counts_months(rule_.every)) {
        end = month_start(month_number(first) + unit_of(rule_.every));
    }
    if (!step(steps, static_cast<std::size_t>((end - begin).count()))) return;
    for (auto day = begin; day < end; day += days{1}) {
        if (filter_.admits(day)) bases_.emplace_back(day);
    }
}

void recurrence_times::skip_to(local_seconds when) {
    const auto length = unit_of(rule_.every) * rule_.interval;
    period_ = floor_divided((when - origin_).count() + length - 1, length);
}

void recurrence_times::fill_unit(local_seconds first) {
    const auto day = floor<days>(first);
    const hh_mm_ss time{first - day};
    const auto hour = day + time.hours();
    const auto minute = hour + time.minutes();
    if (!filter_.admits(day)) return skip_to(day + days{1});
    if (!has(rule_.hours_of_day, time.hours().count())) return skip_to(hour + hours{1});
    ++period_;
    if (rule_.every == frequency::hourly) {
        bases_.push_back(first);
        return;
    }
    if (!has(rule_.minutes_of_hour, time.minutes().count())) return skip_to(minute + minutes{1});
    if (rule_.every == frequency::secondly &&
        !has(rule_.seconds_of_minute, time.seconds().count())) {
        return;
    }
    bases_.push_back(first);
}

void recurrence_times::choose_positions() {
    size_ = bases_.size() * times_.size();
    if (rule_.positions.empty()) return;
    chosen_.clear();
    const auto all = static_cast<std::int64_t>(size_);
    for (const int position : rule_.positions) {
        const std::int64_t index = position > 0 ? position - 1 : all + position;
        if (index >= 0 && index < all) chosen_.push_back(static_cast<std::size_t>(index));
    }
    std::ranges::sort(chosen_);
    const auto doubles = std::ranges::unique(chosen_);
    chosen_.erase(doubles.begin(), doubles.end());
    size_ = chosen_.size();
}

bool recurrence_times::fill(std::size_t& steps) {
    for (;;) {
        bases_.clear();
        size_ = 0;
        cursor_ = 0;
        const auto first = period_start();
        if (!first) return false;
        if (is_daily_or_longer()) {
            fill_days(*first, steps);
            ++period_;
        } else {
            if (step(steps)) fill_unit(*first);
        }
        if (cut_short_) return false;
        choose_positions();
        if (size_ > 0) return true;
    }
}

std::optional<local_seconds> recurrence_times::next(std::size_t& steps) {
    if (cut_short_) return std::nullopt;
    if (!started_) {
        started_ = true;
        produced_ = 1;
        if (start_ > until_) return std::nullopt;
        if (start_ >= from_) return start_;
    }
    while (!rule_.count || produced_ < *rule_.count) {
        if (cursor_ == size_ && !fill(steps)) return std::nullopt;
        if (!step(steps)) return std::nullopt;
        const auto index = rule_.positions.empty() ? cursor_ : chosen_[cursor_];
        ++cursor_;
        const auto at = bases_[index / times_.size()] + times_[index % times_.size()];
        if (at <= start_) continue;
        ++produced_;
        if (at > until_) return std::nullopt;
        if (at >= from_) return at;
    }
    return std::nullopt;
}

}  // namespace perin::calendar
