#include "net/openai/cut_surrogates.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace perin::net {

namespace {

/// U+FDD0 is no character (Unicode 23.7): no text has it before four hexadecimal digits.
constexpr std::string_view mark = "\xEF\xB7\x90";
constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t escape_size = 6;

bool is_high(unsigned unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low(unsigned unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

std::optional<unsigned> hex_at(std::string_view text, std::size_t at) {
    if (at > text.size() || text.size() - at < 4) return std::nullopt;
    unsigned value = 0;
    const auto* begin = text.data() + at;
    const auto [end, ec] = std::from_chars(begin, begin + 4, value, 16);
    if (ec != std::errc{} || end != begin + 4) return std::nullopt;
    return value;
}

/// The code unit of an escape `\uXXXX` at `at`.
std::optional<unsigned> escape_at(std::string_view text, std::size_t at) {
    return text.substr(std::min(at, text.size())).starts_with("\\u") ? hex_at(text, at + 2)
                                                                     : std::nullopt;
}

/// The half at `at`, in three octets.
std::optional<char16_t> half_at(std::string_view text, std::size_t at) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (at + 2 >= text.size() || octet(at) != 0xED || octet(at + 1) < 0xA0) return std::nullopt;
    return static_cast<char16_t>(0xD000 | ((octet(at + 1) & 0x3F) << 6) | (octet(at + 2) & 0x3F));
}

void append_pair(std::string& out, char16_t high, char16_t low) {
    const unsigned point = 0x10000 + ((high - 0xD800U) << 10) + (low - 0xDC00U);
    for (const auto octet : {0xF0U | (point >> 18), 0x80U | ((point >> 12) & 0x3F),
                             0x80U | ((point >> 6) & 0x3F), 0x80U | (point & 0x3F)})
        out.push_back(static_cast<char>(octet));
}

}  // namespace

std::optional<std::string> with_marked_halves(std::string_view json_text) {
    std::string out;
    std::size_t copied = 0;
    for (std::size_t at = json_text.find('\\'); at < json_text.size();
         at = json_text.find('\\', at)) {
        const auto unit = escape_at(json_text, at);
        if (!unit) {
            at += 2;
            continue;
        }
        const auto next = escape_at(json_text, at + escape_size);
        if (is_high(*unit) && next && is_low(*next)) {
            at += 2 * escape_size;
            continue;
        }
        if (is_high(*unit) || is_low(*unit)) {
            out.append(json_text.substr(copied, at - copied)).append(mark);
            out.append(json_text.substr(at + 2, 4));
            copied = at + escape_size;
        }
        at += escape_size;
    }
    if (copied == 0) return std::nullopt;
    return out.append(json_text.substr(copied));
}

std::string with_halves(std::string_view marked) {
    std::string out;
    for (;;) {
        const auto at = marked.find(mark);
        if (at == std::string_view::npos) return out.append(marked);
        out.append(marked.substr(0, at));
        const auto unit = hex_at(marked, at + mark.size());
        if (!unit || (!is_high(*unit) && !is_low(*unit))) {
            out.append(mark);
            marked.remove_prefix(at + mark.size());
            continue;
        }
        for (const auto octet : {0xEDU, 0x80U | ((*unit >> 6) & 0x3F), 0x80U | (*unit & 0x3F)})
            out.push_back(static_cast<char>(octet));
        marked.remove_prefix(at + mark.size() + 4);
    }
}

void surrogate_joiner::push(std::string_view piece, std::string& out) {
    if (piece.empty()) return;
    for (std::size_t at = 0; !piece.empty();) {
        at = piece.find('\xED', at);
        const auto half = at < piece.size() ? half_at(piece, at) : std::nullopt;
        if (!half && at < piece.size()) {
            ++at;
            continue;
        }
        const auto before = piece.substr(0, std::min(at, piece.size()));
        if (held_ != 0 && (!before.empty() || !half || !is_low(*half))) finish(out);
        out.append(before);
        if (!half) return;
        if (is_high(*half)) {
            held_ = *half;
        } else if (held_ != 0) {
            append_pair(out, std::exchange(held_, u'\0'), *half);
        } else {
            out.append(replacement);
        }
        piece.remove_prefix(at + 3);
        at = 0;
    }
}

void surrogate_joiner::finish(std::string& out) {
    if (std::exchange(held_, u'\0') != 0) out.append(replacement);
}

}  // namespace perin::net
