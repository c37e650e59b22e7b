#include "domain/offline/calendar_command.hpp"

#include "domain/offline/calendar_message.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace perin::offline {

namespace {

using found_command = std::optional<calendar_command>;
using message = calendar_message;

constexpr std::size_t longest_command = 500;

constexpr auto nouns = std::to_array<std::string_view>(
    {"meeting",   "meetings", "appointment", "appointments", "event",      "events",
     "call",      "calls",    "booking",     "bookings",     "lunch",      "dinner",
     "breakfast", "brunch",   "coffee",      "interview",    "standup",    "session",
     "sync",      "dentist",  "doctor",      "workshop",     "party",      "class",
     "lesson",    "training", "gym",         "haircut",      "demo",       "retro",
     "concert",   "flight",   "appt",        "meetup",       "reservation"});

constexpr auto calendar_names =
    std::to_array<std::string_view>({"calendar", "calender", "agenda", "diary"});

/// What other rows are for.
constexpr auto other_things =
    std::to_array<std::string_view>({"note", "notes", "memory", "memories", "reminder", "reminders",
                                     "notification", "notifications", "account", "conversation"});

bool speaks_of_calendar(const message& said) { return has_any(said.words, calendar_names); }

/// "Book club is on Friday" tells, and asks for nothing.
bool tells(const message& said) {
    const auto first = std::min<std::size_t>(said.words.size(), 4);
    for (std::size_t i = 1; i < first; ++i)
        if (is_any(said.words[i], {"is", "was", "are", "were", "isn", "has", "had"})) return true;
    return false;
}

/// Wishes and politeness before what is wished.
std::string without_wishes(std::string plain) {
    for (int round = 0; round < 5; ++round) {
        const std::string lower = lower_case(plain);
        const auto rest = after_any(lower, {"i want to ",
                                            "i need to ",
                                            "i would like to ",
                                            "i'd like to ",
                                            "i have to ",
                                            "i must ",
                                            "i should ",
                                            "we need to ",
                                            "we have to ",
                                            "we should ",
                                            "let's ",
                                            "lets ",
                                            "let us ",
                                            "help me to ",
                                            "help me ",
                                            "can we ",
                                            "could we ",
                                            "can i ",
                                            "could i ",
                                            "kindly ",
                                            "just ",
                                            "go ahead and ",
                                            "also ",
                                            "and ",
                                            "now ",
                                            "then ",
                                            "quickly ",
                                            "please ",
                                            "yes, ",
                                            "yes please, ",
                                            "ok, ",
                                            "ok ",
                                            "okay, ",
                                            "i wish to ",
                                            "would you mind to ",
                                            "i think ",
                                            "maybe ",
                                            "so "});
        if (!rest || rest->empty()) break;
        plain.erase(0, plain.size() - rest->size());
    }
    return plain;
}

message message_of(const utterance& said) {
    message out;
    out.plain = without_wishes(said.plain);
    out.asks = said.asks;
    out.lower = lower_case(out.plain);
    out.words = terms(out.plain);
    out.time = read_time_words(out.plain);
    out.rest = lower_case(out.time.rest);
    for (const std::string_view joint : {" for", " on", " in", " at"})
        if (out.rest.ends_with(joint)) out.rest.erase(out.rest.size() - joint.size());
    return out;
}

/// The words after the first of these beginnings, of `plain` where `lower` has it.
std::optional<std::string> after_verb(const std::string& plain, const std::string& lower,
                                      std::initializer_list<std::string_view> verbs) {
    const auto rest = after_any(lower, verbs);
    if (!rest) return std::nullopt;
    return plain.substr(plain.size() - rest->size());
}

// ------------------------------------------------------------------------------------------ cancel

bool says_series(const message& said) {
    return contains_any(said.lower, {"whole series", "entire series", "the series"});
}

/// Without a day: "all meetings tomorrow" is a day's, and no series; nor is "the all hands".
/// `words` are what shall be cancelled.
bool wants_series(const message& said, const std::string& words) {
    if (says_series(said)) return true;
    if (!said.time.when.empty()) return false;
    const std::string lower = lower_case(words);
    if (begins_any(lower, {"all hands", "all day"})) return false;
    return begins_any(lower, {"all", "every", "each", "whole", "the whole", "my whole"}) ||
           contains_any(" " + lower + " ", {" all of them ", " all of the ", " all of my "});
}

std::string without_series(std::string words) {
    for (const std::string_view each :
         {"the whole series of ", "the entire series of ", "the series of ", "all of the ",
          "all of my ", "all the ", "all my ", "all of them", "all ", "every ", "each ",
          "the whole ", " series"}) {
        const auto at = lower_case(words).find(each);
        if (at != std::string::npos) words.erase(at, each.size());
    }
    return words;
}

/// Words for whatever is in the calendar.
bool is_any_event(const std::string& what) {
    return is_any(
        lower_case(what),
        {"",      "meeting", "meetings",   "event",   "events",   "appointment", "appointments",
         "appt",  "call",    "calls",      "booking", "bookings", "entry",       "entries",
         "thing", "things",  "everything", "all",     "anything", "them",        "of them"});
}

found_command read_cancel(const message& said) {
    auto words = after_verb(said.plain, said.lower,
                            {"cancel ", "call off ", "delete ", "remove ", "drop ", "scrap ",
                             "get rid of ", "take ", "clear ", "strike "});
    if (!words || tells(said)) return std::nullopt;
    const bool sure = said.lower.starts_with("cancel ") || said.lower.starts_with("call off ");
    const bool takes = said.lower.starts_with("take ");
    if (takes && !speaks_of_calendar(said)) return std::nullopt;
    const auto time = read_time_words(*words);
    calendar_command out{.act = calendar_act::cancel, .on = time.when};
    out.whole_series = wants_series(said, *words);
    out.what = event_in(without_series(time.rest));
    // "All my meetings" is no series, and which one is asked back.
    if (is_any_event(out.what) && !says_series(said))
        out.whole_series = false;
    else if (!out.whole_series)
        out.what = event_in(time.rest);
    // "Cancel culture is a topic" and "delete the file" are no such thing.
    const bool named = speaks_of_event(said) || speaks_of_calendar(said) || !time.when.empty();
    const bool pointed =
        begins_any(lower_case(*words), {"my", "the", "our", "this", "that", "it", "tomorrow's"});
    if (!named && !(sure && pointed)) return std::nullopt;
    if (out.what.empty() && out.on.empty()) return std::nullopt;
    if (is_any(lower_case(out.what),
               {"", "everything", "all", "anything", "them", "of them", "things"}))
        out.what = "meeting";
    return out;
}

// -------------------------------------------------------------------------------------------- move

/// The words of a new time at the beginning of `words`, "3" too; empty where there are none.
std::string target_in(std::string_view words) {
    std::string text(words);
    const std::string lower = lower_case(text);
    if (const auto rest = after_any(lower, {"start at ", "be at ", "be on ", "the "}))
        if (rest->size() > 1 && !lower.starts_with("the "))
            text.erase(0, text.size() - rest->size());
    if (!text.empty() && text[0] >= '0' && text[0] <= '9' &&
        text.find_first_not_of("0123456789") == std::string::npos)
        text = "at " + text;
    auto time = read_time_words(text);
    if (!time.when.empty() && time.first) return time.when;
    time = read_time_words("at " + text);
    return !time.when.empty() && time.first && time.has_clock ? time.when : std::string();
}

struct split_words {
    std::string before;
    std::string after;
};

/// At the last "to", "until" or "for" that a time follows.
std::optional<split_words> split_at_target(const std::string& words) {
    const std::string lower = lower_case(words);
    for (const std::string_view joint : {" to ", " until ", " till ", " onto ", " for "}) {
        std::size_t tries = 0;
        for (auto at = lower.rfind(joint); at != std::string::npos && tries < 4; ++tries) {
            auto after = words.substr(at + joint.size());
            if (!target_in(after).empty()) return split_words{words.substr(0, at), after};
            if (at == 0) break;
            at = lower.rfind(joint, at - 1);
        }
    }
    return std::nullopt;
}

void read_where_it_is(std::string_view words, calendar_command& out) {
    std::string text(words);
    // "From 9 to 10": the first is when it is now.
    if (const auto from = lower_case(text).rfind(" from "); from != std::string::npos)
        if (const auto hour = text.substr(from + 6);
            !hour.empty() && hour.find_first_not_of("0123456789") == std::string::npos)
            text = text.substr(0, from) + " at " + hour;
    const auto time = read_time_words(text);
    out.on = time.when;
    out.what = event_in(time.rest);
    if (out.what.empty() && !out.on.empty()) out.what = "meeting";
}

/// "By an hour", "an hour later": no time that can be passed on.
bool is_relative(const std::string& lower) {
    return contains_any(lower + " ", {" by ", " later ", " earlier ", " back ", " forward "}) &&
           contains_any(lower, {"hour", "minute", "min", "day", "week"});
}

found_command read_move(const message& said) {
    const auto words = after_verb(
        said.plain, said.lower,
        {"move ", "reschedule ", "re-schedule ", "rebook ", "shift ", "postpone ", "push back ",
         "push ", "delay ", "put off ", "bring forward ", "bring ", "change the time of ",
         "change the date of ", "change the start of ", "change "});
    if (!words || tells(said)) return std::nullopt;
    const bool sure = begins_any(said.lower, {"reschedule", "re-schedule", "rebook", "postpone"});
    calendar_command out{.act = calendar_act::move};
    const auto known = speaks_of_event(said) || speaks_of_calendar(said) || sure;
    if (const auto split = split_at_target(*words)) {
        // The words of the length stay with those of the time.
        out.when = target_in(split->after);
        out.length = read_time_words(split->after).length;
        read_where_it_is(split->before, out);
        return out;
    }
    if (!known) return std::nullopt;
    const auto time = read_time_words(*words);
    const bool on_now = lower_case(time.when).starts_with("on ") || is_relative(said.lower);
    out.what = event_in(time.rest);
    if (is_relative(said.lower)) {
        // The words before the length name the event.
        auto rest = lower_case(time.rest);
        for (const std::string_view cut : {" back", " by", " forward", " later", " earlier"})
            if (const auto at = rest.find(cut); at != std::string::npos) rest.resize(at);
        out.what = event_in(time.rest.substr(0, rest.size()));
    }
    (on_now ? out.on : out.when) = time.when;
    return out;
}

// ------------------------------------------------------------------------------------------ create

/// The words between quotation marks, cut out of `plain`.
std::optional<std::string> cut_quoted(std::string& plain) {
    constexpr auto pairs = std::to_array<std::pair<std::string_view, std::string_view>>(
        {{"\"", "\""}, {"\xE2\x80\x9C", "\xE2\x80\x9D"}, {"\xE2\x80\x9E", "\xE2\x80\x9C"}});
    for (const auto& [opens, closes] : pairs) {
        const auto begin = plain.find(opens);
        if (begin == std::string::npos) continue;
        const auto end = plain.find(closes, begin + opens.size());
        if (end == std::string::npos || end == begin + opens.size()) continue;
        auto inside = plain.substr(begin + opens.size(), end - begin - opens.size());
        plain.replace(begin, end + closes.size() - begin, " ");
        return inside;
    }
    return std::nullopt;
}

bool cut_words(std::string& plain, std::initializer_list<std::string_view> all) {
    for (const auto each : all) {
        const auto at = (" " + lower_case(plain) + " ").find(" " + std::string(each) + " ");
        if (at == std::string::npos) continue;
        plain.erase(at, each.size());
        return true;
    }
    return false;
}

/// "I have dentist on Friday at 3, put it in my calendar".
std::optional<std::string> before_put_it(const message& said) {
    if (!speaks_of_calendar(said)) return std::nullopt;
    for (const std::string_view joint :
         {"put it in", "put it on", "put that in", "put that on", "put this in", "add it to",
          "add that to", "add this to", "write it in", "put it into"}) {
        const auto at = said.rest.find(joint);
        if (at == std::string::npos || at == 0) continue;
        std::string before(trimmed(std::string_view(said.time.rest).substr(0, at), ",.;:!-"));
        for (const std::string_view word : {" and", " please", " so"})
            if (lower_case(before).ends_with(word)) before.erase(before.size() - word.size());
        const std::string lower = lower_case(before);
        if (const auto rest = after_any(lower, {"i have ", "i've got ", "there is ", "we have ",
                                                "i am having ", "i'm having "}))
            before.erase(0, before.size() - rest->size());
        return before;
    }
    return std::nullopt;
}

/// Whether these words are enough to see that an event is wanted.
bool wants_event(const message& said) {
    const bool timed = !said.time.when.empty();
    const bool exact = timed && said.time.has_clock;
    const bool pointed = speaks_of_event(said) || speaks_of_calendar(said);
    const std::string_view rest = said.rest;
    if (begins_any(rest,
                   {"book it", "book that", "book this", "book me", "book a", "book an", "book the",
                    "book my", "book us", "book in", "book with", "book something", "book some"}))
        return true;
    if (begins_any(rest, {"book", "reserve", "block", "pencil"}))
        return timed || pointed || (said.time.length && rest != "book");
    if (begins_any(rest, {"schedule"})) return said.words.size() > 1;
    if (begins_any(rest, {"new event", "new meeting", "new appointment", "new call", "event",
                          "appointment", "meeting"}))
        return timed || rest.starts_with("new ");
    if (begins_any(rest, {"set up", "setup", "arrange", "organize", "organise", "plan"}))
        return pointed || timed;
    if (begins_any(rest, {"add", "put", "enter", "create"})) return pointed || exact;
    return begins_any(rest, {"make", "set", "need", "take the", "take number"}) && pointed;
}

found_command read_create(const message& said) {
    if (tells(said)) return std::nullopt;
    calendar_command out{.act = calendar_act::create};
    std::string plain = said.plain;
    out.all_day = cut_words(plain, {"all day long", "all day", "all-day", "the whole day",
                                    "whole day", "the entire day", "full day"});
    out.overlap_allowed = cut_words(plain, {"anyway", "even if it overlaps", "even if i am busy",
                                            "even if i'm busy", "even so"});
    const auto quoted = cut_quoted(plain);
    const auto time = read_time_words(plain);
    out.when = time.when;
    out.length = time.length;
    if (const auto before = before_put_it(said)) {
        out.what = title_in(quoted ? *quoted : *before);
        return out;
    }
    if (!wants_event(said)) return std::nullopt;
    out.repeats = contains_any(said.lower + " ", {" every ", " each day ", " each week "});
    auto words =
        after_verb(time.rest + " ", lower_case(time.rest) + " ",
                   {"book ",      "schedule ", "block off ", "block out ", "block ",   "reserve ",
                    "pencil in ", "pencil ",   "set up ",    "setup ",     "arrange ", "organize ",
                    "organise ",  "plan ",     "create ",    "add ",       "put ",     "make ",
                    "enter ",     "set ",      "need ",      "take "});
    out.what = quoted ? std::string(trimmed(*quoted)) : title_in(words.value_or(time.rest));
    return out;
}

}  // namespace

