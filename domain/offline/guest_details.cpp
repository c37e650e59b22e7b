#include "domain/offline/guest_details.hpp"

#include "domain/account_rules.hpp"
#include "domain/offline/time_words.hpp"
#include "domain/offline/utterance.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace perin::offline {

namespace {

constexpr std::size_t most_bytes = 2'000;
constexpr std::size_t longest_name = 100;
constexpr std::size_t most_name_words = 5;
constexpr std::string_view around_address = ".!?:;,<>()[]\"'";

/// A part of the text between commas, full stops and the like.
struct segment {
    std::size_t begin = 0;
    std::size_t length = 0;
    /// The mail address stood right behind it.
    bool before_address = false;
};

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (!(text = trimmed(text)).empty()) {
        const auto end = std::min(text.find(' '), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return out;
}

/// Marks that change how a text is shown and are not seen themselves: U+200B to U+200F, U+202A to
/// U+202E, U+2060 to U+206F, U+FEFF.
bool has_hidden_marks(std::string_view word) {
    for (std::size_t i = 0; i + 2 < word.size(); ++i) {
        const auto at = [&](std::size_t k) { return static_cast<unsigned char>(word[i + k]); };
        if (at(0) == 0xEF && at(1) == 0xBB && at(2) == 0xBF) return true;
        if (at(0) != 0xE2) continue;
        const bool spaces = at(1) == 0x80 && at(2) >= 0x8B && at(2) <= 0x8F;
        const bool turns = at(1) == 0x80 && at(2) >= 0xAA && at(2) <= 0xAE;
        if (spaces || turns || (at(1) == 0x81 && at(2) >= 0xA0 && at(2) <= 0xAF)) return true;
    }
    return false;
}

bool is_name_word(std::string_view word) {
    const auto letters = trimmed(word, ".");
    return !letters.empty() && !has_hidden_marks(word) &&
           std::all_of(word.begin(), word.end(),
                       [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'' ||
                                  c == '-' || c == '.' || static_cast<unsigned char>(c) > 127;
                       }) &&
           letters.find_first_not_of("'-.") != std::string_view::npos;
}

bool begins_large(std::string_view word) {
    return (word.front() >= 'A' && word.front() <= 'Z') ||
           static_cast<unsigned char>(word.front()) > 127;
}

/// "van", "de": small within a name.
bool is_particle(std::string_view word) {
    return is_any(word, {"van", "von", "der", "den", "de", "da",  "di", "du",  "del", "della", "la",
                         "le",  "bin", "ibn", "al",  "el", "ter", "zu", "dos", "das", "y"});
}

/// Words that no name begins with or has within, however they are written.
bool ends_name(std::string_view word) {
    return is_any(lower_case(trimmed(word, ".")),
                  {"and",      "my",         "mail",    "email",  "e-mail",  "address", "is",
                   "from",     "with",       "at",      "on",     "for",     "here",    "i",
                   "i'm",      "i'd",        "i'll",    "please", "the",     "a",       "an",
                   "free",     "available",  "sorry",   "not",    "looking", "happy",   "fine",
                   "ok",       "okay",       "yes",     "no",     "thanks",  "thank",   "book",
                   "booking",  "meeting",    "call",    "take",   "want",    "would",   "can",
                   "could",    "interested", "good",    "great",  "in",      "so",      "but",
                   "just",     "also",       "hello",   "hi",     "hey",     "it",      "that",
                   "this",     "you",        "your",    "me",     "what",    "when",    "who",
                   "how",      "why",        "where",   "which",  "does",    "do",      "sure",
                   "are",      "was",        "to",      "or",     "if",      "then",    "let",
                   "let's",    "works",      "first",   "second", "third",   "last",    "one",
                   "going",    "trying",     "writing", "afraid", "unable",  "busy",    "about",
                   "number",   "option",     "minutes", "hour",   "reach",   "contact", "cancel",
                   "perfect",  "never",      "mind",    "later",  "earlier", "all",     "any",
                   "anything", "else",       "help",    "stop",   "morning", "noon",    "sounds",
                   "wait",     "moment",     "maybe",   "cool",   "nice",    "right",   "exactly",
                   "correct",  "nope",       "yep",     "none",   "nothing"});
}

/// The name at the beginning of `words`; `small_too`: it need not be written large.
std::string name_at(std::string_view words, bool small_too) {
    std::string out;
    std::size_t count = 0;
    for (const auto word : words_of(words)) {
        if (count == most_name_words || !is_name_word(word) || ends_name(word)) break;
        if (!small_too && !begins_large(word) && (count == 0 || !is_particle(word))) break;
        out += (count++ == 0 ? "" : " ") + std::string(word);
    }
    const auto name = std::string(trimmed(out, ".'-,"));
    return check_name(name) ? one_line(name, longest_name) : std::string();
}

struct introduction_words {
    std::string_view words;
    /// Nothing but a name follows, however it is written.
    bool sure = false;
};

constexpr std::array introductions{
    introduction_words{"my name is ", true},  introduction_words{"my name's ", true},
    introduction_words{"the name is ", true}, introduction_words{"name is ", true},
    introduction_words{"name: ", true},       introduction_words{"i am called ", true},
    introduction_words{"call me ", true},     introduction_words{"i'm ", false},
    introduction_words{"i am ", false},       introduction_words{"this is ", false},
};

struct found_name {
    std::string name;
    std::size_t begin = 0;
    std::size_t length = 0;
};

/// The name after words that introduce one.
std::optional<found_name> introduced(const std::string& text, bool with_address) {
    const auto lower = lower_case(text);
    for (const auto& [words, sure] : introductions)
        for (auto at = lower.find(words); at != std::string::npos; at = lower.find(words, at + 1)) {
            if (at > 0 && std::string_view(" ,.;:!").find(lower[at - 1]) == std::string_view::npos)
                continue;
            const auto from = at + words.size();
            const auto end = std::min(text.find_first_of(",;:!?()<>\"", from), text.size());
            const bool small_too = sure || with_address;
            auto name = name_at(std::string_view(text).substr(from, end - from), small_too);
            const auto time = read_time_words(name);
            if (name.empty() || (!sure && !time.when.empty())) continue;
            const auto length = words.size() + name.size();
            return found_name{std::move(name), at, length};
        }
    return std::nullopt;
}

std::vector<segment> segments_of(const std::string& text, std::optional<std::size_t> address_at) {
    std::vector<segment> out;
    std::size_t begin = 0;
    const auto close = [&](std::size_t end) {
        if (end > begin)
            out.push_back(
                {begin, end - begin, address_at && begin < *address_at && end >= *address_at});
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool mark = std::string_view(",;:!?()<>\"").find(text[i]) != std::string_view::npos;
        const bool stop = text[i] == '.' && i + 1 < text.size() && text[i + 1] == ' ' && i >= 3 &&
                          text.find(' ', i - 3) > i;
        const bool here = address_at && i == *address_at;
        if (!mark && !stop && !here) continue;
        close(i);
        begin = here && !mark ? i : i + 1;
    }
    close(text.size());
    return out;
}

/// A segment that is a name and nothing else.
std::string lone_name(std::string_view words, bool small_too) {
    const auto all = words_of(words);
    if (all.empty() || all.size() > most_name_words) return {};
    if (const auto time = read_time_words(words); !time.when.empty() || time.length) return {};
    const auto name = name_at(words, small_too);
    return words_of(name).size() == all.size() ? name : std::string();
}

/// "Bob Ray, bob@ray.example", or "Bob Ray" where a name was asked for.
std::optional<found_name> bare(const std::string& text, std::optional<std::size_t> address_at,
                               bool name_asked) {
    if (!address_at && !name_asked) return std::nullopt;
    const auto segments = segments_of(text, address_at);
    const auto said = std::count_if(segments.begin(), segments.end(), [&](const segment& one) {
        return !trimmed(std::string_view(text).substr(one.begin, one.length)).empty();
    });
    for (const bool beside : {true, false})
        for (const auto& one : segments) {
            if (one.before_address != beside) continue;
            const auto words = std::string_view(text).substr(one.begin, one.length);
            auto name = lone_name(words, said == 1 || beside);
            if (!name.empty()) return found_name{std::move(name), one.begin, one.length};
        }
    return std::nullopt;
}

/// Takes the addresses out of a text; where the first stood.
std::optional<std::size_t> take_addresses(std::string& text, said_details& out) {
    constexpr std::string_view ends = " ,;<>()\"";
    std::optional<std::size_t> place;
    std::size_t from = 0;
    for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', from)) {
        const auto before = text.find_last_of(ends, at);
        const auto begin = before == std::string::npos ? 0 : before + 1;
        const auto end = std::min(text.find_first_of(ends, at), text.size());
        from = at + 1;
        // "Tuesday @ 10", "@10".
        if (begin == at) continue;
        auto word = trimmed(std::string_view(text).substr(begin, end - begin), around_address);
        if (const auto rest = after_any(word, {"mailto:"})) word = *rest;
        if (const auto address = normalized_email(word); !address)
            out.unusable_email = true;
        else if (out.email.empty())
            out.email = *address;
        text.erase(begin, end - begin);
        if (!place) place = begin;
        from = begin;
    }
    if (!out.email.empty()) out.unusable_email = false;
    return place;
}

}  // namespace

said_details read_details(std::string_view text, bool name_asked) {
    std::string plain(text.substr(0, most_bytes));
    std::replace(plain.begin(), plain.end(), '\n', ',');
    const auto said = read_utterance(one_line(plain, most_bytes), "");
    plain = said.plain;
    said_details out;
    const auto address_at = take_addresses(plain, out);
    auto name = introduced(plain, address_at.has_value());
    if (!name) name = bare(plain, address_at, name_asked && !said.asks);
    if (name) {
        out.name = std::move(name->name);
        plain.replace(name->begin, name->length, " ");
    }
    out.rest = std::string(trimmed(plain, ",;"));
    if (said.asks) out.rest += '?';
    return out;
}

}  // namespace perin::offline
