#include "domain/time_grammar/lexer.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace perin::time_grammar {

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20U;

struct entry {
    lexeme kind;
    int value = 0;
    bool doubtful = false;
};

using lexicon = std::unordered_map<std::string_view, entry>;

void add_calendar(lexicon& words) {
    constexpr std::array<std::string_view, 7> days{"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};
    constexpr std::array<std::string_view, 12> months{
        "january", "february", "march",     "april",   "may",      "june",
        "july",    "august",   "september", "october", "november", "december"};
    for (std::size_t i = 0; i < days.size(); ++i) {
        words[days[i]] = {lexeme::weekday, static_cast<int>(i)};
        words[days[i].substr(0, 3)] = {lexeme::weekday, static_cast<int>(i), true};
    }
    words["tues"] = {lexeme::weekday, 2, true};
    words["thur"] = words["thurs"] = {lexeme::weekday, 4, true};
    for (std::size_t i = 0; i < months.size(); ++i) {
        const auto number = static_cast<int>(i + 1);
        words[months[i].substr(0, 3)] = {lexeme::month, number, true};
        words[months[i]] = {lexeme::month, number, months[i] == "may" || months[i] == "march"};
    }
    words["sept"] = {lexeme::month, 9, true};
}

void add_numbers(lexicon& words) {
    constexpr std::array<std::string_view, 12> counts{"one",  "two", "three",  "four",
                                                      "five", "six", "seven",  "eight",
                                                      "nine", "ten", "eleven", "twelve"};
    constexpr std::array<std::string_view, 10> ordinals{"first", "second", "third",   "fourth",
                                                        "fifth", "sixth",  "seventh", "eighth",
                                                        "ninth", "tenth"};
    for (std::size_t i = 0; i < counts.size(); ++i)
        words[counts[i]] = {lexeme::count, static_cast<int>(i + 1)};
    for (std::size_t i = 0; i < ordinals.size(); ++i)
        words[ordinals[i]] = {lexeme::ordinal_word, static_cast<int>(i + 1)};
    words["a"] = words["an"] = {lexeme::count, 1, true};
    words["couple"] = {lexeme::count, 2, true};
    words["twenty"] = {lexeme::count, 20};
    words["thirty"] = {lexeme::count, 30};
}

void add_units(lexicon& words) {
    const auto both = [&](std::string_view one, std::string_view many, unit what) {
        words[one] = words[many] = {lexeme::unit, static_cast<int>(what)};
    };
    both("minute", "minutes", unit::minute);
    both("min", "mins", unit::minute);
    both("hour", "hours", unit::hour);
    both("hr", "hrs", unit::hour);
    both("day", "days", unit::day);
    both("week", "weeks", unit::week);
    both("month", "months", unit::month);
    both("year", "years", unit::year);
    const auto daytime = [&](std::string_view word, part what) {
        words[word] = {lexeme::part, static_cast<int>(what)};
    };
    daytime("morning", part::morning);
    daytime("afternoon", part::afternoon);
    daytime("evening", part::evening);
    daytime("night", part::night);
}

/// Those stay the words they were for the rest of the grammar.
void add_known(lexicon& words) {
    const auto add = [&](std::string_view word, lexeme kind, known what) {
        words[word] = {kind, static_cast<int>(what)};
    };
    add("my", lexeme::filler, known::my);
    add("your", lexeme::filler, known::your);
    add("utc", lexeme::filler, known::utc);
    add("gmt", lexeme::filler, known::utc);
    add("for", lexeme::filler, known::for_);
    add("about", lexeme::filler, known::about);
    add("time", lexeme::word, known::time);
    add("local", lexeme::word, known::local);
    for (const std::string_view word :
         {"meeting", "call", "chat", "slot", "appointment", "session", "talk", "sync",
          "conversation", "interview", "lunch", "catch"})
        add(word, lexeme::word, known::meeting);
}

lexicon make_lexicon() {
    lexicon words{
        {"today", {lexeme::today}},
        {"tonight", {lexeme::tonight}},
        {"tomorrow", {lexeme::tomorrow}},
        {"yesterday", {lexeme::yesterday}},
        {"now", {lexeme::now}},
        {"noon", {lexeme::noon}},
        {"midday", {lexeme::noon}},
        {"midnight", {lexeme::midnight}},
        {"weekend", {lexeme::weekend}},
        {"am", {lexeme::meridiem, 'a'}},
        {"pm", {lexeme::meridiem, 'p'}},
        {"oclock", {lexeme::oclock}},
        {"at", {lexeme::at}},
        {"around", {lexeme::around}},
        {"by", {lexeme::around}},
        {"until", {lexeme::to, 1}},
        {"till", {lexeme::to, 1}},
        {"on", {lexeme::on}},
        {"in", {lexeme::in}},
        {"of", {lexeme::of}},
        {"the", {lexeme::the}},
        {"from", {lexeme::from}},
        {"to", {lexeme::to}},
        {"between", {lexeme::between}},
        {"and", {lexeme::and_}},
        {"next", {lexeme::next}},
        {"this", {lexeme::this_}},
        {"coming", {lexeme::coming}},
        {"last", {lexeme::last}},
        {"after", {lexeme::after}},
        {"before", {lexeme::before}},
        {"ago", {lexeme::ago}},
        {"half", {lexeme::half}},
        {"quarter", {lexeme::quarter}},
        {"past", {lexeme::past}},
    };
    for (const std::string_view word :
         {"for",   "with",   "please", "is",   "be",    "was",    "will",    "would",
          "works", "work",   "if",     "or",   "we",    "i",      "you",     "he",
          "she",   "they",   "it",     "but",  "so",    "then",   "because", "when",
          "where", "as",     "should", "can",  "could", "sounds", "suits",   "instead",
          "about", "thanks", "not",    "my",   "our",   "your",   "are",     "do",
          "does",  "has",    "have",   "fine", "good",  "ok"})
        words.try_emplace(word, entry{lexeme::filler});
    for (const std::string_view word :
         {"percent", "degrees", "euro", "euros", "dollar", "dollars", "pounds", "cents", "km",
          "miles", "meters", "metres", "kg", "people", "persons", "times"})
        words.try_emplace(word, entry{lexeme::measure});
    add_calendar(words);
    add_numbers(words);
    add_units(words);
    add_known(words);
    return words;
}

constexpr std::size_t longest_word = 12;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) > 127;
}
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The ASCII look of typographic punctuation of three bytes; 0 for anything else.
char plain_of(std::string_view rest) {
    if (rest.starts_with("\xE2\x80\x99")) return '\'';
    if (rest.starts_with("\xE2\x80\x93") || rest.starts_with("\xE2\x80\x94")) return '-';
    return 0;
}

