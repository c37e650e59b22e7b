#include "domain/id.hpp"

#include <algorithm>

namespace perin {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t uuid_length = 36;

constexpr bool is_dash_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

constexpr bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

std::string make_id(std::string_view prefix, timestamp now, const id_entropy& random) {
    const auto ms = static_cast<std::uint64_t>(now.time_since_epoch().count());
    std::array<std::uint8_t, 16> octets{};
    for (std::size_t i = 0; i < 6; ++i)
        octets[i] = static_cast<std::uint8_t>((ms >> (8 * (5 - i))) & 0xffU);
    std::copy(random.begin(), random.end(), octets.begin() + 6);
    octets[6] = static_cast<std::uint8_t>(0x70U | (octets[6] & 0x0fU));
    octets[8] = static_cast<std::uint8_t>(0x80U | (octets[8] & 0x3fU));

    std::string id;
    id.reserve(prefix.size() + uuid_length);
    id += prefix;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
        id += hex_digits[octets[i] >> 4U];
        id += hex_digits[octets[i] & 0x0fU];
    }
    return id;
}

bool is_id(std::string_view id, std::string_view prefix) {
    if (!id.starts_with(prefix)) return false;
    id.remove_prefix(prefix.size());
    if (id.size() != uuid_length) return false;
    for (std::size_t i = 0; i < uuid_length; ++i)
        if (is_dash_place(i) ? id[i] != '-' : !is_lower_hex(id[i])) return false;
    return true;
}

bool is_conversation_id(std::string_view id) {
    constexpr std::string_view prefix = "cnv_";
    if (!id.starts_with(prefix)) return false;
    id.remove_prefix(prefix.size());
    if (id.size() < 8 || id.size() > 40) return false;
    return std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

}  // namespace perin
