#pragma once

#include "domain/time_grammar/clocks.hpp"
#include "domain/time_grammar/days.hpp"
#include "domain/time_grammar/lexer.hpp"
#include "domain/time_grammar/local_time.hpp"
#include "domain/time_phrases.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace perin::time_grammar {

/// Where and when the words are heard.
struct listener {
    timestamp now;
    const date::time_zone* zone;
    date::local_days today;
    /// That of the one who is spoken to; null where it is not known, and "your time" no words.
    const date::time_zone* your_zone = nullptr;
    around_change with = around_change::before;

    listener(timestamp at, const date::time_zone* in)
        : now(at), zone(in), today(local_day(at, in)) {}

    [[nodiscard]] timestamp moment(date::local_days day, int minute) const {
        return to_moment(local_minute{day} + std::chrono::minutes{minute}, zone, with);
    }
};

/// What the words name, each at most once.
struct parts_said {
    std::size_t next = 0;
    std::optional<day_reading> day = {};
    std::optional<clock_reading> clock = {};
    std::optional<part> daytime = {};
    /// Whose clock is meant; null where that was not said.
    const date::time_zone* zone = nullptr;
};

/// One phrase of a text: a moment that the words give by themselves, or parts to be put together.
struct heard_phrase {
    std::optional<time_phrase> exact = {};
    parts_said parts = {};
    std::size_t begin = 0;
    std::size_t length = 0;
};

/// The first phrase of a text; nothing where there is none.
[[nodiscard]] std::optional<heard_phrase> hear(const tokens& words, std::string_view text,
                                               const listener& who);

/// The listener by the clock that was said.
[[nodiscard]] listener by_clock_of(const listener& who, const parts_said& said);

/// The parts as a time on `day`, which where no day was said is today: then a time that is over is
/// tomorrow's.
[[nodiscard]] time_phrase resolved(const parts_said& said, date::local_days day,
                                   const listener& who);

/// Tells the phrase where it stands.
void place(time_phrase& phrase, std::string_view text, std::size_t begin, std::size_t length);

}  // namespace perin::time_grammar
