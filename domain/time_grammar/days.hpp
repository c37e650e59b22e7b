#pragma once

#include "domain/time_grammar/lexer.hpp"
#include "domain/time_phrases.hpp"

#include <date/date.h>

#include <optional>

namespace perin::time_grammar {

/// A calendar day or a stretch of whole days.
struct day_reading {
    /// The first token after it.
    std::size_t next = 0;
    date::local_days first = {};
    /// Not part of it.
    date::local_days end = {};
    enum time_phrase::precision precision = time_phrase::precision::day;
    /// Said within the same words, as in "tonight".
    std::optional<part> daytime = {};
    /// The first day of the other way to read it.
    std::optional<date::local_days> other = {};
    /// `other` is the day that the weekday names, and the date another.
    bool contradicts = false;
    /// Of "next Friday": this week's, where it is still ahead and some would mean it.
    std::optional<date::local_days> sooner = {};
};

/// The words at token `i` as a day, prepositions included, on the day `today`.
[[nodiscard]] std::optional<day_reading> read_day(const tokens& words, std::size_t i,
                                                  date::local_days today);

/// A stretch of time: "two weeks", "an hour", "half an hour".
struct span_reading {
    std::size_t next = 0;
    int amount = 0;
    unit what = unit::minute;
};

/// The words at token `i` as a stretch of at most a hundred years.
[[nodiscard]] std::optional<span_reading> read_span(const tokens& words, std::size_t i);

/// `amount` days, weeks, months or years after `day` (before, where negative); a month's missing
/// day is its last one.
[[nodiscard]] date::local_days shifted(date::local_days day, unit what, int amount);

}  // namespace perin::time_grammar
