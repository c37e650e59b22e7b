#pragma once

#include "persistence/vault/sealed_columns.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace perin::persistence::test {

/// Octets of a text in hexadecimal.
[[nodiscard]] inline std::string from_hex(std::string_view text) {
    std::string octets;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        octets += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
    }
    return octets;
}

[[nodiscard]] inline std::string to_hex(std::string_view octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char octet : octets) {
        const auto number = static_cast<std::uint8_t>(octet);
        text += digits[number >> 4U];
        text += digits[number & 0xfU];
    }
    return text;
}

/// A source of these secrets.
[[nodiscard]] inline secret_source always(std::vector<std::string> secrets) {
    return [secrets = std::move(secrets)]() -> result<std::vector<std::string>> { return secrets; };
}

/// A vault for tokens with these secrets, the newest first.
[[nodiscard]] inline std::shared_ptr<vault> vault_of(
    std::vector<std::string> secrets, std::string purpose = std::string(sealed_columns_purpose)) {
    auto made = vault::make(std::move(purpose), always(std::move(secrets)));
    if (!made) throw std::runtime_error(made.error().detail);
    return *made;
}

}  // namespace perin::persistence::test
