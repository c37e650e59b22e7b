#include "persistence/vault/envelope.hpp"

#include "persistence/vault/cipher.hpp"

#include <sodium.h>

#include <cstdint>

namespace perin::persistence {

namespace {

constexpr std::string_view version = "v1";
constexpr std::size_t key_id_length = 11;
constexpr auto variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

/// Nothing for what `to_base64url` does not make.
std::optional<std::string> from_base64url(std::string_view text) {
    std::string octets(text.size() / 4 * 3 + 3, '\0');
    std::size_t length = 0;
    const int failed =
        ::sodium_base642bin(reinterpret_cast<unsigned char*>(octets.data()), octets.size(),
                            text.data(), text.size(), nullptr, &length, nullptr, variant);
    if (failed != 0) return std::nullopt;
    octets.resize(length);
    // libsodium also takes 0xdf for an underscore. There must be one text for each value.
    if (to_base64url(octets) != text) return std::nullopt;
    return octets;
}

void append_part(std::string& out, std::string_view part) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>((static_cast<std::uint32_t>(part.size()) >> shift) & 0xffU);
    }
    out += part;
}

}  // namespace

std::string to_base64url(std::string_view octets) {
    // With room for the terminator that is written.
    std::string text(::sodium_base64_encoded_len(octets.size(), variant), '\0');
    ::sodium_bin2base64(text.data(), text.size(),
                        reinterpret_cast<const unsigned char*>(octets.data()), octets.size(),
                        variant);
    text.pop_back();
    return text;
}

std::string envelope_prefix(std::string_view key_id) {
    return std::string(version) + "." + std::string(key_id) + ".";
}

std::string to_text(const envelope& from) {
    return envelope_prefix(from.key_id) + to_base64url(from.nonce + from.sealed);
}

std::optional<envelope> envelope_of(std::string_view text) {
    constexpr auto head = version.size() + 1 + key_id_length + 1;
    if (text.size() < head || !text.starts_with(version) || text[version.size()] != '.' ||
        text[head - 1] != '.') {
        return std::nullopt;
    }
    const auto key_id = text.substr(version.size() + 1, key_id_length);
    const auto rest = from_base64url(text.substr(head));
    if (!rest || !from_base64url(key_id) ||
        rest->size() < cipher_nonce_octets + cipher_tag_octets) {
        return std::nullopt;
    }
    return envelope{.key_id = std::string(key_id),
                    .nonce = rest->substr(0, cipher_nonce_octets),
                    .sealed = rest->substr(cipher_nonce_octets)};
}

std::string associated_data(std::string_view key_id, std::string_view purpose,
                            const sealed_place& place) {
    std::string out;
    for (const auto part : {version, key_id, purpose, place.table, place.row, place.column}) {
        append_part(out, part);
    }
    return out;
}

}  // namespace perin::persistence
