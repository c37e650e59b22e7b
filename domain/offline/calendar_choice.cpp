#include "domain/offline/calendar_offers.hpp"
#include "domain/offline/time_words.hpp"
#include "domain/text.hpp"
#include "domain/time_grammar/phrases.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

namespace perin::offline {

namespace {

using date::local_days;
using std::chrono::minutes;
using time_grammar::part;

constexpr int half_day = 12 * 60;

/// "I take the second one, please": "second".
std::string_view bare_number(std::string_view lower) {
    for (int round = 0; round < 4; ++round) {
        const auto rest = after_any(
            lower,
            {"i'll take ", "i will take ", "i take ",  "i'd take ", "i would take ", "let's take ",
             "let's do ",  "lets take ",   "take ",    "go with ",  "use ",          "i choose ",
             "choose ",    "pick ",        "make it ", "book ",     "yes, ",         "yes ",
             "ok, ",       "ok ",          "then ",    "please ",   "i mean ",       "number ",
             "option ",    "no. ",         "nr. ",     "#",         "the ",          "slot ",
             "cancel ",    "delete ",      "move "});
        if (!rest) break;
        lower = trimmed(*rest, ",.");
    }
    for (int round = 0; round < 3; ++round)
        for (const std::string_view tail :
             {" one", " slot", " option", " time", " please", " works", " is fine", " is good",
              " then", " sounds good", " of them", " event", " meeting", " appointment",
              " would be good", " suits me", " is ok", " works for me"})
            if (lower.ends_with(tail))
                lower = trimmed(lower.substr(0, lower.size() - tail.size()), ",.");
    return lower;
}

/// What a reply says of the time, in the user's calendar.
struct said_time {
    std::set<local_days> days;
    std::optional<date::weekday> weekday;
    std::set<int> minutes_of_day;
    std::optional<part> daytime;
    /// 'a' or 'p', of "pm" alone.
    char half = 0;
    /// By its name alone: "the one in March".
    std::optional<unsigned> month;

    [[nodiscard]] bool nothing() const {
        return days.empty() && !weekday && minutes_of_day.empty() && !daytime && half == 0 &&
               !month;
    }
};

void read_words(const std::vector<std::string>& words, said_time& out) {
    for (const auto& word : words) {
        if (word == "morning") out.daytime = part::morning;
        if (word == "afternoon") out.daytime = part::afternoon;
        if (word == "evening" || word == "tonight") out.daytime = part::evening;
        if (word == "night") out.daytime = part::night;
        if (out.minutes_of_day.empty() && (word == "am" || word == "pm")) out.half = word[0];
    }
}

said_time time_said(const std::string& text, const assistant_context& context) {
    said_time out;
    const auto when = read_time_words(text).when;
    const time_grammar::listener who(context.now, time_grammar::zone_of(context.timezone));
    const time_grammar::tokens words(when);
    if (const auto heard = time_grammar::hear(words, when, who)) {
        const auto& parts = heard->parts;
        if (parts.day) {
            for (auto day = parts.day->first; day < parts.day->end && out.days.size() < 31;
                 day += date::days{1})
                out.days.insert(day);
            if (parts.day->other) out.days.insert(*parts.day->other);
            if (parts.day->sooner) out.days.insert(*parts.day->sooner);
            // "On Monday" is any Monday of the list.
            const bool bare = words.size() <= 2 || parts.clock || parts.daytime;
            for (std::size_t i = 0; i < words.size() && bare; ++i)
                if (words.is(i, time_grammar::lexeme::weekday) &&
                    !words.is(i + 1, time_grammar::lexeme::number) &&
                    !words.is(i + 1, time_grammar::lexeme::the))
                    out.weekday = date::weekday{static_cast<unsigned>(words[i].value)};
        }
        if (parts.clock) {
            out.minutes_of_day.insert(parts.clock->start % (2 * half_day));
            if (parts.clock->open)
                out.minutes_of_day.insert((parts.clock->start + half_day) % (2 * half_day));
        }
        if (parts.daytime) out.daytime = *parts.daytime;
    }
    read_words(terms(text), out);
    const time_grammar::tokens all(text);
    for (std::size_t i = 0; i < all.size() && out.days.empty(); ++i)
        if (all.is(i, time_grammar::lexeme::month)) out.month = static_cast<unsigned>(all[i].value);
    return out;
}

bool fits_time(const offer& one, const said_time& said) {
    const auto day = date::floor<date::days>(one.when.start);
    const int minute = static_cast<int>((one.when.start - day).count());
    const bool on_day = said.days.contains(day) ||
                        (said.weekday && date::weekday{day} == *said.weekday) ||
                        (said.days.empty() && !said.weekday);
    if (!on_day) return false;
    const auto month = static_cast<unsigned>(date::year_month_day{day}.month());
    if (said.month && month != *said.month) return false;
    if (!said.minutes_of_day.empty() && !said.minutes_of_day.contains(minute)) return false;
    if (said.half != 0 && (said.half == 'p') != (minute >= half_day)) return false;
    if (!said.daytime) return true;
    const auto bounds = time_grammar::bounds_of(*said.daytime);
    return (bounds.start <= minute && minute < bounds.end) ||
           (bounds.start <= minute + 2 * half_day && minute + 2 * half_day < bounds.end);
}

/// Words of a reply that can be those of a title.
std::vector<std::string> title_words(const std::string& rest) {
    auto all = terms(rest);
    std::erase_if(all, [](const std::string& word) {
        return is_stop_word(word) ||
               is_any(word, {"one",     "ones",   "meeting", "appointment", "event",  "please",
                             "take",    "mean",   "make",    "then",        "that",   "let",
                             "s",       "say",    "how",     "about",       "what",   "yes",
                             "ok",      "rather", "no",      "i",           "my",     "want",
                             "instead", "book",   "cancel",  "move",        "delete", "it"});
    });
    return all;
}

bool fits_title(const offer& one, const std::vector<std::string>& wanted) {
    const auto title = terms(one.title);
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& word) {
        return std::any_of(title.begin(), title.end(), [&](const std::string& each) {
            return each == word || each + "s" == word || word + "s" == each;
        });
    });
}

}  // namespace

