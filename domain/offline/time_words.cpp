#include "domain/offline/time_words.hpp"

#include "domain/offline/utterance.hpp"
#include "domain/text.hpp"
#include "domain/time_grammar/lengths.hpp"
#include "domain/time_grammar/phrases.hpp"

#include <algorithm>
#include <vector>

namespace perin::offline {

namespace {

using namespace time_grammar;
using std::chrono::minutes;

constexpr std::size_t most_bytes = 1'000;
constexpr std::size_t most_phrases = 4;
constexpr std::size_t most_lengths = 16;

/// A stretch of the text.
struct place_in {
    std::size_t begin = 0;
    std::size_t length = 0;
};

struct spoken_phrase {
    place_in where;
    bool day = false;
    bool clock = false;
    bool daytime = false;
    bool whole = false;
};

/// Only where the words stand matters, not what day they name.
listener anybody() { return {timestamp{}, zone_of("UTC")}; }

std::vector<spoken_phrase> phrases_of(std::string_view text) {
    std::vector<spoken_phrase> all;
    const auto who = anybody();
    for (std::size_t from = 0; all.size() < most_phrases;) {
        const auto rest = text.substr(from);
        const auto heard = hear(tokens(rest), rest, who);
        if (!heard || heard->length == 0) break;
        all.push_back({.where = {from + heard->begin, heard->length},
                       .day = heard->parts.day.has_value(),
                       .clock = heard->parts.clock.has_value(),
                       .daytime = heard->parts.daytime.has_value(),
                       .whole = heard->exact.has_value()});
        from += heard->begin + heard->length;
    }
    return all;
}

/// The first and, where it adds what the first lacks, one more.
std::vector<spoken_phrase> told_together(const std::vector<spoken_phrase>& all) {
    std::vector<spoken_phrase> used{all.front()};
    if (used.front().whole) return used;
    const bool timed = used.front().clock || used.front().daytime;
    const auto adds = [&](const spoken_phrase& other) {
        if (other.whole) return false;
        if (!used.front().day) return other.day && !other.clock && !other.daytime;
        return !timed && !other.day;
    };
    const auto more = std::find_if(all.begin() + 1, all.end(), adds);
    if (more != all.end()) used.push_back(*more);
    return used;
}

bool begins_length(const token& read) {
    return read.kind == lexeme::number || read.kind == lexeme::count || read.kind == lexeme::half ||
           read.kind == lexeme::quarter;
}

struct said_length {
    place_in where;
    minutes length{};
};

/// A length, with "for" or without; not "in 2 hours", which is a time.
std::optional<said_length> length_of(const std::string& text) {
    const tokens words(text);
    const auto up_to = [&](std::size_t begin, std::size_t next, minutes length) {
        const auto& last = words[next - 1];
        return said_length{{begin, last.begin + last.length - begin}, length};
    };
    for (std::size_t i = 0; i < words.size(); ++i)
        if (const auto found = read_length(words, i))
            return up_to(words[i].begin, found->next, found->length);
    std::size_t tried = 0;
    for (std::size_t i = 0; i < words.size() && tried < most_lengths; ++i) {
        if (!begins_length(words[i]) || words[i].glued) continue;
        if (i > 0 && (words.is(i - 1, lexeme::in) || begins_length(words[i - 1]))) continue;
        // "Two and a half hours".
        constexpr std::size_t reach = 6;
        bool timed = false;
        for (std::size_t j = i + 1; j < i + reach && !timed; ++j)
            timed = words.is_unit(j, unit::hour) || words.is_unit(j, unit::minute);
        if (!timed) continue;
        ++tried;
        const std::string alone = "for " + text.substr(words[i].begin);
        if (const auto found = read_length(tokens(alone), 0))
            return up_to(words[i].begin, i + found->next - 1, found->length);
    }
    return std::nullopt;
}

std::string without(const std::string& text, std::vector<place_in> places) {
    std::sort(places.begin(), places.end(),
              [](const place_in& a, const place_in& b) { return a.begin > b.begin; });
    std::string left = text;
    for (const auto& each : places) left.replace(each.begin, each.length, " ");
    std::string out;
    for (const char c : left)
        if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
    while (out.ends_with(' ')) out.pop_back();
    return out;
}

/// The words that read as a clock time in a phrase.
std::string clock_words(std::string_view when) {
    const tokens words(when);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (const auto day = read_day(words, i, date::local_days{})) {
            i = day->next - 1;
            continue;
        }
        if (const auto clock = read_clock(words, i)) {
            const auto& last = words[clock->next - 1];
            return std::string(
                when.substr(words[i].begin, last.begin + last.length - words[i].begin));
        }
    }
    return {};
}

}  // namespace

time_words read_time_words(std::string_view text) {
    text = text.substr(0, valid_utf8_length(text.substr(0, most_bytes)));
    time_words out;
    std::string left(text);
    std::vector<place_in> places;
    if (const auto all = phrases_of(text); !all.empty()) {
        for (const auto& each : told_together(all)) {
            if (!out.when.empty()) out.when += ' ';
            out.when += text.substr(each.where.begin, each.where.length);
            out.has_day = out.has_day || each.day || each.whole;
            out.has_clock = out.has_clock || each.clock || each.whole;
            out.has_daytime = out.has_daytime || each.daytime;
            auto where = each.where;
            // "Tomorrow's lunch".
            if (text.substr(where.begin + where.length, 3) == "'s ") where.length += 2;
            places.push_back(where);
        }
        out.first = trimmed(text.substr(0, places.front().begin), ",").empty();
    }
    // What belongs to a time is no length.
    for (const auto& each : places)
        std::fill_n(left.begin() + static_cast<std::ptrdiff_t>(each.begin), each.length, '\x01');
    if (const auto length = length_of(left)) {
        out.length = length->length;
        places.push_back(length->where);
    }
    out.rest = without(std::string(text), std::move(places));
    return out;
}

std::string day_words(std::string_view when) {
    const tokens words(when);
    for (std::size_t i = 0; i < words.size(); ++i)
        if (const auto day = read_day(words, i, date::local_days{})) {
            const auto& last = words[day->next - 1];
            return std::string(
                when.substr(words[i].begin, last.begin + last.length - words[i].begin));
        }
    return {};
}

std::string joined_words(std::string_view when, std::string_view later) {
    const auto before = read_time_words(when);
    const auto after = read_time_words(later);
    if (before.when.empty()) return std::string(later);
    if (after.when.empty()) return std::string(when);
    std::string both = std::string(when) + " " + std::string(later);
    const auto is_week = [](std::string_view words) {
        const auto all = terms(words);
        return !all.empty() && (all.back() == "week");
    };
    // "Next week" and "on Tuesday at 3".
    if (after.has_day && is_week(when) && !is_week(day_words(later))) return both;
    const bool timed = after.has_clock || after.has_daytime;
    if (after.has_day && timed) return std::string(later);
    if (after.has_day) {
        const auto clock = clock_words(when);
        return clock.empty() ? std::string(later) : std::string(later) + " " + clock;
    }
    if (!before.has_day) return std::string(later);
    if (!before.has_clock) return both;
    const auto day = day_words(when);
    return day.empty() ? std::string(later) : day + " " + std::string(later);
}

}  // namespace perin::offline
