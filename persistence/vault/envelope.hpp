#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace perin::persistence {

/// Where a sealed value is kept. It opens nowhere else: one that is copied to another row or
/// column, or was sealed for another purpose, is refused.
struct sealed_place {
    std::string_view table;
    /// The row's primary key.
    std::string_view row;
    std::string_view column;
};

/// A sealed value in its parts.
///
///     v1 . <key id> . <nonce, ciphertext, tag>
///
/// the last two in base64url without padding (RFC 4648 section 5): a text for a TEXT column, whose
/// beginning tells with which key it was sealed.
struct envelope {
    /// Of the key: 11 characters.
    std::string key_id;
    /// 12 octets.
    std::string nonce;
    /// The ciphertext, and a tag of 16 octets.
    std::string sealed;
};

/// What every envelope of a key begins with; the others do not.
[[nodiscard]] std::string envelope_prefix(std::string_view key_id);

[[nodiscard]] std::string to_text(const envelope& from);

/// Nothing for a text that `to_text` does not make: there is one text for each envelope.
[[nodiscard]] std::optional<envelope> envelope_of(std::string_view text);

/// Octets in base64url without padding.
[[nodiscard]] std::string to_base64url(std::string_view octets);

/// What the tag vouches for besides the value: each part with its length before it, so that no two
/// places have the same.
[[nodiscard]] std::string associated_data(std::string_view key_id, std::string_view purpose,
                                          const sealed_place& place);

}  // namespace perin::persistence
