#include "net/front/notification_json.hpp"
#include "net/front/routes.hpp"

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

/// `status` of a list; nothing where none is asked for.
result<std::optional<notification_state>> asked_state(const http_in& request) {
    using asked = std::optional<notification_state>;
    const auto text = request.parameter("status");
    if (!text) return asked{};
    for (const auto each :
         {notification_state::open, notification_state::resolved, notification_state::expired})
        if (*text == to_string(each)) return asked{each};
    return failure{error_code::invalid_request, "must be open, resolved or expired", {}, "status"};
}

task<http_out> list(exchange& what) {
    auto limit = list_limit(what.request);
    if (!limit) co_return refuse(what, limit.error());
    auto state = asked_state(what.request);
    if (!state) co_return refuse(what, state.error());
    list_notifications wanted{what.account().id, *state, *limit, what.request.parameter("cursor")};
    auto page = co_await what.server.ask().ask<notification_page>(what.server.parts().notifications,
                                                                  wanted);
    if (!page) co_return refuse(what, page.error());
    auto items = json::array();
    for (const auto& one : page->items) items.push_back(to_json(one));
    co_return json_answer(200,
                          {{"items", std::move(items)},
                           {"nextCursor", page->next_cursor ? json(*page->next_cursor) : json()}});
}

task<http_out> resolve(exchange& what) {
    auto decision = read_decision(what.body);
    if (!decision) co_return refuse(what, decision.error());
    decision->user_id = what.account().id;
    decision->id = what.request.path[2];
    auto resolved =
        co_await what.server.ask().ask<notification>(what.server.parts().notifications, *decision);
    if (!resolved) co_return refuse(what, resolved.error());
    co_return json_answer(200, to_json(*resolved));
}

}  // namespace

void add_notification_routes(std::vector<route>& to) {
    to.push_back(
        {http_method::get, {"api", "notifications"}, access::user, limit_class::rest, list});
    to.push_back({http_method::post,
                  {"api", "notifications", "*", "resolve"},
                  access::user,
                  limit_class::rest,
                  resolve});
}

}  // namespace perin::net