bool speaks_of_event(const calendar_message& said) {
    return std::any_of(said.words.begin(), said.words.end(), [](std::string_view word) {
        const auto is_noun = [](std::string_view one) {
            return std::find(nouns.begin(), nouns.end(), one) != nouns.end();
        };
        return is_noun(word) || (word.ends_with('s') && is_noun(word.substr(0, word.size() - 1)));
    });
}

bool begins_any(std::string_view text, std::span<const std::string_view> all) {
    return std::any_of(all.begin(), all.end(), [&](std::string_view each) {
        if (!text.starts_with(each)) return false;
        if (text.size() == each.size() || each.ends_with(' ')) return true;
        const char next = text[each.size()];
        return next == ' ' || next == ',' || next == ':';
    });
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> all) {
    return std::any_of(all.begin(), all.end(), [&](std::string_view each) {
        return text.find(each) != std::string_view::npos;
    });
}

found_command read_calendar_command(const utterance& said) {
    if (said.plain.empty() || said.plain.size() > longest_command) return std::nullopt;
    const auto parts = message_of(said);
    if (parts.lower.starts_with("remind ") || has_any(parts.words, other_things))
        return std::nullopt;
    // "Add milk to the list" is for another; "list my meetings" is not.
    if (parts.words.empty() ||
        std::find(parts.words.begin() + 1, parts.words.end(), "list") != parts.words.end())
        return std::nullopt;
    for (auto* read : {read_cancel, read_move, read_find, read_list, read_create})
        if (auto found = read(parts)) return found;
    return std::nullopt;
}

}  // namespace perin::offline
