#pragma once

#include "domain/scheduling/working_hours.hpp"
#include "domain/time_phrases.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perin {

/// What decides what somebody means by a time.
struct time_habits {
    /// Of the one who speaks; an unknown one counts as UTC.
    std::string timezone = "UTC";
    /// Of the one who is spoken to: "your time". Empty: the same.
    std::string your_timezone = {};
    /// When the speaker meets people, on the speaker's clock.
    scheduling::working_hours hours = scheduling::office_hours();
};

/// When, and for how long.
struct meeting_phrase {
    /// Of a time without an end but with a length, the end is there too.
    time_phrase when;
    /// What was said, as in "for 45 minutes".
    std::optional<std::chrono::minutes> length = {};

    friend bool operator==(const meeting_phrase&, const meeting_phrase&) = default;
};

/// A time that can be meant in more than one way.
struct doubtful_time {
    enum class doubt {
        /// `12/3`: which is the month.
        day_and_month,
        /// "Friday, 3 December", which is a Thursday.
        weekday_and_date,
        /// "next Friday", where this week's is still ahead.
        which_week,
        /// "at 7", where neither half of the day is within the hours.
        half_of_day,
        /// A time that the clock jumps over on that day.
        skipped_time,
        /// A time that the clock shows twice on that day.
        doubled_time,
    };

    /// Each once, in the order above.
    std::vector<doubt> doubts;
    /// To be put to the user.
    std::string question;
    /// All that can be meant, each a whole answer to the question, in its order.
    std::vector<meeting_phrase> readings;

    friend bool operator==(const doubtful_time&, const doubtful_time&) = default;
};

/// The first English time phrase of a text as a time to meet at. As `find_time_phrase`, but what
/// may be meant otherwise is not decided:
///
/// - An hour without am, pm or part of the day is taken in the half of the day that lies within the
///   hours of that day of the week (of any day, where that has none); where both do as
///   `find_time_phrase` takes it; where neither does it is asked back. A range lies within where a
///   part of it does.
/// - "Next Friday" is that of the next week, unless this week's is still ahead: then it is asked
///   back, "next weekend" too.
/// - A skipped local time is asked back with the times as far before and after the change, a
///   doubled one with both.
/// - Of two readings of an hour one that is over is not meant.
/// - "My time", "local time", "your time" and UTC say whose clock is meant; days are the speaker's.
/// - A length anywhere in the text is the meeting's: see `find_meeting_length`.
///
/// Pure: may be called from any thread.
[[nodiscard]] std::variant<std::monostate, meeting_phrase, doubtful_time> find_meeting_phrase(
    std::string_view text, timestamp now, const time_habits& habits);

/// The first length of a meeting that a text names, 1 minute to 24 hours: "for 45 minutes", "for an
/// hour and a half", "for 1.5 hours", "a 30-minute call". Nothing where there is none; "in 45
/// minutes" is none.
[[nodiscard]] std::optional<std::chrono::minutes> find_meeting_length(std::string_view text);

}  // namespace perin
