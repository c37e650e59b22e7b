#include "persistence/accounts.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"
#include "persistence/personal_data.hpp"

#include <array>
#include <utility>

namespace perin::persistence {

namespace {

constexpr std::array<std::pair<token_kind, std::string_view>, 3> kinds = {{
    {token_kind::session, "session"},
    {token_kind::api, "api"},
    {token_kind::login, "login"},
}};

std::string name_of(token_kind kind) {
    for (const auto& [each, name] : kinds) {
        if (each == kind) return std::string(name);
    }
    return {};
}

token_kind kind_of(const std::string& name) {
    for (const auto& [kind, each] : kinds) {
        if (each == name) return kind;
    }
    throw unreadable_row("a token is of an unknown kind");
}

user user_at(row& from, std::size_t first) {
    return {.id = from.take_text(first),
            .email = from.take_text(first + 1),
            .name = from.take_text(first + 2),
            .timezone = from.take_text(first + 3),
            .admin = from.integer(first + 4) != 0,
            .created_at = time_column(from, first + 5)};
}

constexpr std::size_t user_columns = 6;

user user_of(row& from) { return user_at(from, 0); }

credentials credentials_in(row& from) {
    return {.account = user_at(from, 0), .password_hash = from.take_text(user_columns)};
}

access_token token_at(row& from, std::size_t first) {
    return {.id = from.take_text(first),
            .user_id = from.take_text(first + 1),
            .kind = kind_of(from.text(first + 2)),
            .label = from.take_text(first + 3),
            .created_at = time_column(from, first + 4),
            .expires_at = optional_time_column(from, first + 5),
            .last_used_at = optional_time_column(from, first + 6)};
}

access_token token_of(row& from) { return token_at(from, 0); }

token_owner owner_in(row& from) {
    return {.token = token_at(from, user_columns), .account = user_at(from, 0)};
}

std::size_t count_in(row& from) { return number_column(from, 0); }

failure no_such_user() { return {error_code::not_found, "there is no such user"}; }

}  // namespace

result<void> account_repository::create(const user& fresh, const std::string& password_hash) {
    return done(on_.execute(
        "INSERT INTO users (id, email, name, timezone, admin, created_at, password_hash) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {fresh.id, fresh.email, fresh.name, fresh.timezone, column(fresh.admin),
         column(fresh.created_at), password_hash}));
}

result<std::optional<user>> account_repository::find(const std::string& user_id) {
    return decode_first<user>(
        on_.execute("SELECT id, email, name, timezone, admin, created_at FROM users WHERE id = $1",
                    {user_id}),
        user_of);
}

result<std::optional<user>> account_repository::find_by_email(const std::string& email) {
    return decode_first<user>(
        on_.execute(
            "SELECT id, email, name, timezone, admin, created_at FROM users WHERE email = $1",
            {email}),
        user_of);
}

result<std::vector<user>> account_repository::list() {
    return decode_all<user>(on_.execute("SELECT id, email, name, timezone, admin, created_at "
                                        "FROM users ORDER BY created_at, id"),
                            user_of);
}

result<std::optional<credentials>> account_repository::credentials_of(const std::string& email) {
    return decode_first<credentials>(
        on_.execute("SELECT id, email, name, timezone, admin, created_at, password_hash "
                    "FROM users WHERE email = $1",
                    {email}),
        credentials_in);
}

result<void> account_repository::set_password(const std::string& user_id,
                                              const std::string& password_hash) {
    return done_or(
        on_,
        on_.execute("UPDATE users SET password_hash = $2 WHERE id = $1", {user_id, password_hash}),
        no_such_user());
}

result<void> account_repository::remove(const std::string& user_id) {
    const auto erased = erase_personal_data(on_, user_id);
    if (!erased) return erased.error();
    return {};
}

result<std::size_t> account_repository::count() {
    return decode_only<std::size_t>(on_.execute("SELECT COUNT(*) FROM users"), count_in);
}

result<void> account_repository::create_token(const access_token& fresh, const std::string& hash) {
    return done(on_.execute(
        "INSERT INTO tokens (id, user_id, kind, label, created_at, "
        "expires_at, last_used_at, hash) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {fresh.id, fresh.user_id, name_of(fresh.kind), fresh.label, column(fresh.created_at),
         column(fresh.expires_at), column(fresh.last_used_at), hash}));
}

result<std::optional<token_owner>> account_repository::find_token(const std::string& hash) {
    return decode_first<token_owner>(
        on_.execute("SELECT u.id, u.email, u.name, u.timezone, u.admin, u.created_at, t.id, "
                    "t.user_id, t.kind, t.label, t.created_at, t.expires_at, t.last_used_at "
                    "FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = $1",
                    {hash}),
        owner_in);
}

result<void> account_repository::touch_token(const std::string& token_id, timestamp last_used_at,
                                             const std::optional<timestamp>& expires_at) {
    return done_or(
        on_,
        on_.execute("UPDATE tokens SET last_used_at = $2, expires_at = $3 WHERE id = $1 ",
                    {token_id, column(last_used_at), column(expires_at)}),
        {error_code::not_found, "there is no such token"});
}

result<std::vector<access_token>> account_repository::tokens_of(const std::string& user_id) {
    return decode_all<access_token>(
        on_.execute("SELECT id, user_id, kind, label, created_at, expires_at, last_used_at "
                    "FROM tokens WHERE user_id = $1 ORDER BY created_at DESC, id DESC",
                    {user_id}),
        token_of);
}

result<bool> account_repository::revoke_token(const std::string& token_id) {
    const auto removed = on_.execute("DELETE FROM tokens WHERE id = $1", {token_id});
    if (!removed) return removed.error();
    return on_.changed() > 0;
}

result<std::size_t> account_repository::revoke_tokens_of(const std::string& user_id,
                                                         token_kind kind) {
    return touched(on_, on_.execute("DELETE FROM tokens WHERE user_id = $1 AND kind = $2",
                                    {user_id, name_of(kind)}));
}

result<std::size_t> account_repository::remove_expired_tokens(timestamp now) {
    return touched(on_, on_.execute("DELETE FROM tokens WHERE expires_at <= $1", {column(now)}));
}

}  // namespace perin::persistence
