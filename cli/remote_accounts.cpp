#include "cli/remote_accounts.hpp"

#include "cli/account_json.hpp"
#include "domain/time.hpp"

namespace perin::cli {

namespace {

using nlohmann::json;

/// The `items` of an answer, each read by `read`.
template <class Item>
result<std::vector<Item>> items_of(const result<json>& answer, result<Item> (*read)(const json&)) {
    if (!answer) return answer.error();
    const auto items = answer->is_object() ? answer->value("items", json()) : json();
    if (!items.is_array()) {
        return failure{error_code::internal, "the server's answer cannot be read"};
    }
    std::vector<Item> all;
    for (const auto& each : items) {
        auto item = read(each);
        if (!item) return item.error();
        all.push_back(std::move(*item));
    }
    return all;
}

}  // namespace

result<void> remote_accounts::post(const std::string& path, const json& body) const {
    const auto answer = server_.call("POST", path, body);
    if (!answer) return answer.error();
    return {};
}

result<user> remote_accounts::add(const new_user& fresh) {
    const auto answer = server_.call("POST", "/private/users",
                                     json{{"email", fresh.email},
                                          {"name", fresh.name},
                                          {"timezone", fresh.timezone},
                                          {"admin", fresh.admin},
                                          {"password", fresh.password}});
    if (!answer) return answer.error();
    return user_of(*answer);
}

result<std::vector<user>> remote_accounts::users() {
    return items_of(server_.call("GET", "/private/users"), &user_of);
}

result<void> remote_accounts::change_password(const std::string& email,
                                              const std::string& password) {
    return post("/private/users/passwd", {{"email", email}, {"password", password}});
}

result<void> remote_accounts::remove(const std::string& email) {
    return post("/private/users/remove", {{"email", email}});
}

result<made_token> remote_accounts::create_token(const new_token_request& wanted) {
    const auto expires = wanted.expires_at ? json(to_rfc3339(*wanted.expires_at)) : json();
    const auto answer = server_.call(
        "POST", "/private/tokens",
        json{{"email", wanted.email}, {"label", wanted.label}, {"expiresAt", expires}});
    if (!answer) return answer.error();
    return made_token_of(*answer);
}

result<std::vector<access_token>> remote_accounts::tokens(const std::string& email) {
    return items_of(server_.call("GET", "/private/tokens?email=" + percent_encoded(email)),
                    &token_of);
}

result<void> remote_accounts::revoke_token(const std::string& id) {
    return post("/private/tokens/revoke", {{"id", id}});
}

}  // namespace perin::cli
