#pragma once

#include "domain/calendar/event.hpp"
#include "domain/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace perin::calendar {

inline constexpr std::size_t largest_calendar_file = 20 * 1024 * 1024;
inline constexpr std::size_t most_events_of_file = 20'000;
/// Problems that are told one by one.
inline constexpr std::size_t most_problems = 100;

/// What in a file was not taken, or not as it stood. For people to read: repeats nothing of the
/// file but a UID.
struct import_problem {
    /// Where the event or the line begins, from 1.
    std::size_t line = 0;
    /// Empty where it is about no event, or about one without; at most 100 characters of it.
    std::string uid;
    std::string what;

    friend bool operator==(const import_problem&, const import_problem&) = default;
};

struct imported {
    /// In the order of the file; of a UID and occurrence only the one with the highest SEQUENCE, of
    /// equal ones the last. The recurrence ids are on the clock of their series.
    std::vector<event> events;
    std::vector<import_problem> problems;
    /// How many more there were.
    std::size_t problems_left_out = 0;
    /// What a mail asks for with it (RFC 5546), such as `REQUEST`; empty in a file.
    std::string method;
};

/// Reads the events of an iCalendar text (RFC 5545). What is wrong with an event or a line is a
/// problem, and the others still come in. `too_large` for more than `largest_calendar_file` octets
/// or `most_events_of_file` events, `invalid_request` for a text that is no calendar at all.
///
/// Reads nothing but `text`, and costs a bounded time for each of its octets: components may nest
/// to any depth, but those that are not known are only counted.
[[nodiscard]] result<imported> parse_calendar(std::string_view text);

}  // namespace perin::calendar
