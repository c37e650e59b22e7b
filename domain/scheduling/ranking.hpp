#pragma once

#include "domain/scheduling/availability.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace perin::scheduling {

/// How much each quality of a slot is worth. 0 leaves it out; a negative one turns it round, as for
/// somebody who likes no mornings. Only their proportions matter.
struct slot_weights {
    /// 1 now, 1/2 in three days, 1/3 in six.
    double soonest = 1.0;
    /// 1 where the slot fills a gap, less for each piece of free time that it leaves before or
    /// after itself, and for each of these that is too short for another meeting.
    double unbroken = 0.5;
    /// By what the wall clock of the first person shows at the beginning: 6:00 to 12:00,
    double morning = 0.0;
    /// to 18:00,
    double afternoon = 0.0;
    /// to 22:00.
    double evening = 0.0;
    /// Monday first, of the first person's zone.
    std::array<double, 7> weekdays = {};
};

/// A slot and what each quality gave to its score.
struct ranked_slot {
    interval slot;
    double soonest = 0;
    double unbroken = 0;
    double part_of_day = 0;
    double weekday = 0;

    [[nodiscard]] double score() const noexcept {
        return soonest + unbroken + part_of_day + weekday;
    }
    friend bool operator==(const ranked_slot&, const ranked_slot&) = default;
};

/// The best up to `limit` of the free slots, best first; of equal ones the earlier, then the
/// shorter. `invalid_request` as of `free_slots`, and for a weight that is no number.
[[nodiscard]] result<std::vector<ranked_slot>> ranked_slots(std::span<const person> people,
                                                            const slot_search& search,
                                                            const slot_weights& weights,
                                                            std::size_t limit);

/// Up to `limit` free slots near a wanted one, the nearest beginning first, the earlier of two as
/// near. Of the wanted length, or where the search does not offer that of any. The wanted one
/// itself comes first where it is free. Slots that overlap one that is nearer are taken only where
/// there are too few others: five beginnings within an hour are no choice.
[[nodiscard]] result<std::vector<interval>> alternatives(std::span<const person> people,
                                                         const slot_search& search,
                                                         const interval& wanted, std::size_t limit);

}  // namespace perin::scheduling
