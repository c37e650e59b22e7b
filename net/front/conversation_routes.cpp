#include "net/front/routes.hpp"

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

json summary_json(const conversation_summary& one) {
    return {{"id", one.id},
            {"title", one.title},
            {"createdAt", to_rfc3339(one.created_at)},
            {"updatedAt", to_rfc3339(one.updated_at)},
            {"lastSeq", one.last_seq}};
}

conversation_key key_of(const exchange& what) { return {what.account().id, what.request.path[2]}; }

task<http_out> list(exchange& what) {
    auto limit = list_limit(what.request);
    if (!limit) co_return refuse(what, limit.error());
    list_conversations wanted{what.account().id, *limit, what.request.parameter("cursor")};
    auto page =
        co_await what.server.ask().ask<conversation_page>(what.server.parts().reader, wanted);
    if (!page) co_return refuse(what, page.error());
    auto items = json::array();
    for (const auto& one : page->items) items.push_back(summary_json(one));
    co_return json_answer(200,
                          {{"items", std::move(items)},
                           {"nextCursor", page->next_cursor ? json(*page->next_cursor) : json()}});
}

task<http_out> show(exchange& what) {
    auto limit = list_limit(what.request, 200, 200);
    if (!limit) co_return refuse(what, limit.error());
    read_messages wanted{key_of(what), what.request.parameter("before"), *limit};
    auto page = co_await what.server.ask().ask<message_page>(what.server.parts().reader, wanted);
    if (!page) co_return refuse(what, page.error());
    // What the running turn has said is not on disk yet.
    chat_live_text running_text{key_of(what)};
    auto live =
        co_await what.server.ask().ask<live_text>(what.server.parts().conversations, running_text);
    auto messages = json::array();
    for (const auto& one : page->messages) {
        auto running = live && one.role == chat_role::assistant && !one.turn_id.empty() &&
                       one.turn_id == live->turn_id && one.status == "pending";
        messages.push_back({{"id", one.id},
                            {"turnId", one.turn_id.empty() ? json() : json(one.turn_id)},
                            {"role", to_string(one.role)},
                            {"content", running ? live->text : one.content},
                            {"at", to_rfc3339(one.at)},
                            {"status", one.status}});
    }
    auto out = summary_json(page->summary);
    out["messages"] = std::move(messages);
    co_return json_answer(200, out);
}

task<http_out> erase(exchange& what) {
    chat_erase change{key_of(what)};
    auto done = co_await what.server.ask().ask<void>(what.server.parts().conversations, change);
    co_return done ? no_content() : refuse(what, done.error());
}

}  // namespace

void add_conversation_routes(std::vector<route>& to) {
    to.push_back(
        {http_method::get, {"api", "conversations"}, access::user, limit_class::rest, list});
    to.push_back(
        {http_method::get, {"api", "conversations", "*"}, access::user, limit_class::rest, show});
    to.push_back({http_method::delete_,
                  {"api", "conversations", "*"},
                  access::user,
                  limit_class::rest,
                  erase});
}

}  // namespace perin::net
