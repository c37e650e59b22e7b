#include "domain/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace perin {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

constexpr std::uint8_t octet(char c) { return static_cast<std::uint8_t>(c); }

constexpr bool is_continuation(char c) { return (octet(c) & 0xc0U) == 0x80U; }

/// Length of the ASCII run at the front, eight bytes at a time.
std::size_t ascii_run(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::size_t i = 0;
    for (; i + sizeof(std::uint64_t) <= text.size(); i += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, sizeof word);
        if ((word & high_bits) != 0) break;
    }
    while (i < text.size() && octet(text[i]) < 0x80U) ++i;
    return i;
}

/// What stands at the front of a non-empty text.
struct sequence {
    enum class state { complete, unfinished, broken };
    state is = state::broken;
    /// Bytes of it: of a broken one those that one U+FFFD stands for.
    std::size_t length = 1;
};

/// Follows table 3-7 of the Unicode standard: only the second byte's range depends on the first.
sequence sequence_at(std::string_view text) {
    const auto first = octet(text[0]);
    if (first < 0x80U) return {sequence::state::complete, 1};
    std::size_t length = 0;
    std::uint8_t low = 0x80U;
    std::uint8_t high = 0xbfU;
    if (first >= 0xc2U && first <= 0xdfU) {
        length = 2;
    } else if (first >= 0xe0U && first <= 0xefU) {
        length = 3;
        if (first == 0xe0U) low = 0xa0U;
        if (first == 0xedU) high = 0x9fU;
    } else if (first >= 0xf0U && first <= 0xf4U) {
        length = 4;
        if (first == 0xf0U) low = 0x90U;
        if (first == 0xf4U) high = 0x8fU;
    } else {
        return {sequence::state::broken, 1};
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (i == text.size()) return {sequence::state::unfinished, i};
        const auto next = octet(text[i]);
        if (next < low || next > high) return {sequence::state::broken, i};
        low = 0x80U;
        high = 0xbfU;
    }
    return {sequence::state::complete, length};
}

/// Appends `text` repaired, and returns how many bytes at its end are an unfinished character.
std::size_t append_repaired(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const auto good = valid_utf8_length(text);
        out.append(text.substr(0, good));
        text.remove_prefix(good);
        if (text.empty()) break;
        const auto bad = sequence_at(text);
        if (bad.is == sequence::state::unfinished) return bad.length;
        out += replacement;
        text.remove_prefix(bad.length);
    }
    return 0;
}

char32_t decoded(std::string_view complete) {
    const auto tail = [&](std::size_t i) {
        return static_cast<char32_t>(octet(complete[i]) & 0x3fU);
    };
    const auto first = static_cast<char32_t>(octet(complete[0]));
    switch (complete.size()) {
        case 1:
            return first;
        case 2:
            return (first & 0x1fU) << 6U | tail(1);
        case 3:
            return (first & 0x0fU) << 12U | tail(1) << 6U | tail(2);
        default:
            return (first & 0x07U) << 18U | tail(1) << 12U | tail(2) << 6U | tail(3);
    }
}

/// Only for code points up to U+07FF: nothing that is folded lies past it.
void append_two_byte(std::string& out, char32_t c) {
    out += static_cast<char>(0xc0U | (c >> 6U));
    out += static_cast<char>(0x80U | (c & 0x3fU));
}

struct code_point_range {
    char32_t first;
    char32_t last;
};

/// Signs, punctuation, pictures and private use among the code points from U+0080 on.
constexpr auto non_letters = std::to_array<code_point_range>({
    {0x0080, 0x00a9},   {0x00ab, 0x00b4},    {0x00b6, 0x00b9}, {0x00bb, 0x00bf}, {0x00d7, 0x00d7},
    {0x00f7, 0x00f7},   {0x02c2, 0x02c5},    {0x02d2, 0x02df}, {0x037e, 0x037e}, {0x0387, 0x0387},
    {0x055a, 0x055f},   {0x0589, 0x058a},    {0x05be, 0x05be}, {0x05f3, 0x05f4}, {0x060c, 0x060d},
    {0x061b, 0x061f},   {0x066a, 0x066d},    {0x06d4, 0x06d4}, {0x0964, 0x0965}, {0x1680, 0x1680},
    {0x2000, 0x2070},   {0x207a, 0x207e},    {0x208a, 0x208e}, {0x20a0, 0x20cf}, {0x2190, 0x2bff},
    {0x2e00, 0x2e7f},   {0x2ff0, 0x3004},    {0x3008, 0x3020}, {0x3030, 0x3030}, {0x303d, 0x303f},
    {0x30a0, 0x30a0},   {0x30fb, 0x30fb},    {0xd800, 0xf8ff}, {0xfe00, 0xfe1f}, {0xfe30, 0xfe6f},
    {0xfeff, 0xff0f},   {0xff1a, 0xff20},    {0xff3b, 0xff40}, {0xff5b, 0xff65}, {0xffe0, 0xffff},
    {0x1f000, 0x1faff}, {0xe0000, 0x10ffff},
});

