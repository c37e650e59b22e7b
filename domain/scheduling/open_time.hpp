#pragma once

#include "domain/scheduling/availability.hpp"

#include <span>
#include <vector>

namespace perin::scheduling {

/// What `free_slots` and `ranked_slots` choose from.
struct open_time {
    /// In one stretch of this a slot must lie: everybody works and nobody is busy, the buffers on
    /// both sides kept.
    time_set free;
    /// Within this it must begin: late enough for everybody's notice, on a day with room.
    time_set beginnings;
    /// The hours of the first person, with their steps.
    std::vector<working_piece> grid;
};

/// Why a search cannot be made; nothing where it can.
[[nodiscard]] std::optional<failure> unfit(std::span<const person> people,
                                           const slot_search& search);

[[nodiscard]] result<open_time> open_time_of(std::span<const person> people,
                                             const slot_search& search);

/// The slots of the search's durations within it, as `free_slots` gives them.
[[nodiscard]] std::vector<interval> slots_within(const open_time& open, const slot_search& search);

/// The moments of a person's days between the first and the last that may be booked.
[[nodiscard]] time_set bookable_days(const person& who, const zone_line& line);

/// How far from a moment the limits look: a month, and a day for the zones.
inline constexpr date::days limits_reach{33};

/// Whether a hold is over, or there is nothing of it.
[[nodiscard]] constexpr bool is_over(const busy_time& busy, timestamp now) noexcept {
    return busy.held_until && *busy.held_until <= now;
}

/// What is taken by it, with its own buffers. A time beyond those of any calendar is cut off.
[[nodiscard]] interval taken_by(const busy_time& busy) noexcept;

/// How many counted meetings begin on each day, in order of days.
class day_counts {
  public:
    /// `line` is of the person's zone; meetings that begin outside of it are left out.
    day_counts(const person& who, const zone_line& line, timestamp now);

    [[nodiscard]] std::size_t from_until(date::local_days from, date::local_days until) const;

    /// The days of meetings, in order, as often as there are meetings.
    [[nodiscard]] const std::vector<date::local_days>& days() const noexcept { return days_; }

  private:
    std::vector<date::local_days> days_;
};

/// Days from the first to the second, which is not part of it.
struct day_range {
    date::local_days first;
    date::local_days end;
};
[[nodiscard]] day_range day_around(date::local_days day);
[[nodiscard]] day_range week_around(date::local_days day);
[[nodiscard]] day_range month_around(date::local_days day);

}  // namespace perin::scheduling
