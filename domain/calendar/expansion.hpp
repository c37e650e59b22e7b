#pragma once

#include "domain/calendar/event.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace perin::calendar {

/// One time that an event takes place.
struct occurrence {
    timestamp starts_at;
    timestamp ends_at;
    /// Which of the events it is: a changed occurrence is the changed event's.
    std::size_t event;
    /// Which one of a series; nothing for a single event.
    std::optional<moment> recurrence_id;

    friend bool operator==(const occurrence&, const occurrence&) = default;
};

/// What an expansion may cost. A step is a day or a time looked at: some ten nanoseconds.
struct expansion_bounds {
    std::size_t occurrences_of_series = 10'000;
    std::size_t occurrences = 100'000;
    std::size_t steps_of_series = 200'000;
    std::size_t steps = 4'000'000;
};

struct expansion {
    /// In order of their starts.
    std::vector<occurrence> occurrences;
    /// The series that reached a bound: more of their occurrences may lie in the window. Who counts
    /// free time has to take it for taken, or to say so.
    std::vector<std::size_t> cut_short;
};

/// The occurrences that overlap with the time from `from` until just before `until`, and of those
/// that last no time those that start in it. Series and their changed occurrences are told by `uid`
/// and have to be given together. What is cancelled takes place at no time. Floating times and days
/// are those of the zone `viewer`.
///
/// - Each start is one of the wall clock: at 09:00 it stays at 09:00, and the length is elapsed
///   time, across changes of the clock. Starts that the clock skips or shows twice: `zone_clock`.
/// - Starts that come to the same moment are one.
/// - A changed occurrence takes the place of its own by the series, wherever that lies, and takes
///   place even where the series has none there.
[[nodiscard]] expansion expand(std::span<const event> events, timestamp from, timestamp until,
                               const std::string& viewer, const expansion_bounds& bounds = {});

}  // namespace perin::calendar
