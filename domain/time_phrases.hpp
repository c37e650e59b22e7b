#pragma once

#include "domain/time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perin {

/// A date, a time or a stretch of time that a text speaks of.
struct time_phrase {
    /// How exact the words were: "at 3" is a minute, "tomorrow morning" a part of a day.
    enum class precision { minute, part_of_day, day, week, month };

    timestamp start = {};
    /// End of the stretch, not part of it. Nothing where only a moment was said.
    std::optional<timestamp> end = {};
    enum precision precision = precision::minute;
    /// The words as they stand in the text, with their prepositions.
    std::string matched = {};
    /// Where they stand, in bytes.
    std::size_t begin = 0;
    std::size_t length = 0;

    friend bool operator==(const time_phrase&, const time_phrase&) = default;
};

/// Words that can be read in more than one way, such as `12/3`.
struct ambiguous_time {
    /// To be put to the user.
    std::string question;
    /// The start of each reading, in the order in which the question names them.
    std::vector<timestamp> readings;

    friend bool operator==(const ambiguous_time&, const ambiguous_time&) = default;
};

/// The first English time phrase of a text, as somebody in `timezone` (IANA name; an unknown one
/// counts as UTC) means it at `now`. Nothing where there is none; any bytes are fine. Linear in the
/// length of the text. Pure: may be called from any thread.
///
/// - Clock times: an hour without am or pm and without a leading zero is in the afternoon for 1 to
///   7, in the morning for 8 to 11, noon for 12 ("at 3" is 15:00, "03:00" is 3:00); a part of the
///   day that is said too decides instead ("at 7 in the morning"). Midnight ends the day it is said
///   with: "Friday at midnight" is the beginning of Saturday.
/// - A time or part of the day without a date that is over today is tomorrow's.
/// - A range without am or pm ends at the first such hour after its start; am or pm of the end
///   holds for the start too where that gives the shorter range ("from 2 to 4pm", "11 to 2pm").
/// - A weekday is the next one, never today; "this" may be today; "next" is that of the next week,
///   which begins on Monday; "last" is the one before today.
/// - A day or a month without a year is the next one, today included.
/// - Morning is 6:00 to 12:00, afternoon to 18:00, evening to 22:00, night to 6:00; tonight is
///   18:00 to 24:00.
/// - "In two weeks" is a day, "in two hours" a moment exactly so long after `now`.
/// - `12/3` is asked back unless only one order makes a date; `3.12.2026` is day first. A weekday
///   that its date contradicts is asked back.
/// - "My time" and "local time" after a time of the day change nothing, "UTC" and "GMT" say whose
///   clock is meant.
/// - Clock changes as RFC 5545 section 3.3.5 has them: a local time that is skipped is read with
///   the offset before the change (2:30 is 3:30), one that comes twice is the first.
///
/// What may be meant otherwise is decided but for the dates above; `find_meeting_phrase` asks.
[[nodiscard]] std::variant<std::monostate, time_phrase, ambiguous_time> find_time_phrase(
    std::string_view text, timestamp now, const std::string& timezone);

/// `Thursday, 3 December 2026 at 15:00`.
[[nodiscard]] std::string spoken_time(timestamp at, const std::string& timezone);

/// `Thursday, 3 December 2026`.
[[nodiscard]] std::string spoken_date(timestamp at, const std::string& timezone);

}  // namespace perin