bool is_letter_past_ascii(char32_t c) {
    const auto* after = std::upper_bound(
        non_letters.begin(), non_letters.end(), c,
        [](char32_t value, const code_point_range& range) { return value < range.first; });
    return after == non_letters.begin() || c > std::prev(after)->last;
}

/// Lower case of a letter past ASCII; the letter itself where it has none that we know.
char32_t folded(char32_t c) {
    if (c >= 0x00c0U && c <= 0x00deU) return c + 0x20U;  // Latin-1; U+00D7 is no letter
    // Latin Extended-A comes in pairs, but the parity turns twice, and three letters stand apart.
    if (c == 0x0130U) return U'i';
    if (c == 0x0178U) return 0x00ffU;
    if ((c >= 0x0100U && c <= 0x0137U) || (c >= 0x014aU && c <= 0x0177U)) return c | 1U;
    if ((c >= 0x0139U && c <= 0x0148U) || (c >= 0x0179U && c <= 0x017eU))
        return (c & 1U) != 0 ? c + 1U : c;
    if (c >= 0x0391U && c <= 0x03a9U && c != 0x03a2U) return c + 0x20U;  // Greek
    if (c >= 0x0410U && c <= 0x042fU) return c + 0x20U;                  // Cyrillic
    if (c >= 0x0400U && c <= 0x040fU) return c + 0x50U;
    return c;
}

/// Appends a character past ASCII in lower case; false where it is no letter.
bool append_folded(std::string& word, std::string_view bytes) {
    const auto c = decoded(bytes);
    if (!is_letter_past_ascii(c)) return false;
    if (const auto lower = folded(c); lower == c)
        word += bytes;
    else if (lower < 0x80U)
        word += static_cast<char>(lower);
    else
        append_two_byte(word, lower);
    return true;
}

/// ASCII letters in lower case, digits; 0 for what splits.
constexpr std::array<char, 128> ascii_words = [] {
    std::array<char, 128> table{};
    for (char c = '0'; c <= '9'; ++c) table[octet(c)] = c;
    for (char c = 'a'; c <= 'z'; ++c) table[octet(c)] = c;
    for (char c = 'A'; c <= 'Z'; ++c) table[octet(c)] = static_cast<char>(c - 'A' + 'a');
    return table;
}();

/// In order: looked up by halving.
constexpr auto stop_words = std::to_array<std::string_view>({
    "a",       "about", "above",   "after",  "again",    "all",     "also",   "am",     "an",
    "and",     "any",   "are",     "as",     "at",       "be",      "been",   "before", "being",
    "below",   "but",   "by",      "can",    "could",    "d",       "did",    "do",     "does",
    "doing",   "don",   "down",    "during", "each",     "few",     "for",    "from",   "further",
    "get",     "had",   "has",     "have",   "having",   "he",      "her",    "here",   "hers",
    "herself", "him",   "himself", "his",    "how",      "i",       "if",     "in",     "into",
    "is",      "it",    "its",     "itself", "just",     "know",    "let",    "ll",     "m",
    "may",     "me",    "might",   "more",   "most",     "must",    "my",     "myself", "no",
    "nor",     "not",   "now",     "of",     "off",      "on",      "once",   "only",   "or",
    "other",   "our",   "ours",    "out",    "over",     "own",     "please", "re",     "s",
    "same",    "say",   "says",    "shall",  "she",      "should",  "so",     "some",   "such",
    "t",       "tell",  "than",    "that",   "the",      "their",   "theirs", "them",   "then",
    "there",   "these", "they",    "this",   "those",    "through", "to",     "too",    "under",
    "until",   "up",    "us",      "ve",     "very",     "was",     "we",     "were",   "what",
    "when",    "where", "which",   "while",  "who",      "whom",    "why",    "will",   "with",
    "would",   "you",   "your",    "yours",  "yourself",
});
static_assert(std::is_sorted(stop_words.begin(), stop_words.end()));

/// Whether a byte stands for itself within a JSON string.
constexpr std::array<bool, 256> plain_in_json = [] {
    std::array<bool, 256> table{};
    for (std::size_t i = 0x20; i < table.size(); ++i) table[i] = true;
    table[octet('"')] = false;
    table[octet('\\')] = false;
    return table;
}();

void append_json_escape(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        default:
            break;
    }
    constexpr std::string_view hex_digits = "0123456789abcdef";
    out += "\\u00";
    out += hex_digits[octet(c) >> 4U];
    out += hex_digits[octet(c) & 0x0fU];
}

}  // namespace

std::size_t valid_utf8_length(std::string_view text) {
    std::size_t done = 0;
    for (;;) {
        done += ascii_run(text.substr(done));
        // A text in another script has few ASCII runs: stay in this loop while it lasts.
        while (done < text.size() && octet(text[done]) >= 0x80U) {
            const auto next = sequence_at(text.substr(done));
            if (next.is != sequence::state::complete) return done;
            done += next.length;
        }
        if (done == text.size()) return done;
    }
}

bool is_utf8(std::string_view text) { return valid_utf8_length(text) == text.size(); }

