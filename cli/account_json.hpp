#pragma once

#include "cli/account_service.hpp"

#include <nlohmann/json.hpp>

namespace perin::cli {

/// `{"id","email","name","timezone","admin","createdAt"}`.
[[nodiscard]] nlohmann::json json_of(const user& account);
[[nodiscard]] result<user> user_of(const nlohmann::json& json);

/// `{"id","kind","label","createdAt","expiresAt","lastUsedAt"}`.
[[nodiscard]] nlohmann::json json_of(const access_token& token);
[[nodiscard]] result<access_token> token_of(const nlohmann::json& json);

/// `{"id","token","label","createdAt","expiresAt"}`.
[[nodiscard]] nlohmann::json json_of(const made_token& made);
[[nodiscard]] result<made_token> made_token_of(const nlohmann::json& json);

/// `session`, `api` or `login`.
[[nodiscard]] const char* to_string(token_kind kind) noexcept;

}  // namespace perin::cli
