#pragma once

#include "domain/scheduling/availability.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace perin::scheduling {

/// Why a slot cannot be booked, in the order in which it is looked for: what the slot itself is,
/// what the rules say, what other meetings leave.
enum class refusal {
    /// It ends where it begins, or before.
    no_time,
    wrong_length,
    too_soon,
    before_window,
    beyond_window,
    outside_hours,
    off_step,
    busy,
    /// Somebody else's hold, which may still end.
    held,
    too_close,
    day_full,
    week_full,
    month_full,
};

/// A sentence for people, such as "The time is outside working hours.". It names nothing of the
/// meetings that are there.
[[nodiscard]] std::string_view sentence(refusal why) noexcept;

/// Whether only other meetings make the slot impossible: it could be free again, and others near it
/// may be. The rest is against the rules whoever else meets.
[[nodiscard]] bool is_taken(refusal why) noexcept;

struct refused {
    refusal why;
    /// Whose time it is about: an index into the people.
    std::size_t who = 0;
    friend bool operator==(const refused&, const refused&) = default;
};

/// Whether a slot must begin at one of the steps.
enum class placing { at_steps, anywhere };

/// Nothing where the slot can be booked, else the first reason against it: a rule of anybody before
/// another meeting of anybody. Agrees with `free_slots` on everything but `from` and `until`, which
/// are not looked at. `invalid_request` as there.
[[nodiscard]] result<std::optional<refused>> check(std::span<const person> people,
                                                   const slot_search& search, const interval& slot,
                                                   placing where = placing::at_steps);

}  // namespace perin::scheduling
