#pragma once

#include "domain/scheduling/slot_check.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace perin::scheduling::test {

/// The rules once more, told minute by minute and meeting by meeting, slowly and without any of the
/// engine's code: the zone is asked for every minute what the clock shows.
class minute_oracle {
  public:
    /// `first` to `last` are whole minutes; every slot that is asked for lies between them.
    minute_oracle(std::span<const person> people, const slot_search& search, timestamp first,
                  timestamp last);

    /// The first reason against a slot of whole minutes; nothing where it can be booked.
    [[nodiscard]] std::optional<refused> why_not(const interval& slot, bool at_steps) const;

    /// All free slots of the search.
    [[nodiscard]] std::vector<interval> slots() const;

  private:
    struct shown_minute {
        /// Days since 1970 on the wall clock.
        std::int64_t day = 0;
        std::int64_t of_day = 0;
        bool working = false;
        bool at_step = false;
        bool within_days = false;
    };

    [[nodiscard]] std::size_t index_of(timestamp at) const;
    [[nodiscard]] std::optional<refusal> rule_against(std::size_t who, const interval& slot,
                                                      bool at_steps) const;
    [[nodiscard]] std::optional<refusal> meeting_against(std::size_t who,
                                                         const interval& slot) const;
    [[nodiscard]] std::optional<refusal> limit_against(std::size_t who, const interval& slot) const;

    std::span<const person> people_;
    const slot_search& search_;
    timestamp first_;
    /// For each person, for each minute.
    std::vector<std::vector<shown_minute>> shown_;
};

}  // namespace perin::scheduling::test
