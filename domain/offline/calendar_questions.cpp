#include "domain/offline/calendar_message.hpp"

#include <array>
#include <utility>

namespace perin::offline {

namespace {

using message = calendar_message;
using found_command = std::optional<calendar_command>;

constexpr auto looked_at =
    std::to_array<std::string_view>({"calendar", "calender", "agenda", "diary", "schedule", "plans",
                                     "planned", "scheduled", "day", "week", "next"});

/// Asks for free time by itself.
constexpr auto room_questions = std::to_array<std::string_view>({"when am i free",
                                                                 "when i am free",
                                                                 "when i'm free",
                                                                 "when are we free",
                                                                 "when do i have time",
                                                                 "when do i have a free",
                                                                 "do i have a free",
                                                                 "when is there time",
                                                                 "when am i available",
                                                                 "when i am available",
                                                                 "when would i be free",
                                                                 "when will i be free",
                                                                 "am i free",
                                                                 "am i available",
                                                                 "are we free",
                                                                 "will i be free",
                                                                 "do i have time",
                                                                 "do i have any time",
                                                                 "do i have free",
                                                                 "do i have any free",
                                                                 "do i have some time",
                                                                 "do i have some free",
                                                                 "have i got time",
                                                                 "have i time",
                                                                 "is there time",
                                                                 "is there any time",
                                                                 "is there any free",
                                                                 "is there a free",
                                                                 "is there room",
                                                                 "any free",
                                                                 "find a time",
                                                                 "find me a time",
                                                                 "find time",
                                                                 "find me time",
                                                                 "find some time",
                                                                 "find me some time",
                                                                 "find a slot",
                                                                 "find me a slot",
                                                                 "find a free",
                                                                 "find me a free",
                                                                 "find free",
                                                                 "find me free",
                                                                 "find us a",
                                                                 "find an open",
                                                                 "find me an open",
                                                                 "find a gap",
                                                                 "look for a time",
                                                                 "look for a slot",
                                                                 "look for a free",
                                                                 "look for free",
                                                                 "show me free",
                                                                 "show free",
                                                                 "show my free",
                                                                 "show me my free",
                                                                 "what times am i free",
                                                                 "what time am i free",
                                                                 "which times am i free",
                                                                 "what times are free",
                                                                 "which times are free",
                                                                 "what slots",
                                                                 "which slots",
                                                                 "check my availability",
                                                                 "check availability",
                                                                 "my availability",
                                                                 "what is my availability",
                                                                 "show my availability",
                                                                 "show me my availability",
                                                                 "suggest a time",
                                                                 "suggest times",
                                                                 "suggest some times",
                                                                 "suggest a slot",
                                                                 "give me a free",
                                                                 "give me free",
                                                                 "free slots",
                                                                 "free time",
                                                                 "free times",
                                                                 "available times",
                                                                 "available slots",
                                                                 "where do i have time",
                                                                 "what is free",
                                                                 "which days am i free",
                                                                 "what day am i free",
                                                                 "what days am i free",
                                                                 "when is a good time",
                                                                 "when would be a good time",
                                                                 "what is a good time"});

/// Asks for the calendar where a time is said too, and nothing else.
constexpr auto day_questions = std::to_array<std::string_view>(
    {"what is on", "what is up", "what is happening", "what have i", "what is planned",
     "what is scheduled", "what am i doing", "anything", "am i busy", "what is going on",
     "what do i do", "anything on"});

/// Asks for the calendar by itself.
constexpr auto calendar_orders = std::to_array<std::string_view>(
    {"am i busy", "check my calendar", "check my schedule", "check my agenda", "open my calendar",
     "look at my calendar", "look into my calendar", "read me my calendar", "show calendar",
     "show the calendar", "show me the calendar"});

/// The same, where it is all that is said.
constexpr auto calendar_words = std::to_array<std::string_view>(
    {"calendar", "agenda", "my calendar", "my agenda", "my schedule", "my meetings",
     "my appointments", "my events", "the calendar"});

/// Asks for events where a time or an event is said.
constexpr auto event_questions = std::to_array<std::string_view>(
    {"what do i have", "what have i got", "do i have any", "do i have anything", "do i have plans",
     "do we have", "have i got any", "have i got anything", "have i anything", "are there any",
     "is there anything", "who am i meeting", "who do i meet", "what do we have"});

/// Asks for them where an event or the calendar is named.
constexpr auto named_questions = std::to_array<std::string_view>({"what is on my",
                                                                  "what is in my",
                                                                  "what is on the",
                                                                  "what is in the",
                                                                  "what is coming up",
                                                                  "what is next",
                                                                  "how is my",
                                                                  "what meetings",
                                                                  "what appointments",
                                                                  "what events",
                                                                  "what calls",
                                                                  "which meetings",
                                                                  "which appointments",
                                                                  "which events",
                                                                  "do i have a",
                                                                  "do i have",
                                                                  "any",
                                                                  "anything on",
                                                                  "anything in",
                                                                  "show me my",
                                                                  "show my",
                                                                  "show me all",
                                                                  "show all",
                                                                  "show me the",
                                                                  "list my",
                                                                  "list the",
                                                                  "list all",
                                                                  "list events",
                                                                  "list meetings",
                                                                  "list appointments",
                                                                  "my day",
                                                                  "my week",
                                                                  "my calendar",
                                                                  "my schedule",
                                                                  "my agenda",
                                                                  "my meetings",
                                                                  "my appointments",
                                                                  "my events",
                                                                  "calendar for",
                                                                  "agenda for",
                                                                  "schedule for",
                                                                  "read me my",
                                                                  "give me my",
                                                                  "show events",
                                                                  "show meetings",
                                                                  "show appointments",
                                                                  "how many meetings",
                                                                  "how many appointments",
                                                                  "how many events",
                                                                  "what is my schedule",
                                                                  "what is my calendar",
                                                                  "what is my agenda",
                                                                  "what is my day",
                                                                  "what is my week",
                                                                  "what is my next",
                                                                  "what are my plans",
                                                                  "what are my meetings",
                                                                  "what are my appointments",
                                                                  "what are my events",
                                                                  "what are my next",
                                                                  "what are my calls"});

template <class Set>
bool among(std::string_view text, const Set& set) {
    return std::find(set.begin(), set.end(), text) != set.end();
}

bool asks_for_room(const message& said) {
    const std::string_view rest = said.rest;
    const bool timed = !said.time.when.empty();
    if (begins_any(rest, room_questions)) return true;
    if (said.time.length &&
        begins_any(rest, {"find", "look for", "do i have", "have i got", "is there", "have i"}))
        return true;
    if (begins_any(rest, {"when can i", "when could i", "when can we", "when could we"}))
        return timed || contains_any(rest, {" meet", " see ", " talk to", " call "});
    return timed && said.asks && begins_any(rest, {"is", "are"}) &&
           contains_any(std::string(rest) + " ", {" free ", " available ", " open "});
}

}  // namespace

found_command read_find(const message& said) {
    if (!asks_for_room(said)) return std::nullopt;
    calendar_command out{.act = calendar_act::find, .when = said.time.when};
    // "Find a time for a call with Bob": the title of what may be booked then.
    const auto purpose = said.rest.rfind(" for ");
    if (purpose != std::string::npos && begins_any(said.rest, {"find", "look for"}))
        out.what = title_in(std::string_view(said.time.rest).substr(purpose + 5));
    constexpr std::chrono::minutes least{5};
    constexpr std::chrono::minutes most{720};
    if (said.time.length && *said.time.length >= least && *said.time.length <= most)
        out.length = said.time.length;
    if (!out.length && contains_any(said.rest, {"free hour"})) out.length = std::chrono::hours{1};
    constexpr auto late = std::to_array<std::string_view>(
        {"weekend", "saturday", "sunday", "evening", "night", "tonight", "anytime"});
    out.any_hour = has_any(said.words, late) || contains_any(said.lower, {"any hour", "any time"});
    return out;
}

namespace {

bool looks_at_calendar(const message& said) {
    const std::string_view rest = said.rest;
    const bool named = speaks_of_event(said) || has_any(said.words, looked_at);
    const bool timed = !said.time.when.empty();
    if (among(rest, day_questions)) return timed;
    // "On tomorrow" is read as one.
    if (rest == "what is" && said.lower.starts_with("what is on ")) return timed;
    if (begins_any(rest, {"what does", "how does"}))
        return contains_any(rest, {"look"}) && (timed || named);
    if (begins_any(rest, calendar_orders) || among(rest, calendar_words)) return true;
    if (begins_any(rest, event_questions)) return timed || named;
    return named && begins_any(rest, named_questions);
}

/// "When is my dentist appointment" asks for one by its name.
std::optional<std::string> asked_event(const message& said) {
    const auto words =
        after_any(said.rest, {"when is my ", "when is the ", "what time is my ",
                              "what time is the ", "when do i have my ", "when do i have the ",
                              "when do i have ", "when are my ", "at what time is my "});
    if (!words || !speaks_of_event(said)) return std::nullopt;
    auto what = event_in(*words);
    for (const std::string_view next : {"next ", "first ", "last "})
        if (what.starts_with(next)) what.erase(0, next.size());
    return what;
}

}  // namespace

found_command read_list(const message& said) {
    calendar_command out{.act = calendar_act::list, .when = said.time.when};
    if (auto what = asked_event(said)) {
        out.what = std::move(*what);
        return out;
    }
    if (!looks_at_calendar(said)) return std::nullopt;
    return out;
}

}  // namespace perin::offline
