#pragma once

#include "domain/offline/time_words.hpp"
#include "domain/offline/utterance.hpp"

#include <string>
#include <string_view>

namespace perin::offline {

/// A message of a link's guest in its parts. Of a long one the first 2,000 bytes are looked at.
struct guest_message {
    utterance said;
    /// Its words in lower case between single spaces, also at both ends: " can we meet ".
    std::string spaced;
    time_words time;
};

/// `name` is what the assistant is called.
[[nodiscard]] guest_message read_guest_message(std::string_view text, std::string_view name = "");

// What a message is after. More than one may hold: they are asked in this order.

/// The owner's mail, memory, other events, other links, or what the assistant was told.
[[nodiscard]] bool asks_for_other_things(const guest_message& said);
/// A meeting that was made is to be cancelled.
[[nodiscard]] bool asks_to_cancel(const guest_message& said);
/// A meeting that was made is to be moved; or a time that was named is to be another.
[[nodiscard]] bool asks_to_move(const guest_message& said);
/// "Is it booked?", "when is our meeting?".
[[nodiscard]] bool asks_how_it_stands(const guest_message& said);
/// "What can I book?", "how long does it take?".
[[nodiscard]] bool asks_about_link(const guest_message& said);
/// A meeting is asked for: "can we meet", "book ...", "I need an appointment".
[[nodiscard]] bool asks_to_book(const guest_message& said);
/// "When are you free?", "any time next week?".
[[nodiscard]] bool asks_when(const guest_message& said);
/// A time that is named is asked about, not chosen: "is Tuesday at 10 free?".
[[nodiscard]] bool asks_whether_free(const guest_message& said);
/// A meeting, an appointment, a call is spoken of.
[[nodiscard]] bool names_meeting(const guest_message& said);
/// A question that is about neither times nor a booking, also where it names a time: "who is she?",
/// "what is she doing on Friday?".
[[nodiscard]] bool is_other_question(const guest_message& said);
/// "How was your weekend".
[[nodiscard]] bool speaks_of_past(const guest_message& said);
/// "Ok", "yes", "great", and nothing more.
[[nodiscard]] bool is_acknowledgement(const guest_message& said);

/// Whether an answer leaves something to be said: a question, or a list to choose from.
[[nodiscard]] bool asks_back(std::string_view answer);

}  // namespace perin::offline
