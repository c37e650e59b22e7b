#pragma once

#include "domain/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perin::persistence {

/// What AES-256-GCM takes and adds, in octets.
inline constexpr std::size_t cipher_key_octets = 32;
inline constexpr std::size_t cipher_nonce_octets = 12;
inline constexpr std::size_t cipher_tag_octets = 16;

using cipher_key = std::span<const std::uint8_t, cipher_key_octets>;
using cipher_nonce = std::span<const std::uint8_t, cipher_nonce_octets>;

/// HKDF-SHA256, extract and expand (RFC 5869): fills `out`, at most 8,160 octets. Fails only where
/// the library does.
[[nodiscard]] result<void> hkdf_sha256(std::string_view secret, std::string_view salt,
                                       std::string_view info, std::span<std::uint8_t> out);

/// AES-256-GCM (NIST SP 800-38D): the ciphertext and behind it the tag, which also vouches for
/// `associated`. A nonce must not come twice with one key. Fails only where the library does; texts
/// of 2 GiB and more are `invalid_request`.
[[nodiscard]] result<std::string> encrypt(cipher_key key, cipher_nonce nonce,
                                          std::string_view associated, std::string_view plain);

/// What `encrypt` was given; nothing where `sealed` is not of this key, nonce and `associated`, or
/// was changed. Fails only where the library does.
[[nodiscard]] result<std::optional<std::string>> decrypt(cipher_key key, cipher_nonce nonce,
                                                         std::string_view associated,
                                                         std::string_view sealed);

}  // namespace perin::persistence
