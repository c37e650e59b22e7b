#pragma once

#include "domain/offline/utterance.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perin::offline {

enum class calendar_act : std::uint8_t { create, find, list, move, cancel };

/// What a message wants of the calendar, in its words: what is missing is empty.
struct calendar_command {
    calendar_act act = calendar_act::list;
    /// The title of what is to be created; words for the event that is moved, cancelled or asked
    /// for.
    std::string what = {};
    /// When it shall be, or where to look.
    std::string when = {};
    /// RFC 3339: the end of what begins at `when`.
    std::string end = {};
    /// When what is moved or cancelled is now.
    std::string on = {};
    std::optional<std::chrono::minutes> length = {};
    bool all_day = false;
    bool overlap_allowed = false;
    bool any_hour = false;
    bool whole_series = false;
    /// "Every Monday": what is created shall come again and again.
    bool repeats = false;

    friend bool operator==(const calendar_command&, const calendar_command&) = default;
};

/// Reads a message that asks for something of the calendar by itself, as "move lunch to 2pm" does;
/// nothing where it does not, or is longer than 500 bytes. `what` may be a pronoun, or words that
/// choose from a list.
[[nodiscard]] std::optional<calendar_command> read_calendar_command(const utterance& said);

/// A title without the words around it: "an event called Standup in my calendar" is "Standup".
/// Empty where nothing is left that says what it is.
[[nodiscard]] std::string title_in(std::string_view words);

/// Words for an event: "my dentist appointment on" is "dentist appointment".
[[nodiscard]] std::string event_in(std::string_view words);

}  // namespace perin::offline
