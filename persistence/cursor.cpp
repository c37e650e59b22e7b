#include "persistence/cursor.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace perin::persistence {

namespace {

// A version, eight octets of time, then the id.
constexpr char version = 1;
constexpr std::size_t head_size = 9;
constexpr std::size_t longest_id = 100;
constexpr int alphabet = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

bool may_be_in_id(char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
           (each >= '0' && each <= '9') || each == '_' || each == '-';
}

}  // namespace

std::string to_cursor(const list_position& position) {
    auto time = static_cast<std::uint64_t>(position.created_at.time_since_epoch().count());
    std::string plain(head_size, version);
    for (std::size_t i = head_size; i-- > 1; time >>= 8) plain[i] = static_cast<char>(time & 0xff);
    plain += position.id;

    std::string cursor(sodium_base64_encoded_len(plain.size(), alphabet), '\0');
    sodium_bin2base64(cursor.data(), cursor.size(),
                      reinterpret_cast<const unsigned char*>(plain.data()), plain.size(), alphabet);
    cursor.pop_back();  // the terminating NUL
    return cursor;
}

std::optional<list_position> from_cursor(std::string_view cursor) {
    std::string plain(head_size + longest_id, '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(plain.data()), plain.size(),
                          cursor.data(), cursor.size(), nullptr, &size, &end, alphabet) != 0) {
        return std::nullopt;
    }
    if (end != cursor.data() + cursor.size()) return std::nullopt;
    if (size <= head_size || plain[0] != version) return std::nullopt;

    std::uint64_t time = 0;
    for (std::size_t i = 1; i < head_size; ++i) {
        time = time << 8 | static_cast<unsigned char>(plain[i]);
    }
    list_position position{
        .created_at = timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(time))),
        .id = plain.substr(head_size, size - head_size)};
    if (!std::ranges::all_of(position.id, may_be_in_id)) return std::nullopt;
    return position;
}

}  // namespace perin::persistence
