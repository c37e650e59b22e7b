#pragma once

#include "domain/time_grammar/lexer.hpp"

#include <optional>

namespace perin::time_grammar {

/// A time of the day, or two: minutes since midnight, up to 1440; the end of a range that crosses
/// midnight is past that.
struct clock_reading {
    /// The first token after it.
    std::size_t next = 0;
    int start = 0;
    std::optional<int> end = {};
    /// An hour of 1 to 12 that leaves open which half of the day is meant.
    bool open = false;
};

/// The words at token `i` as clock time or range, prepositions included. A lone number is one only
/// after a preposition that makes it so.
[[nodiscard]] std::optional<clock_reading> read_clock(const tokens& words, std::size_t i);

/// An open clock time or range moved to the half of the day that `daytime` means.
[[nodiscard]] clock_reading within(clock_reading clock, part daytime);

/// Minutes since midnight at which a part of the day begins and ends.
struct part_bounds {
    int start = 0;
    int end = 0;
};
[[nodiscard]] part_bounds bounds_of(part daytime);

/// "in the morning", "at night", or right after a day: "morning".
struct part_reading {
    std::size_t next = 0;
    part daytime = part::morning;
};
[[nodiscard]] std::optional<part_reading> read_part(const tokens& words, std::size_t i,
                                                    bool after_day);

}  // namespace perin::time_grammar