entry looked_up(std::string_view word) {
    static const lexicon words = make_lexicon();
    if (word.size() > longest_word) return {lexeme::word};
    std::string lower(word);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const auto found = words.find(lower);
    return found == words.end() ? entry{lexeme::word} : found->second;
}

bool is_ordinal_suffix(std::string_view word) {
    if (word.size() != 2) return false;
    const std::array<char, 2> lower{static_cast<char>(word[0] | 0x20),
                                    static_cast<char>(word[1] | 0x20)};
    const std::string_view suffix(lower.data(), 2);
    return suffix == "st" || suffix == "nd" || suffix == "rd" || suffix == "th";
}

std::size_t word_end(std::string_view text, std::size_t at) {
    while (at < text.size() && is_letter(text[at]) && plain_of(text.substr(at, 3)) == 0) ++at;
    return at;
}

token number_at(std::string_view text, std::size_t& at) {
    token read{.kind = lexeme::number, .begin = static_cast<std::uint32_t>(at)};
    const std::size_t begin = at;
    std::int32_t value = 0;
    for (; at < text.size() && is_digit(text[at]); ++at)
        if (at - begin < 8) value = value * 10 + (text[at] - '0');
    const std::size_t digits = at - begin;
    read.value = digits > 8 ? -1 : value;
    read.digits = static_cast<std::uint8_t>(std::min<std::size_t>(digits, 255));
    const std::size_t end = word_end(text, at);
    if (is_ordinal_suffix(text.substr(at, end - at))) {
        read.kind = lexeme::ordinal;
        at = end;
    }
    read.length = static_cast<std::uint32_t>(at - begin);
    return read;
}

}  // namespace

tokens::tokens(std::string_view text) {
    text = text.substr(0, most_bytes);
    bool glued = false;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (is_space(c)) {
            glued = false;
            ++at;
            continue;
        }
        token read{.begin = static_cast<std::uint32_t>(at)};
        if (is_digit(c)) {
            read = number_at(text, at);
        } else if (const char plain = plain_of(text.substr(at, 3)); plain != 0) {
            read.kind = lexeme::symbol;
            read.value = plain;
            at += 3;
        } else if (is_letter(c)) {
            const std::size_t end = word_end(text, at);
            const auto known = looked_up(text.substr(at, end - at));
            read.kind = known.kind;
            read.value = known.value;
            read.doubtful = known.doubtful;
            at = end;
        } else {
            read.kind = lexeme::symbol;
            read.value = c;
            ++at;
        }
        read.length = static_cast<std::uint32_t>(at) - read.begin;
        read.glued = glued;
        glued = true;
        all_.push_back(read);
    }
}

}  // namespace perin::time_grammar
