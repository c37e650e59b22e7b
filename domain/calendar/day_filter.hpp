#pragma once

#include "domain/calendar/recurrence_rule.hpp"

#include <bitset>
#include <chrono>
#include <cstdint>

namespace perin::calendar {

/// Which days a recurrence rule is about: all of its lists of days, weeks and months at once, and
/// what its start says where they leave a day open (RFC 5545 section 3.3.10). A look at a day costs
/// the same for every rule but for the numbered weekdays.
class day_filter {
  public:
    day_filter(const recurrence_rule& rule, std::chrono::local_days start);

    [[nodiscard]] bool admits(std::chrono::local_days day) const;

  private:
    /// Numbers from the front and from the end.
    template <std::size_t Size>
    struct numbers {
        std::bitset<Size> from_front;
        std::bitset<Size> from_end;
        bool any = false;

        void add(int value);
        /// `position` from 1, of `size`.
        [[nodiscard]] bool has(unsigned position, unsigned size) const;
    };

    [[nodiscard]] bool admits_weekday(std::chrono::local_days day,
                                      std::chrono::year_month_day date) const;
    [[nodiscard]] bool admits_week(std::chrono::local_days day) const;

    numbers<13> months_;
    numbers<32> days_of_month_;
    numbers<367> days_of_year_;
    numbers<54> weeks_of_year_;
    std::bitset<7> weekdays_;
    std::vector<weekday_choice> numbered_;
    bool any_weekday_ = false;
    // A numbered weekday is that of the year, not of the month.
    bool numbered_in_year_ = false;
    std::chrono::weekday week_start_;
};

}  // namespace perin::calendar
