#include "cli/remote_calendar.hpp"

#include "cli/remote_accounts.hpp"
#include "domain/json.hpp"
#include "net/front/calendar_json.hpp"

#include <algorithm>

namespace perin::cli {

namespace {

using nlohmann::json;

/// A file of thousands of events is many commits.
constexpr std::chrono::minutes longest_import{6};

failure unreadable() { return {error_code::internal, "the server's answer cannot be read"}; }

std::string of_owner(const char* route, const user& owner) {
    return std::string("/private/calendar/") + route + "?email=" + percent_encoded(owner.email);
}

}  // namespace

result<user> remote_calendar::owner(const std::string& email) {
    auto users = remote_accounts(server_).users();
    if (!users) return users.error();
    const auto found = std::ranges::find(*users, email, &user::email);
    if (found == users->end()) return failure{error_code::not_found, "there is no user " + email};
    return std::move(*found);
}

result<json> remote_calendar::list(const user& owner, const runtime::list_entries& wanted) {
    return server_.call("GET", of_owner("events", owner) +
                                   "&from=" + percent_encoded(to_rfc3339(wanted.from)) +
                                   "&until=" + percent_encoded(to_rfc3339(wanted.until)) +
                                   "&limit=" + std::to_string(wanted.limit));
}

result<json> remote_calendar::add(const user& owner, const calendar::event_request& wanted,
                                  bool overlap_allowed) {
    auto body = to_json(wanted);
    body["email"] = owner.email;
    body["overlap"] = overlap_allowed;
    return server_.call("POST", "/private/calendar/events", body);
}

result<json> remote_calendar::import(const user& owner, std::string text) {
    const auto answer =
        server_.transfer("POST", of_owner("import", owner),
                         typed_body{"text/calendar", std::move(text)}, longest_import);
    if (!answer) return answer.error();
    auto report = parse_json(*answer);
    if (!report) return unreadable();
    return report;
}

result<std::string> remote_calendar::export_all(const user& owner) {
    return server_.transfer("GET", of_owner("export", owner));
}

result<std::string> remote_calendar::change_feed(const user& owner, runtime::feed_change how) {
    const auto answer =
        server_.call("POST", "/private/calendar/feed",
                     json{{"email", owner.email}, {"change", std::string(net::to_string(how))}});
    if (!answer) return answer.error();
    const auto url = answer->is_object() ? answer->value("url", json()) : json();
    if (url.is_null()) return std::string();
    if (!url.is_string()) return unreadable();
    return url.get<std::string>();
}

}  // namespace perin::cli
