#pragma once

#include "domain/time.hpp"

#include <optional>
#include <string>

namespace perin {

struct user {
    std::string id;
    /// Lower case.
    std::string email;
    std::string name;
    /// IANA name.
    std::string timezone = "UTC";
    bool admin = false;
    timestamp created_at = {};
    friend bool operator==(const user&, const user&) = default;
};

enum class token_kind {
    /// From a login; 30 days, renewed by use.
    session,
    /// From `perin token create`.
    api,
    /// A one-time login link.
    login,
};

struct access_token {
    std::string id;
    std::string user_id;
    token_kind kind = token_kind::api;
    std::string label;
    timestamp created_at = {};
    /// Nothing: never.
    std::optional<timestamp> expires_at = {};
    std::optional<timestamp> last_used_at = {};
    friend bool operator==(const access_token&, const access_token&) = default;
};

}  // namespace perin
