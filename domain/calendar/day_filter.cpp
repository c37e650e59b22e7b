#include "domain/calendar/day_filter.hpp"

#include <algorithm>

namespace perin::calendar {

namespace {

using namespace std::chrono;

local_days first_of(year y) { return local_days{y / January / 1}; }

unsigned day_of_year(local_days day, year y) {
    return static_cast<unsigned>((day - first_of(y)).count()) + 1;
}

unsigned size_of(year y) { return y.is_leap() ? 366 : 365; }

unsigned size_of(year_month_day date) {
    return static_cast<unsigned>((date.year() / date.month() / last).day());
}

}  // namespace

template <std::size_t Size>
void day_filter::numbers<Size>::add(int value) {
    any = true;
    if (value > 0) from_front.set(static_cast<std::size_t>(value));
    if (value < 0) from_end.set(static_cast<std::size_t>(-value));
}

template <std::size_t Size>
bool day_filter::numbers<Size>::has(unsigned position, unsigned size) const {
    return from_front[position] || from_end[size - position + 1];
}

day_filter::day_filter(const recurrence_rule& rule, local_days start)
    : numbered_in_year_(rule.every == frequency::yearly && rule.months.empty()),
      week_start_(rule.week_start) {
    for (const int month : rule.months) months_.add(month);
    for (const int day : rule.days_of_month) days_of_month_.add(day);
    for (const int day : rule.days_of_year) days_of_year_.add(day);
    for (const int week : rule.weeks_of_year) weeks_of_year_.add(week);
    any_weekday_ = !rule.weekdays.empty();
    for (const auto& choice : rule.weekdays) {
        if (choice.position == 0) {
            weekdays_.set(choice.day.c_encoding());
        } else {
            numbered_.push_back(choice);
        }
    }

    if (days_of_month_.any || days_of_year_.any || any_weekday_) return;
    const year_month_day date{start};
    if (rule.every == frequency::weekly || weeks_of_year_.any) {
        any_weekday_ = true;
        weekdays_.set(weekday{start}.c_encoding());
    } else if (rule.every == frequency::monthly || rule.every == frequency::yearly) {
        days_of_month_.add(static_cast<int>(static_cast<unsigned>(date.day())));
        if (rule.every == frequency::yearly && !months_.any) {
            months_.add(static_cast<int>(static_cast<unsigned>(date.month())));
        }
    }
}

bool day_filter::admits(local_days day) const {
    const year_month_day date{day};
    if (months_.any && !months_.from_front[static_cast<unsigned>(date.month())]) return false;
    if (days_of_month_.any &&
        !days_of_month_.has(static_cast<unsigned>(date.day()), size_of(date))) {
        return false;
    }
    if (days_of_year_.any &&
        !days_of_year_.has(day_of_year(day, date.year()), size_of(date.year()))) {
        return false;
    }
    if (weeks_of_year_.any && !admits_week(day)) return false;
    return !any_weekday_ || admits_weekday(day, date);
}

bool day_filter::admits_weekday(local_days day, year_month_day date) const {
    const weekday of_week{day};
    if (weekdays_[of_week.c_encoding()]) return true;
    if (numbered_.empty()) return false;
    unsigned position = static_cast<unsigned>(date.day());
    unsigned size = size_of(date);
    if (numbered_in_year_) {
        position = day_of_year(day, date.year());
        size = size_of(date.year());
    }
    const int from_front = static_cast<int>((position - 1) / 7) + 1;
    const int from_end = -static_cast<int>((size - position) / 7) - 1;
    return std::ranges::any_of(numbered_, [&](const weekday_choice& choice) {
        return choice.day == of_week &&
               (choice.position == from_front || choice.position == from_end);
    });
}

bool day_filter::admits_week(local_days day) const {
    // A week belongs to the year that has four days of it or more: to that of its fourth day. The
    // last week of a year is the one with December 28th.
    const auto fourth = [this](local_days of) {
        return of - (weekday{of} - week_start_) + days{3};
    };
    const auto week_of = [&](local_days of) {
        const auto middle = fourth(of);
        return (day_of_year(middle, year_month_day{middle}.year()) - 1) / 7 + 1;
    };
    const auto y = year_month_day{fourth(day)}.year();
    return weeks_of_year_.has(week_of(day), week_of(local_days{y / December / 28}));
}

}  // namespace perin::calendar
