#pragma once

#include "domain/offline/intent_row.hpp"

#include <date/date.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perin::offline {

/// A stretch of time as a wall clock shows it.
struct local_span {
    date::local_time<std::chrono::minutes> start = {};
    date::local_time<std::chrono::minutes> end = {};
    /// The offset from UTC at the start; told only where the clock shows a time twice.
    std::optional<std::chrono::minutes> offset = {};
    /// Whole days, the end not among them.
    bool all_day = false;

    friend bool operator==(const local_span&, const local_span&) = default;
};

/// A line of a list that was put before the user: a time, of an event or free.
struct offer {
    /// Empty where it is a time alone.
    std::string title = {};
    local_span when = {};

    friend bool operator==(const offer&, const offer&) = default;
};

/// "Tuesday 1 December 2026, 13:00 to 13:30"; of whole days "Tuesday 1 December 2026, all day".
[[nodiscard]] std::string spoken_span(const local_span& when);

/// "Tuesday 1 December 2026": the day on which it begins.
[[nodiscard]] std::string day_of(const local_span& when);

/// Reads what `spoken_span` writes.
[[nodiscard]] std::optional<local_span> read_span(std::string_view text);

/// "1. Dentist: Tuesday 1 December 2026, 13:00 to 13:30", each on its line after a line break.
/// At most 20, numbered from 1.
[[nodiscard]] std::string listed_offers(std::span<const offer> offers);

/// The offers that an answer listed, in their order; empty where it has no such list.
[[nodiscard]] std::vector<offer> read_offers(std::string_view answer);

/// The event that an answer told of: "Lunch is in your calendar: ..." and the like.
[[nodiscard]] std::optional<offer> read_told_event(std::string_view answer);

// How an answer tells of an event: the title, one of these, the time.
inline constexpr std::string_view told_created = " is in your calendar: ";
inline constexpr std::string_view told_moved = " is moved to ";
/// How a list of free times begins: one of them, chosen, is to be booked.
inline constexpr std::string_view told_free = "You are free at these times:";

/// A title on one line and of 80 characters at most.
[[nodiscard]] std::string shown_title(std::string_view title);

/// Which of the offers a reply means, by number, day, time of the day or title: their indices.
/// Empty where the reply says nothing that chooses, or what none of them is.
[[nodiscard]] std::vector<std::size_t> chosen(std::span<const offer> offers, const utterance& reply,
                                              const assistant_context& context);

/// By a number alone: "the second one", "2", "the last one".
[[nodiscard]] std::optional<std::size_t> numbered(std::string_view lower, std::size_t count);

/// RFC 3339 in the user's zone.
[[nodiscard]] std::string rfc3339_start(const local_span& when, const std::string& timezone);
[[nodiscard]] std::string rfc3339_end(const local_span& when, const std::string& timezone);

}  // namespace perin::offline
