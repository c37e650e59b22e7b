#pragma once

#include "domain/result.hpp"
#include "domain/scheduling/interval.hpp"

#include <date/date.h>

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace perin::scheduling {

/// What a wall clock shows, with its date.
using wall_time = date::local_time<std::chrono::milliseconds>;

/// A zone's clock over a stretch of time. The zone is asked once for each change of its offset, and
/// not once for each moment.
///
/// Wall-clock times are turned into moments as sets: the moments at which the clock shows a time
/// from 1:00 to 2:30. Where the clock jumps over a part of them there are fewer moments, where it
/// goes through a part twice there are more, in two pieces if need be; no rule on which of two
/// equal times is meant has to be made.
class zone_line {
  public:
    /// A stretch with one offset: what the wall clock shows, less UTC.
    struct stretch {
        interval when;
        std::chrono::seconds offset = {};
    };

    /// `timezone` is an IANA name; `invalid_request` where the system does not know it.
    static result<zone_line> over(const std::string& timezone, const interval& range);

    /// What the wall clock shows; `at` must lie within the range.
    [[nodiscard]] wall_time shown(timestamp at) const;

    /// The calendar day of a moment within the range.
    [[nodiscard]] date::local_days day_of(timestamp at) const {
        return date::floor<date::days>(shown(at));
    }

    /// The moments within the range at which the clock shows a time from `from` on and before
    /// `until`: mostly one stretch, none or more around a change of the offset.
    void each_showing(wall_time from, wall_time until, auto&& use) const {
        for (const stretch& each : all_) {
            const interval shown_then{
                std::max(each.when.start, timestamp{from.time_since_epoch() - each.offset}),
                std::min(each.when.end, timestamp{until.time_since_epoch() - each.offset})};
            if (!is_empty(shown_then)) use(stretch{shown_then, each.offset});
        }
    }

    /// The same as a set.
    [[nodiscard]] time_set showing(wall_time from, wall_time until) const;

    [[nodiscard]] interval range() const { return {all_.front().when.start, all_.back().when.end}; }

  private:
    explicit zone_line(std::vector<stretch> all) : all_(std::move(all)) {}

    /// Never empty, without time between them.
    std::vector<stretch> all_;
};

}  // namespace perin::scheduling
