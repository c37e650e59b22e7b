#include "domain/trace_context.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace perin {

namespace {

// version "-" trace-id "-" parent-id "-" trace-flags
constexpr std::size_t trace_at = 3;
constexpr std::size_t parent_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t header_size = 55;
constexpr std::uint8_t sampled_flag = 0x01;

/// Capital letters are not allowed.
int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/// Reads as many octets as `into` has.
bool read_hex(std::string_view text, std::span<std::uint8_t> into) {
    for (std::size_t i = 0; i < into.size(); ++i) {
        const auto high = digit_of(text[2 * i]);
        const auto low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        into[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return true;
}

void append_hex(std::string& to, std::span<const std::uint8_t> octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const auto octet : octets) {
        to += digits[octet >> 4];
        to += digits[octet & 0x0f];
    }
}

bool all_zero(std::span<const std::uint8_t> octets) {
    return std::all_of(octets.begin(), octets.end(), [](auto octet) { return octet == 0; });
}

}  // namespace

std::optional<trace_context> parse_traceparent(std::string_view header) {
    if (header.size() < header_size) return std::nullopt;
    if (header[trace_at - 1] != '-' || header[parent_at - 1] != '-' || header[flags_at - 1] != '-')
        return std::nullopt;
    std::array<std::uint8_t, 1> version{};
    if (!read_hex(header, version) || version[0] == 0xff) return std::nullopt;
    // Only a later version may go on, after another dash.
    if (header.size() > header_size && (version[0] == 0 || header[header_size] != '-'))
        return std::nullopt;
    trace_context out;
    std::array<std::uint8_t, 1> flags{};
    if (!read_hex(header.substr(trace_at), out.trace) || all_zero(out.trace)) return std::nullopt;
    if (!read_hex(header.substr(parent_at), out.parent) || all_zero(out.parent))
        return std::nullopt;
    if (!read_hex(header.substr(flags_at), flags)) return std::nullopt;
    out.sampled = (flags[0] & sampled_flag) != 0;
    return out;
}

std::string to_traceparent(const trace_context& context) {
    std::string out = "00-";
    out.reserve(header_size);
    append_hex(out, context.trace);
    out += '-';
    append_hex(out, context.parent);
    return out.append(context.sampled ? "-01" : "-00");
}

trace_context child_of(const trace_context& context, span_id fresh) {
    if (all_zero(fresh)) fresh.back() = 1;
    return {context.trace, fresh, context.sampled};
}

std::string to_hex(const trace_id& id) {
    std::string out;
    out.reserve(2 * id.size());
    append_hex(out, id);
    return out;
}

}  // namespace perin
