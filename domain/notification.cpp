#include "domain/notification.hpp"

namespace perin {

namespace {

using nlohmann::json;

json time_or_null(const std::optional<timestamp>& at) {
    return at ? json(to_rfc3339(*at)) : json();
}

}  // namespace

std::string_view to_string(notification_state state) noexcept {
    switch (state) {
        case notification_state::open:
            return "open";
        case notification_state::resolved:
            return "resolved";
        case notification_state::expired:
            return "expired";
    }
    return {};
}

std::vector<std::string> actions_of(const notification& one) {
    std::vector<std::string> out;
    const auto list = json::parse(one.actions, nullptr, false);
    if (!list.is_array()) return out;
    for (const auto& action : list)
        if (action.is_string()) out.push_back(action.get<std::string>());
    return out;
}

json to_json(const notification& one) {
    auto payload = json::parse(one.payload, nullptr, false);
    if (!payload.is_object()) payload = json::object();
    return {{"id", one.id},
            {"type", one.type},
            {"title", one.title},
            {"payload", std::move(payload)},
            {"actions", actions_of(one)},
            {"status", to_string(one.state)},
            {"createdAt", to_rfc3339(one.created_at)},
            {"expiresAt", time_or_null(one.expires_at)}};
}

}  // namespace perin
