#pragma once

#include "domain/time.hpp"

#include <vector>

namespace perin::scheduling {

/// A stretch of time; `end` is not part of it. One that ends where it starts, or before, is empty.
struct interval {
    timestamp start = {};
    timestamp end = {};
    friend bool operator==(const interval&, const interval&) = default;
};

/// Stretches of time in order, none empty, with time between each and the next.
using time_set = std::vector<interval>;

[[nodiscard]] constexpr bool is_empty(const interval& one) noexcept { return one.end <= one.start; }

/// Whether two share a moment; an empty one shares none.
[[nodiscard]] constexpr bool overlap(const interval& one, const interval& other) noexcept {
    return !is_empty(one) && !is_empty(other) && one.start < other.end && other.start < one.end;
}

/// What any of them covers, given in any order. Sorts only what is not sorted.
[[nodiscard]] time_set merged(std::vector<interval> all);

/// What both cover. Linear.
[[nodiscard]] time_set intersected(const time_set& one, const time_set& other);

/// What `from` covers and `taken` does not. Linear.
[[nodiscard]] time_set without(const time_set& from, const time_set& taken);

/// Whether all of `one`, which is not empty, lies within `set`. Logarithmic.
[[nodiscard]] bool covers(const time_set& set, const interval& one);

}  // namespace perin::scheduling