std::size_t code_points(std::string_view valid_utf8) {
    return static_cast<std::size_t>(std::count_if(valid_utf8.begin(), valid_utf8.end(),
                                                  [](char c) { return !is_continuation(c); }));
}

std::string_view utf8_prefix(std::string_view valid_utf8, std::size_t max_code_points) {
    // A code point has at least one byte.
    if (valid_utf8.size() <= max_code_points) return valid_utf8;
    std::size_t seen = 0;
    for (std::size_t i = 0; i < valid_utf8.size(); ++i) {
        if (is_continuation(valid_utf8[i])) continue;
        if (seen == max_code_points) return valid_utf8.substr(0, i);
        ++seen;
    }
    return valid_utf8;
}

std::string repaired_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    if (append_repaired(out, text) > 0) out += replacement;
    return out;
}

std::string utf8_joiner::push(std::string_view chunk) {
    std::string out;
    out.reserve(held_size_ + chunk.size());
    // Only the few bytes that may finish the held character are joined to it, never the whole
    // chunk.
    if (held_size_ > 0) {
        std::array<char, 4> start{};
        while (held_size_ > 0 && !chunk.empty()) {
            std::copy_n(held_.begin(), held_size_, start.begin());
            start[held_size_] = chunk.front();
            const std::string_view joined(start.data(), held_size_ + 1);
            const auto first = sequence_at(joined);
            if (first.is == sequence::state::broken) {
                // The byte does not belong to it: it is looked at again as the start of the rest.
                out += replacement;
                held_size_ = 0;
                break;
            }
            chunk.remove_prefix(1);
            if (first.is == sequence::state::complete) {
                out += joined;
                held_size_ = 0;
            } else {
                held_[held_size_++] = joined.back();
            }
        }
        if (held_size_ > 0) return out;
    }
    const auto unfinished = append_repaired(out, chunk);
    std::copy_n(chunk.end() - static_cast<std::ptrdiff_t>(unfinished), unfinished, held_.begin());
    held_size_ = unfinished;
    return out;
}

std::string utf8_joiner::finish() {
    std::string out(held_size_ > 0 ? replacement : std::string_view{});
    held_size_ = 0;
    return out;
}

void append_json_string(std::string& out, std::string_view valid_utf8) {
    out += '"';
    std::size_t run = 0;
    for (std::size_t i = 0; i < valid_utf8.size(); ++i) {
        if (plain_in_json[octet(valid_utf8[i])]) continue;
        out.append(valid_utf8.data() + run, i - run);
        append_json_escape(out, valid_utf8[i]);
        run = i + 1;
    }
    out.append(valid_utf8.data() + run, valid_utf8.size() - run);
    out += '"';
}

bool term_reader::next(std::string& word) {
    word.clear();
    while (!rest_.empty()) {
        const auto run = std::find_if(rest_.begin(), rest_.end(), [](char c) {
            return octet(c) >= 0x80U || ascii_words[octet(c)] == '\0';
        });
        const auto length = static_cast<std::size_t>(run - rest_.begin());
        const auto before = word.size();
        word.resize(before + length);
        std::transform(rest_.begin(), run, word.begin() + static_cast<std::ptrdiff_t>(before),
                       [](char c) { return ascii_words[octet(c)]; });
        rest_.remove_prefix(length);
        if (rest_.empty()) break;
        if (octet(rest_.front()) < 0x80U) {
            rest_.remove_prefix(1);
            if (!word.empty()) return true;
            continue;
        }
        const auto found = sequence_at(rest_);
        const auto bytes = rest_.substr(0, found.length);
        rest_.remove_prefix(found.length);
        if (found.is == sequence::state::complete && append_folded(word, bytes)) continue;
        if (!word.empty()) return true;
    }
    return !word.empty();
}

std::vector<std::string> terms(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    for (term_reader reader(text); reader.next(word);) words.push_back(word);
    return words;
}

bool is_stop_word(std::string_view term) {
    return std::binary_search(stop_words.begin(), stop_words.end(), term);
}

namespace {

/// U+0080 to U+009F are control characters too, U+2028 and U+2029 end lines.
bool is_control(std::string_view text, std::size_t at, std::size_t& length) {
    const auto c = static_cast<unsigned char>(text[at]);
    length = 1;
    if (c < 0x20 || c == 0x7f) return true;
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0;
    if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
        length = 2;
        return true;
    }
    const auto third = at + 2 < text.size() ? static_cast<unsigned char>(text[at + 2]) : 0;
    if (c == 0xe2 && next == 0x80 && (third == 0xa8 || third == 0xa9)) {
        length = 3;
        return true;
    }
    return false;
}

}  // namespace

std::string one_line(std::string_view text, std::size_t longest) {
    const auto whole = repaired_utf8(text);
    std::string out;
    for (std::size_t i = 0; i < whole.size();) {
        std::size_t length = 1;
        if (is_control(whole, i, length)) {
            if (!out.empty() && out.back() != ' ') out += ' ';
        } else {
            out += whole[i];
        }
        i += length;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return std::string(utf8_prefix(out, longest));
}

}  // namespace perin