std::optional<std::size_t> numbered(std::string_view lower, std::size_t count) {
    constexpr auto ordinals =
        std::to_array<std::string_view>({"first", "second", "third", "fourth", "fifth", "sixth",
                                         "seventh", "eighth", "ninth", "tenth"});
    constexpr auto counts = std::to_array<std::string_view>(
        {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"});
    if (count == 0 || lower.size() > 60) return std::nullopt;
    const auto word = bare_number(lower);
    if (is_any(word, {"last", "latter", "latest"})) return count - 1;
    if (is_any(word, {"former", "any", "either", "whichever", "whatever", "earliest", "soonest",
                      "next", "any of", "only the next", "just the next", "just this", "only this",
                      "this", "doesn't matter", "you choose"}))
        return 0;
    for (std::size_t i = 0; i < counts.size() && i < count; ++i)
        if (word == ordinals[i] || word == counts[i]) return i;
    const auto digits = word.substr(0, word.find_first_not_of("0123456789"));
    if (digits.empty() || digits.size() > 2 ||
        !is_any(word.substr(digits.size()), {"", ".", ")", "st", "nd", "rd", "th"}))
        return std::nullopt;
    std::size_t number = 0;
    for (const char c : digits) number = number * 10 + static_cast<std::size_t>(c - '0');
    if (number == 0 || number > count) return std::nullopt;
    return number - 1;
}

std::vector<std::size_t> chosen(std::span<const offer> offers, const utterance& reply,
                                const assistant_context& context) {
    if (const auto number = numbered(reply.lower, offers.size())) return {*number};
    if (offers.size() == 1 &&
        is_any(reply.lower,
               {"yes", "yes please", "ok", "okay", "sure", "fine", "yep", "that works", "do it",
                "go ahead", "yes, please", "perfect", "great", "sounds good"}))
        return {0};
    const auto said = time_said(reply.plain, context);
    const auto titled = std::any_of(offers.begin(), offers.end(),
                                    [](const offer& one) { return !one.title.empty(); });
    const auto wanted =
        titled ? title_words(read_time_words(reply.plain).rest) : std::vector<std::string>();
    if (said.nothing() && wanted.empty()) return {};
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < offers.size(); ++i)
        if (fits_time(offers[i], said) && fits_title(offers[i], wanted)) out.push_back(i);
    return out;
}

}  // namespace perin::offline
