#pragma once

#include "persistence/vault/vault.hpp"

#include <span>
#include <string_view>

namespace perin::persistence {

/// The purpose of the vault that seals columns of the database.
inline constexpr std::string_view sealed_columns_purpose = "sealed columns";

/// A column whose values are sealed, with the statements by which they are sealed again.
struct sealed_column {
    std::string_view table;
    std::string_view column;
    /// The first `$3` rows after the key `$1`, by key, whose seal does not begin with the
    /// `envelope_prefix` `$2`: key and seal.
    std::string_view sealed_otherwise;
    /// Of the row `$1`, `$3` in place of the seal `$2`.
    std::string_view exchange;
    /// Takes away what is lost where nobody opens the seal `$2` of the row `$1`.
    std::string_view give_up;

    [[nodiscard]] sealed_place place_of(std::string_view row) const noexcept {
        return {.table = table, .row = row, .column = column};
    }
};

inline constexpr sealed_column access_token_column{
    .table = "integrations",
    .column = "access_token",
    .sealed_otherwise =
        "SELECT id, access_token FROM integrations WHERE id > $1 AND "
        "substr(access_token, 1, 15) <> $2 ORDER BY id LIMIT $3",
    .exchange = "UPDATE integrations SET access_token = $3 WHERE id = $1 AND access_token = $2",
    .give_up =
        "UPDATE integrations SET access_token = NULL, status = 'needs_reconnect' "
        "WHERE id = $1 AND access_token = $2"};

inline constexpr sealed_column refresh_token_column{
    .table = "integrations",
    .column = "refresh_token",
    .sealed_otherwise =
        "SELECT id, refresh_token FROM integrations WHERE id > $1 AND "
        "substr(refresh_token, 1, 15) <> $2 ORDER BY id LIMIT $3",
    .exchange = "UPDATE integrations SET refresh_token = $3 WHERE id = $1 AND refresh_token = $2",
    .give_up =
        "UPDATE integrations SET refresh_token = NULL, status = 'needs_reconnect' "
        "WHERE id = $1 AND refresh_token = $2"};

inline constexpr sealed_column verifier_column{
    .table = "authorizations",
    .column = "verifier",
    .sealed_otherwise =
        "SELECT state_hash, verifier FROM authorizations WHERE state_hash > $1 AND "
        "substr(verifier, 1, 15) <> $2 ORDER BY state_hash LIMIT $3",
    .exchange = "UPDATE authorizations SET verifier = $3 WHERE state_hash = $1 AND verifier = $2",
    // Its user begins once more.
    .give_up = "DELETE FROM authorizations WHERE state_hash = $1 AND verifier = $2"};

/// All of them: what is not here is lost when the secret is replaced.
[[nodiscard]] std::span<const sealed_column> sealed_columns() noexcept;

}  // namespace perin::persistence
