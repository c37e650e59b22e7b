#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace perin::offline {

/// The words of a text that say when something is, as they stand there, and the text without them.
struct time_words {
    /// Words that the time phrases understand; empty where there are none.
    std::string when = {};
    bool has_day = false;
    bool has_clock = false;
    /// "in the morning", "tonight".
    bool has_daytime = false;
    /// Said by itself, as in "for 45 minutes" or "2 hours".
    std::optional<std::chrono::minutes> length = {};
    std::string rest = {};
    /// Nothing stands before `when`.
    bool first = false;
};

/// Looks through the first 1,000 bytes. A day and a time of the day that stand apart are put
/// together. Which moment is meant depends on who says it where, and is not asked here.
[[nodiscard]] time_words read_time_words(std::string_view text);

/// The words of `when` that name the day, without the time of it; empty where there are none.
[[nodiscard]] std::string day_words(std::string_view when);

/// What is meant where `when` was said, and `later` after it: "tomorrow" and "at 3" are "tomorrow
/// at 3", "tomorrow at 3" and "on Friday" are "on Friday at 3".
[[nodiscard]] std::string joined_words(std::string_view when, std::string_view later);

}  // namespace perin::offline
