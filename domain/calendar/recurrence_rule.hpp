#pragma once

#include "domain/calendar/moment.hpp"
#include "domain/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::calendar {

enum class frequency { secondly, minutely, hourly, daily, weekly, monthly, yearly };

/// A day of the week; with a position the n-th one of the month or the year, from its end where
/// that is negative.
struct weekday_choice {
    std::chrono::weekday day;
    int position = 0;

    friend bool operator==(const weekday_choice&, const weekday_choice&) = default;
};

/// A recurrence rule (RFC 5545 section 3.3.10). Each list is sorted and without doubles; an empty
/// one chooses nothing.
struct recurrence_rule {
    frequency every = frequency::daily;
    std::int64_t interval = 1;
    /// With the first one. Never beside `until`.
    std::optional<std::int64_t> count;
    /// The last moment at which one may start. In UTC, floating or a day.
    std::optional<moment> until;
    std::vector<int> seconds_of_minute;
    std::vector<int> minutes_of_hour;
    std::vector<int> hours_of_day;
    std::vector<weekday_choice> weekdays;
    std::vector<int> days_of_month;
    std::vector<int> days_of_year;
    std::vector<int> weeks_of_year;
    std::vector<int> months;
    std::vector<int> positions;
    std::chrono::weekday week_start = std::chrono::Monday;

    friend bool operator==(const recurrence_rule&, const recurrence_rule&) = default;
};

/// Reads `FREQ=WEEKLY;BYDAY=MO,WE`. Upper and lower case, parts in any order, spaces around a value
/// and an empty part are taken as they come. `invalid_request` where a part is unknown, comes twice
/// or is out of its range, or where parts stand together that may not; the detail names the part
/// and repeats nothing of the text.
[[nodiscard]] result<recurrence_rule> parse_rule(std::string_view text);

/// The rule's text, which `parse_rule` reads as an equal rule.
[[nodiscard]] std::string to_text(const recurrence_rule& rule);

}  // namespace perin::calendar
