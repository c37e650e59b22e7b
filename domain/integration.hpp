#pragma once

#include "domain/time.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace perin {

enum class integration_status {
    connected,
    /// Its tokens are refused, or cannot be read: the user has to connect it again.
    needs_reconnect,
};

/// `connected` or `needs_reconnect`.
[[nodiscard]] const char* to_string(integration_status status) noexcept;

/// The status of a word; nothing for another one.
[[nodiscard]] std::optional<integration_status> integration_status_of(std::string_view word);

/// A user's account at an outside service.
struct integration {
    std::string id;
    std::string user_id;
    /// Of the registry, such as `google`.
    std::string type;
    /// Tells several of one type apart; a user's own for each type.
    std::string label;
    integration_status status = integration_status::connected;
    /// What the user granted, separated by blanks (RFC 6749 section 3.3).
    std::string scopes = {};
    /// What the type wants to know; nothing secret.
    nlohmann::json settings = nlohmann::json::object();
    timestamp created_at = {};
    timestamp updated_at = {};
    friend bool operator==(const integration&, const integration&) = default;
};

/// What an integration proves itself with. Kept sealed only.
struct integration_tokens {
    /// Or a password, where the service has no tokens.
    std::optional<std::string> access = {};
    std::optional<std::string> refresh = {};
    /// Nothing: the service did not tell.
    std::optional<timestamp> access_expires_at = {};
    friend bool operator==(const integration_tokens&, const integration_tokens&) = default;
};

}  // namespace perin
