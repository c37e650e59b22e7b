#include "domain/offline/utterance.hpp"

#include "domain/text.hpp"

#include <algorithm>

namespace perin::offline {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Repaired, with plain apostrophes and single spaces.
std::string tidied(std::string_view text) {
    const std::string valid = repaired_utf8(text);
    std::string out;
    out.reserve(valid.size());
    for (std::size_t i = 0; i < valid.size(); ++i) {
        if (is_space(valid[i])) {
            if (!out.empty() && out.back() != ' ') out += ' ';
        } else if (std::string_view(valid).substr(i, 3) == "\xE2\x80\x99") {
            out += '\'';
            i += 2;
        } else {
            out += valid[i];
        }
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

bool ends_word(std::string_view text, std::size_t at) {
    if (at >= text.size()) return true;
    const char c = text[at];
    return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'' ||
             static_cast<unsigned char>(c) > 127);
}

/// Drops `word` at the beginning, and the punctuation after it.
bool drop_word(std::string& plain, std::string& lower, std::string_view word, bool keep_all) {
    if (word.empty() || !lower.starts_with(word) || !ends_word(lower, word.size())) return false;
    const auto next = lower.find_first_not_of(" ,.!:;-", word.size());
    if (next == std::string::npos && keep_all) return false;
    plain.erase(0, std::min(next, plain.size()));
    lower.erase(0, std::min(next, lower.size()));
    return true;
}

bool drop_greeting(std::string& plain, std::string& lower, const std::string& name) {
    for (const std::string_view word : {"hello", "hi", "hey", "good morning", "good afternoon",
                                        "good evening", "good day", "greetings", "howdy"}) {
        if (!drop_word(plain, lower, word, false)) continue;
        for (const std::string_view whom :
             {std::string_view("there"), std::string_view(name), std::string_view("again")})
            drop_word(plain, lower, whom, false);
        return true;
    }
    return false;
}

void drop_politeness(std::string& plain, std::string& lower, const std::string& name) {
    // Bounded: nobody is that polite.
    for (int round = 0; round < 6; ++round) {
        bool dropped = lower.starts_with(name + ",") && drop_word(plain, lower, name, true);
        for (const std::string_view word :
             {"please", "can you", "could you", "would you", "will you", "tell me", "i want you to",
              "i would like you to"})
            dropped = drop_word(plain, lower, word, true) || dropped;
        // "Well, what time is it?", but "well done".
        for (const std::string_view word : {"ok", "okay", "so", "well", "thanks", "thank you"})
            if (lower.starts_with(word) && lower.size() > word.size() &&
                std::string_view(",.!").find(lower[word.size()]) != std::string_view::npos)
                dropped = drop_word(plain, lower, word, true) || dropped;
        for (const std::string_view word :
             {"the time", "the date", "what time", "what day", "what date", "when", "how"}) {
            const std::string asked = "do you know ";
            if (lower.starts_with(asked) &&
                std::string_view(lower).substr(asked.size()).starts_with(word)) {
                plain.erase(0, asked.size());
                lower.erase(0, asked.size());
                dropped = true;
            }
        }
        if (!dropped) return;
    }
}

void cut(std::string& plain, std::string& lower, std::size_t length) {
    plain.resize(length);
    lower.resize(length);
}

/// Final punctuation and a last "please"; tells whether a question mark was among it.
bool drop_end(std::string& plain, std::string& lower) {
    bool asks = false;
    const auto punctuation = [&] {
        const auto last = lower.find_last_not_of(" .!?;,");
        const std::size_t length = last == std::string::npos ? 0 : last + 1;
        asks = asks || lower.find('?', length) != std::string::npos;
        cut(plain, lower, length);
    };
    punctuation();
    for (const std::string_view last :
         {", please", "? please", ", thanks", ", thank you", "? thanks", "? thank you", ". thanks",
          ". thank you", "! thanks"})
        if (lower.ends_with(last)) {
            cut(plain, lower, lower.size() - last.size() + (last.front() == '?' ? 1 : 0));
            punctuation();
        }
    return asks;
}

void expand_question_word(std::string& plain, std::string& lower) {
    for (const std::string_view word : {"what", "who", "when", "where", "how"}) {
        const std::string short_form = std::string(word) + "'s ";
        if (!lower.starts_with(short_form)) continue;
        plain.replace(word.size(), 2, " is");
        lower.replace(word.size(), 2, " is");
        return;
    }
    if (lower.starts_with("whats ")) {
        plain.replace(4, 1, " is");
        lower.replace(4, 1, " is");
    }
}

}  // namespace

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view trimmed(std::string_view text, std::string_view also) {
    const auto cuts = [&](char c) { return c == ' ' || also.find(c) != std::string_view::npos; };
    while (!text.empty() && cuts(text.front())) text.remove_prefix(1);
    while (!text.empty() && cuts(text.back())) text.remove_suffix(1);
    return text;
}

std::optional<std::string_view> after_any(std::string_view text,
                                          std::initializer_list<std::string_view> beginnings) {
    for (const auto beginning : beginnings)
        if (text.starts_with(beginning)) return text.substr(beginning.size());
    return std::nullopt;
}

bool is_any(std::string_view text, std::initializer_list<std::string_view> all) {
    return std::find(all.begin(), all.end(), text) != all.end();
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t most = 80;
    const std::string valid = tidied(text.substr(0, 4 * most + 4));
    const auto shown = utf8_prefix(valid, most);
    const bool whole = shown.size() == valid.size() && text.size() <= 4 * most + 4;
    return "\xE2\x80\x9C" + std::string(shown) + (whole ? "" : "\xE2\x80\xA6") + "\xE2\x80\x9D";
}

utterance read_utterance(std::string_view text, std::string_view name) {
    utterance said;
    said.plain = tidied(text);
    said.lower = lower_case(said.plain);
    const std::string called = lower_case(name);
    said.greets = drop_greeting(said.plain, said.lower, called);
    drop_politeness(said.plain, said.lower, called);
    said.asks = drop_end(said.plain, said.lower);
    expand_question_word(said.plain, said.lower);
    return said;
}

}  // namespace perin::offline
