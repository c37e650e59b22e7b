#pragma once

#include "domain/scheduling/zone_line.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <vector>

namespace perin::scheduling {

/// Hours of a day on the wall clock, counted from its midnight; 24:00 is 1440 minutes. Where
/// `until` is past that they go on into the next day, at most 24 hours long.
struct daily_hours {
    std::chrono::minutes from = {};
    /// Not part of them.
    std::chrono::minutes until = {};
    friend bool operator==(const daily_hours&, const daily_hours&) = default;
};

/// Hours as people write them: 22:00 to 2:00 ends on the next day.
[[nodiscard]] constexpr daily_hours hours_between(std::chrono::minutes from,
                                                  std::chrono::minutes until) noexcept {
    return {from, until <= from ? until + std::chrono::hours{24} : until};
}

/// The hours of a week. Those of a day may touch, overlap, and stand in any order; a day without
/// any is free of work.
struct working_hours {
    /// Monday first.
    std::array<std::vector<daily_hours>, 7> days;

    [[nodiscard]] const std::vector<daily_hours>& on(date::weekday day) const {
        return days[day.iso_encoding() - 1];
    }

    friend bool operator==(const working_hours&, const working_hours&) = default;
};

/// Monday to Friday, 9:00 to 17:00.
[[nodiscard]] working_hours office_hours();

/// Why they are no hours; nothing where they are.
[[nodiscard]] std::optional<failure> unfit(const working_hours& hours);

/// Moments of a day's hours with one offset. `first` is where the clock would have shown their
/// beginning with this offset: from there steps count, so that 9:00, 9:30, 10:00 stay what the
/// clock shows on days with a change.
struct working_piece {
    interval when;
    timestamp first;
};

/// The working time of the days around `range`, by start, not cut off at its ends; `line` must
/// reach four days further on both sides.
[[nodiscard]] std::vector<working_piece> working_pieces(const working_hours& hours,
                                                        const zone_line& line,
                                                        const interval& range);

}  // namespace perin::scheduling
