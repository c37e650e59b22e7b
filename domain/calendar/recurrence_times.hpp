#pragma once

#include "domain/calendar/day_filter.hpp"
#include "domain/calendar/recurrence_rule.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace perin::calendar {

/// The times of a recurrence rule on the wall clock of its start, in order. The start is the first
/// of them, also where the rule would not name it (RFC 5545 section 3.3.10, COUNT). `until` of the
/// rule is not looked at: it may be in UTC, and this knows no zones.
///
/// Works period by period: those of the rule's frequency follow each other and do not overlap, so
/// that any may be the first to look at. Without COUNT it begins with the one around `from`.
///
/// Every day and every time it looks at is a step. It does nothing else that lasts, so the bound on
/// steps is one on time: also for a rule that never matches, or that matches every second.
class recurrence_times {
  public:
    /// What lies outside `from` to `until`, both included, is not returned.
    recurrence_times(const recurrence_rule& rule, local_seconds start, local_seconds from,
                     local_seconds until);

    /// The next time; nothing at the end, or where `steps`, from which is taken, came to nothing.
    [[nodiscard]] std::optional<local_seconds> next(std::size_t& steps);

    /// Whether the steps were too few: more times may follow.
    [[nodiscard]] bool cut_short() const { return cut_short_; }

  private:
    [[nodiscard]] bool is_daily_or_longer() const { return rule_.every >= frequency::daily; }
    /// Whether each period holds exactly one time, at the same place as the start in its own.
    [[nodiscard]] bool is_plain() const;
    void set_times();
    void set_first_period();
    /// The first day of the period, or of its unit the first second, by `period_`. Nothing past the
    /// end.
    [[nodiscard]] std::optional<local_seconds> period_start() const;
    /// Goes on to the next period that holds a time.
    bool fill(std::size_t& steps);
    void fill_days(local_seconds first, std::size_t& steps);
    void fill_unit(local_seconds first);
    /// The first period that begins at or after `when`, later than this one.
    void skip_to(local_seconds when);
    void choose_positions();
    bool step(std::size_t& steps, std::size_t count = 1);

    const recurrence_rule& rule_;
    day_filter filter_;
    local_seconds start_;
    local_seconds from_;
    local_seconds until_;
    // Where period 0 begins.
    local_seconds origin_{};
    // Of a day, an hour or a minute: what is added to each of `bases_`.
    std::vector<seconds> times_;
    // What the current period holds: all of `times_` from each of these, or of that only `chosen_`.
    std::vector<local_seconds> bases_;
    std::vector<std::size_t> chosen_;
    std::size_t cursor_ = 0;
    std::size_t size_ = 0;
    std::int64_t period_ = 0;
    std::int64_t produced_ = 0;
    bool started_ = false;
    bool cut_short_ = false;
};

}  // namespace perin::calendar
