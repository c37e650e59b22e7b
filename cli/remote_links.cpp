#include "cli/remote_links.hpp"

#include "cli/remote_accounts.hpp"

#include <algorithm>

namespace perin::cli {

using nlohmann::json;

namespace {

failure unreadable() { return {error_code::internal, "the server's answer cannot be read"}; }

std::string of_owner(const user& owner) { return "?email=" + percent_encoded(owner.email); }

}  // namespace

result<user> remote_links::owner(const std::string& email) {
    auto users = remote_accounts(server_).users();
    if (!users) return users.error();
    const auto found = std::ranges::find(*users, email, &user::email);
    if (found == users->end()) return failure{error_code::not_found, "there is no user " + email};
    return std::move(*found);
}

result<json> remote_links::create(const user& owner, const json& body) {
    return server_.call("POST", "/private/links" + of_owner(owner), body);
}

result<json> remote_links::list(const user& owner) {
    auto items = json::array();
    std::string cursor;
    for (;;) {
        const auto page = server_.call("GET", "/private/links" + of_owner(owner) + cursor);
        if (!page) return page.error();
        if (!page->is_object() || !page->contains("items") || !(*page)["items"].is_array())
            return unreadable();
        for (const auto& each : (*page)["items"]) items.push_back(each);
        const auto next = page->value("nextCursor", json());
        if (!next.is_string()) return json{{"items", std::move(items)}};
        cursor = "&cursor=" + percent_encoded(next.get<std::string>());
    }
}

result<void> remote_links::revoke(const user& owner, const std::string& id) {
    const auto done =
        server_.call("DELETE", "/private/links/" + percent_encoded(id) + of_owner(owner));
    if (!done) return done.error();
    return {};
}

}  // namespace perin::cli
