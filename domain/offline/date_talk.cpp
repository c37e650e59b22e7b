#include "domain/offline/intent_row.hpp"
#include "domain/time_grammar/local_time.hpp"
#include "domain/time_phrases.hpp"

#include <cstdlib>

namespace perin::offline {

namespace {

using precision = enum time_phrase::precision;

/// Longer messages ask for no date.
constexpr std::size_t longest_question = 200;

using found_time = decltype(find_time_phrase({}, {}, {}));

found_time find(std::string_view text, const assistant_context& context) {
    return find_time_phrase(text, context.now, context.timezone);
}

/// Whether the phrase is all that the words say.
bool covers(const found_time& found, std::string_view text) {
    if (std::holds_alternative<ambiguous_time>(found)) return text.size() <= 40;
    const auto* phrase = std::get_if<time_phrase>(&found);
    if (phrase == nullptr) return false;
    const auto before = trimmed(text.substr(0, phrase->begin), ",");
    const auto after = trimmed(text.substr(phrase->begin + phrase->length), ".,!?");
    return is_any(before, {"", "on", "the", "it", "it on", "right"}) &&
           is_any(after, {"", "be", "is", "was", "'s", "then", "'s date", "on", "date", "fall on"});
}

long days_between(timestamp from, timestamp to, const std::string& timezone) {
    const auto* zone = time_grammar::zone_of(timezone);
    return static_cast<long>(
        (time_grammar::local_day(to, zone) - time_grammar::local_day(from, zone)).count());
}

std::string counted(long amount, const std::string& what) {
    return std::to_string(amount) + " " + what + (amount == 1 ? "" : "s");
}

/// "2 hours and 15 minutes".
std::string hours_and_minutes(std::chrono::minutes length) {
    const long hours = length.count() / 60;
    const long rest = length.count() % 60;
    if (hours == 0) return counted(rest, "minute");
    return counted(hours, "hour") + (rest == 0 ? "" : " and " + counted(rest, "minute"));
}

std::string weeks_too(long days) {
    if (days < 14) return "";
    const std::string rest = days % 7 == 0 ? "" : " and " + counted(days % 7, "day");
    return " (" + counted(days / 7, "week") + rest + ")";
}

std::string answer_distance(const time_phrase& phrase, const assistant_context& context) {
    const auto& zone = context.timezone;
    const long days = days_between(context.now, phrase.start, zone);
    const std::string date = spoken_date(phrase.start, zone);
    if (phrase.precision == precision::minute && std::labs(days) <= 1) {
        const auto away = std::chrono::floor<std::chrono::minutes>(phrase.start - context.now);
        if (away.count() >= 0)
            return "It is " + hours_and_minutes(away) + " until " +
                   spoken_time(phrase.start, zone) + ".";
        return "It was " + hours_and_minutes(-away) + " ago: " + spoken_time(phrase.start, zone) +
               ".";
    }
    if (days == 0) return "That is today, " + date + ".";
    if (days == 1) return "It is 1 day: " + date + " is tomorrow.";
    if (days == -1) return "It was yesterday, " + date + ".";
    if (days < 0)
        return "It was " + counted(-days, "day") + weeks_too(-days) + " ago, on " + date + ".";
    return "It is " + counted(days, "day") + weeks_too(days) + " until " + date + ".";
}

std::string answer_day(const time_phrase& phrase, const assistant_context& context) {
    const auto& zone = context.timezone;
    const std::string first = spoken_date(phrase.start, zone);
    if (phrase.precision == precision::minute && phrase.end)
        return "That is from " + spoken_time(phrase.start, zone) + " to " +
               spoken_time(*phrase.end, zone) + ".";
    if (phrase.precision == precision::minute)
        return "That is " + spoken_time(phrase.start, zone) + ".";
    const bool several = phrase.precision != precision::part_of_day && phrase.end &&
                         days_between(phrase.start, *phrase.end, zone) > 1;
    if (several)
        return "That is from " + first + " to " +
               spoken_date(*phrase.end - std::chrono::hours{12}, zone) + ".";
    const long days = days_between(context.now, phrase.start, zone);
    if (days == 0) return "That is today, " + first + ".";
    return (days < 0 ? "That was " : "That is ") + first + ".";
}

std::string unreadable(std::string_view words) {
    return "I cannot read " + in_quotes(words) +
           " as a date. I know words such as \xE2\x80\x9Cnext Tuesday\xE2\x80\x9D, "
           "\xE2\x80\x9C"
           "3 December\xE2\x80\x9D or \xE2\x80\x9Cin two weeks\xE2\x80\x9D.";
}

/// What stands after "until" and the like, in "how many days until Friday".
std::optional<std::string_view> counted_to(std::string_view lower) {
    if (!after_any(lower, {"how many days", "how many weeks", "how many hours", "how many minutes",
                           "how long", "how far"}))
        return std::nullopt;
    for (const std::string_view word :
         {" until ", " till ", " til ", " before ", " since ", " to "})
        if (const auto at = lower.find(word); at != std::string_view::npos)
            return lower.substr(at + word.size());
    return std::nullopt;
}

bool asks_time(std::string_view lower) {
    return is_any(lower, {"what time is it", "what time is it now", "what is the time",
                          "what is the time now", "what is the current time", "what time it is",
                          "the time", "time", "the current time", "current time",
                          "what time do we have", "do you have the time", "have you got the time",
                          "what time is it here", "what is the time here"});
}

bool asks_today(std::string_view lower) {
    return is_any(lower, {"what day is it",
                          "what day is it today",
                          "what is the date",
                          "what is the date today",
                          "what date is it",
                          "what date is it today",
                          "what day is today",
                          "what is today",
                          "what is today's date",
                          "what day of the week is it",
                          "the date",
                          "date",
                          "today's date",
                          "which day is it",
                          "which day is today",
                          "what day it is",
                          "what weekday is it",
                          "what is the current date",
                          "what month is it",
                          "what year is it",
                          "what is the day today"});
}

/// Kind and date words of a question; `subject` is the kind.
std::optional<reading> read_question(std::string_view lower, const assistant_context& context) {
    if (lower.size() > longest_question) return std::nullopt;
    if (asks_time(lower)) return reading{.subject = "time"};
    if (asks_today(lower)) return reading{.subject = "today"};
    if (const auto words = counted_to(lower)) {
        if (find(*words, context).index() == 0 && words->starts_with("my ")) return std::nullopt;
        return reading{.subject = "distance", .content = std::string(*words)};
    }
    auto words = after_any(
        lower,
        {"what day of the week is ", "what day of the week was ", "what weekday is ",
         "what weekday was ", "what day will ", "what day is ", "what day was ", "what date is ",
         "what date was ", "what date will ", "which day is ", "which day was ", "which date is ",
         "what is the date of ", "what is the date on ", "what is the date ", "what day does "});
    const bool sure = words.has_value();
    if (!sure) words = after_any(lower, {"when is ", "when was ", "when will ", "what is "});
    if (!words || words->empty()) return std::nullopt;
    if (!sure && !covers(find(*words, context), *words)) return std::nullopt;
    return reading{.subject = "day", .content = std::string(*words)};
}

/// The latest earlier question about a date, through follow-ups.
std::optional<reading> earlier_question(const question& asked) {
    for (const auto earlier : asked.earlier) {
        if (earlier.size() > longest_question) return std::nullopt;
        const auto said = read_utterance(earlier, asked.context.perin_name);
        auto found = read_question(said.lower, asked.context);
        if (found &&
            (found->subject == "day" || found->subject == "distance" || found->subject == "today"))
            return found;
        if (!covers(find(said.lower, asked.context), said.lower) &&
            !after_any(said.lower, {"and ", "what about ", "how about "}))
            return std::nullopt;
    }
    return std::nullopt;
}

/// 0 or 1 where the words choose the first or the second of two.
std::optional<std::size_t> choice(std::string_view lower) {
    if (const auto rest = after_any(lower, {"the "})) lower = *rest;
    if (is_any(lower, {"first", "first one", "1", "1st", "former", "one"})) return 0;
    if (is_any(lower, {"second", "second one", "2", "2nd", "latter", "two", "last one"})) return 1;
    return std::nullopt;
}

}  // namespace

std::optional<reading> match_date(const question& asked) {
    return read_question(asked.said.lower, asked.context);
}

std::optional<reading> match_date_follow_up(const question& asked) {
    std::string_view lower = asked.said.lower;
    if (lower.size() > longest_question || asked.earlier.empty()) return std::nullopt;
    if (const auto rest = after_any(
            lower, {"and ", "what about ", "how about ", "or ", "i mean ", "no, ", "no "}))
        lower = *rest;
    auto before = earlier_question(asked);
    if (!before) return std::nullopt;
    if (before->subject == "today") before->subject = "day";
    if (const auto chosen = choice(lower)) {
        const auto found = find(before->content, asked.context);
        const auto* both = std::get_if<ambiguous_time>(&found);
        if (both == nullptr) return std::nullopt;
        // Spoken in full it has one reading.
        return reading{.subject = before->subject,
                       .content = spoken_date(both->readings[*chosen], asked.context.timezone)};
    }
    if (!covers(find(lower, asked.context), lower)) return std::nullopt;
    return reading{.subject = before->subject, .content = std::string(lower)};
}

std::optional<reading> match_bare_date(const question& asked) {
    std::string_view lower = asked.said.lower;
    if (lower.size() > longest_question || !covers(find(lower, asked.context), lower))
        return std::nullopt;
    return reading{.subject = "day", .content = std::string(lower)};
}

std::string answer_date(const reading& what, const question& asked) {
    const auto& context = asked.context;
    if (what.subject == "time") {
        const auto spoken = spoken_time(context.now, context.timezone);
        const auto at = spoken.rfind(" at ");
        return "It is " + spoken.substr(at + 4) + " on " + spoken.substr(0, at) + " (" +
               context.timezone + ").";
    }
    if (what.subject == "today")
        return "Today is " + spoken_date(context.now, context.timezone) + ".";
    const auto found = find(what.content, context);
    if (const auto* both = std::get_if<ambiguous_time>(&found)) return both->question;
    const auto* phrase = std::get_if<time_phrase>(&found);
    if (phrase == nullptr) return unreadable(what.content);
    return what.subject == "distance" ? answer_distance(*phrase, context)
                                      : answer_day(*phrase, context);
}

}  // namespace perin::offline
