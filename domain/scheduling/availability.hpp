#pragma once

#include "domain/result.hpp"
#include "domain/scheduling/interval.hpp"
#include "domain/scheduling/working_hours.hpp"

#include <date/date.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace perin::scheduling {

/// Time to keep free around a meeting.
///
/// Those of two neighbours add up: a meeting with 10 minutes after it and one with 15 before it are
/// 25 minutes apart. What is to be done after the one cannot be done while the other is prepared,
/// the table of bookings keeps them so (none may share a minute that another blocks), and Cal.com
/// documents the same: "Buffers can stack" (https://cal.com/help/event-types/event-buffer). They
/// may lie outside working hours, as there.
struct buffers {
    std::chrono::minutes before = {};
    std::chrono::minutes after = {};
    friend bool operator==(const buffers&, const buffers&) = default;
};

/// Something that takes a person's time: an event that is opaque, a booking, a hold.
struct busy_time {
    interval when;
    /// Its own; none for an event of a calendar.
    buffers around = {};
    /// Of a hold: from this moment on it is nothing.
    std::optional<timestamp> held_until = {};
    /// Whether it is a meeting that the limits count.
    bool counted = false;
};

/// The most counted meetings of a day, an ISO week (from Monday) and a month of the person's zone,
/// by their beginnings. All hold: the strictest decides.
struct meeting_limits {
    std::optional<std::size_t> a_day = {};
    std::optional<std::size_t> a_week = {};
    std::optional<std::size_t> a_month = {};
};

/// One whose time is asked for, and the rules on it.
struct person {
    /// IANA name; of the hours, the days and the limits.
    std::string timezone = "UTC";
    working_hours hours = office_hours();
    /// In any order; may overlap. Must reach two days further than the search on both sides, and
    /// where there are limits hold all counted ones of its weeks and months.
    std::vector<busy_time> busy = {};
    /// Around the new meeting.
    buffers around = {};
    /// From now to the beginning of a meeting, at least.
    std::chrono::minutes notice = {};
    /// Days between which all of a meeting must lie, both included.
    std::optional<date::local_days> first_day = {};
    std::optional<date::local_days> last_day = {};
    meeting_limits most = {};
};

/// What is looked for.
struct slot_search {
    timestamp now = {};
    /// Slots begin from here on
    timestamp from = {};
    /// and before this, at most 400 days later.
    timestamp until = {};
    /// To choose from, 1 minute to 24 hours each.
    std::vector<std::chrono::minutes> durations = {};
    /// From one beginning to the next, counted on the wall clock from where the hours of the first
    /// person begin.
    std::chrono::minutes step{30};
};

/// The slots at which all of `people` (1 to 100) are free, by beginning, then by length. The first
/// is the one in whose zone slots begin. `invalid_request` where a zone, the hours, the durations
/// or the range are none.
///
/// At a change of the clock a slot that would begin at a skipped time is left out, and one at a
/// doubled time is there twice; a slot is as long as it says, whatever the clock shows at its end.
[[nodiscard]] result<std::vector<interval>> free_slots(std::span<const person> people,
                                                       const slot_search& search);

}  // namespace perin::scheduling
