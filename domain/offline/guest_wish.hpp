#pragma once

#include "domain/offline/calendar_offers.hpp"
#include "domain/offline/guest_words.hpp"
#include "domain/offline/intent_row.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::offline {

// How answers tell what later messages build upon.

/// "Noted: <time>. To book it I need your name.": what is missing is asked for.
inline constexpr std::string_view told_noted = "Noted: ";
inline constexpr std::string_view told_missing = ". To book it I need ";
/// "Booked: <time>.": what was chosen is done with, here and below.
inline constexpr std::string_view told_booked = "Booked: ";
/// "Kept for you: <time>.": the owner decides on it.
inline constexpr std::string_view told_kept = "Kept for you: ";
/// "Being booked: <time>."
inline constexpr std::string_view told_under_way = "Being booked: ";
/// "Not booked: <why>": so it is where nothing came of it.
inline constexpr std::string_view told_not_booked = "Not booked: ";
/// Nobody knows what came of it: it is not tried again by itself.
inline constexpr std::string_view told_unclear =
    "I got no clear answer, so I cannot say whether it was booked. The page of the link shows it.";
/// What was booked is changed elsewhere.
inline constexpr std::string_view told_elsewhere =
    "That is done on the page of the link, not here in the chat: it shows the booking, and there "
    "it can be moved or cancelled.";

/// What the last message of a guest adds.
struct guest_turn {
    /// The message without the name and the mail address.
    guest_message said;
    /// A start was chosen.
    bool chose = false;
    bool gave_name = false;
    bool gave_email = false;
    /// What was meant as a mail address is none.
    bool unusable_email = false;
    bool gave_length = false;
    /// One that the link does not have.
    std::optional<std::chrono::minutes> refused_length = {};
    /// Words or RFC 3339 of a time that is asked about.
    std::string when = {};
    /// What the message leaves open, to be asked back, with what can be meant.
    std::string question = {};
    std::vector<offer> choices = {};
};

/// What a guest has said of the meeting so far.
struct guest_wish {
    std::string name = {};
    std::string email = {};
    std::optional<timestamp> start = {};
    /// One of the link's.
    std::optional<std::chrono::minutes> length = {};
    /// The list that was told last.
    std::vector<offer> offers = {};
    /// A day without a time of it, or the other way round, to be completed.
    std::string open_words = {};
    guest_turn last = {};
};

/// Reads the last message after those before it. The context has a link.
[[nodiscard]] guest_wish read_wish(const question& asked);

/// Whether an answer told that a time was taken for the guest.
[[nodiscard]] bool tells_of_booking(std::string_view answer);

/// A time on the clock of a zone, fit to be told.
[[nodiscard]] local_span span_at(timestamp start, timestamp end, const std::string& timezone);

/// The length that is meant: the one that was said, or the only one there is.
[[nodiscard]] std::optional<std::chrono::minutes> length_of(const guest_wish& wish,
                                                            const link_context& link);

}  // namespace perin::offline
