#include "persistence/integrations.hpp"

#include "domain/json.hpp"
#include "persistence/columns.hpp"
#include "persistence/decode.hpp"
#include "persistence/vault/sealed_columns.hpp"
#include "persistence/vault/sealing_key.hpp"

#include <utility>

namespace perin::persistence {

namespace {

std::optional<std::string> optional_text(row& from, std::size_t index) {
    if (from.is_null(index)) return std::nullopt;
    return from.take_text(index);
}

integration integration_of(row& from) {
    const auto status = integration_status_of(from.text(4));
    auto settings = parse_json(from.text(6));
    if (!status || !settings) throw unreadable_row("an integration's status or settings");
    return {.id = from.take_text(0),
            .user_id = from.take_text(1),
            .type = from.take_text(2),
            .label = from.take_text(3),
            .status = *status,
            .scopes = from.take_text(5),
            .settings = std::move(*settings),
            .created_at = time_column(from, 7),
            .updated_at = time_column(from, 8)};
}

/// The tokens as they are kept, and when the first one expires.
struct token_row {
    std::optional<std::string> access;
    std::optional<std::string> refresh;
    std::optional<timestamp> access_expires_at;
};

token_row token_row_of(row& from) {
    return {.access = optional_text(from, 0),
            .refresh = optional_text(from, 1),
            .access_expires_at = optional_time_column(from, 2)};
}

std::string text_of(const nlohmann::json& settings) {
    return settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

failure no_integration() { return {error_code::not_found, "there is no such integration"}; }

}  // namespace

result<integration_repository::sealed_pair> integration_repository::seal(
    const std::string& id, const integration_tokens& tokens) {
    const std::uint64_t count = (tokens.access ? 1U : 0U) + (tokens.refresh ? 1U : 0U);
    sealed_pair pair;
    if (count == 0) return pair;
    const auto key = sealing_key_repository(on_, keys_.purpose()).claim(keys_, count);
    if (!key) return key.error();
    if (tokens.access) {
        auto sealed = keys_.seal(*key, access_token_column.place_of(id), *tokens.access);
        if (!sealed) return sealed.error();
        pair.access = std::move(*sealed);
    }
    if (tokens.refresh) {
        auto sealed = keys_.seal(*key, refresh_token_column.place_of(id), *tokens.refresh);
        if (!sealed) return sealed.error();
        pair.refresh = std::move(*sealed);
    }
    return pair;
}

result<void> integration_repository::create(const integration& fresh,
                                            const integration_tokens& tokens) {
    auto pair = seal(fresh.id, tokens);
    if (!pair) return pair.error();
    return done(on_.execute(
        "INSERT INTO integrations (id, user_id, type, label, status, scopes, settings, "
        "access_token, refresh_token, access_expires_at, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        {fresh.id, fresh.user_id, fresh.type, fresh.label, std::string(to_string(fresh.status)),
         fresh.scopes, text_of(fresh.settings), std::move(pair->access), std::move(pair->refresh),
         column(tokens.access_expires_at), column(fresh.created_at), column(fresh.updated_at)}));
}

result<std::optional<integration>> integration_repository::find(const std::string& id) {
    return decode_first<integration>(
        on_.execute("SELECT id, user_id, type, label, status, scopes, settings, created_at, "
                    "updated_at FROM integrations WHERE id = $1",
                    {id}),
        integration_of);
}

result<std::optional<integration>> integration_repository::find(const std::string& user_id,
                                                                const std::string& type,
                                                                const std::string& label) {
    return decode_first<integration>(
        on_.execute("SELECT id, user_id, type, label, status, scopes, settings, created_at, "
                    "updated_at FROM integrations WHERE user_id = $1 AND type = $2 AND label = $3",
                    {user_id, type, label}),
        integration_of);
}

result<std::vector<integration>> integration_repository::list(const std::string& user_id) {
    return decode_all<integration>(
        on_.execute("SELECT id, user_id, type, label, status, scopes, settings, created_at, "
                    "updated_at FROM integrations WHERE user_id = $1 ORDER BY created_at, id",
                    {user_id}),
        integration_of);
}

result<std::optional<integration_tokens>> integration_repository::tokens(const std::string& id) {
    using answer = std::optional<integration_tokens>;
    const auto found =
        decode_first<token_row>(on_.execute("SELECT access_token, refresh_token, access_expires_at "
                                            "FROM integrations WHERE id = $1",
                                            {id}),
                                token_row_of);
    if (!found) return found.error();
    if (!*found) return answer();
    const auto& kept = **found;
    integration_tokens tokens{.access_expires_at = kept.access_expires_at};
    if (kept.access) {
        auto opened = keys_.open(access_token_column.place_of(id), *kept.access);
        if (!opened) return opened.error();
        tokens.access = std::move(*opened);
    }
    if (kept.refresh) {
        auto opened = keys_.open(refresh_token_column.place_of(id), *kept.refresh);
        if (!opened) return opened.error();
        tokens.refresh = std::move(*opened);
    }
    return answer(std::move(tokens));
}

result<void> integration_repository::put_tokens(const std::string& id,
                                                const integration_tokens& tokens, timestamp now) {
    auto pair = seal(id, tokens);
    if (!pair) return pair.error();
    return done_or(on_,
                   on_.execute("UPDATE integrations SET access_token = $2, refresh_token = $3, "
                               "access_expires_at = $4, updated_at = $5 WHERE id = $1",
                               {id, std::move(pair->access), std::move(pair->refresh),
                                column(tokens.access_expires_at), column(now)}),
                   no_integration());
}

result<void> integration_repository::set_status(const std::string& id, integration_status status,
                                                timestamp now) {
    return done_or(on_,
                   on_.execute("UPDATE integrations SET status = $2, updated_at = $3 WHERE id = $1",
                               {id, std::string(to_string(status)), column(now)}),
                   no_integration());
}

result<void> integration_repository::remove(const std::string& id) {
    return done_or(on_, on_.execute("DELETE FROM integrations WHERE id = $1", {id}),
                   no_integration());
}

}  // namespace perin::persistence
