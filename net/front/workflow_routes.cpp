#include "net/front/routes.hpp"
#include "net/front/workflow_order.hpp"

namespace perin::net {

using namespace runtime;
using nlohmann::json;
using workflow::account_of;

namespace {

/// Where the workflow's id stands in the path: after `api`, or `private`.
constexpr std::size_t id_at = 2;

/// Whose workflows are asked for: the caller's own, or an operator's, who has all.
std::string owner_of(const exchange& what) {
    return what.request.path.front() == "private" ? std::string() : what.account().id;
}

result<std::optional<workflow::status>> asked_status(const http_in& request) {
    using asked = std::optional<workflow::status>;
    const auto text = request.parameter("status");
    if (!text) return asked{};
    if (const auto found = workflow::status_of(*text)) return asked{*found};
    return failure{error_code::invalid_request,
                   "must be running, waiting, paused, completed, failed or cancelled",
                   {},
                   "status"};
}

task<http_out> list(exchange& what) {
    const auto limit = list_limit(what.request);
    if (!limit) co_return refuse(what, limit.error());
    const auto status = asked_status(what.request);
    if (!status) co_return refuse(what, status.error());
    list_workflows wanted;
    wanted.user_id = owner_of(what);
    wanted.status = *status;
    wanted.limit = *limit;
    wanted.cursor = what.request.parameter("cursor");
    const auto page =
        co_await what.server.ask().ask<workflow_page>(what.server.parts().reader, wanted);
    if (!page) co_return refuse(what, page.error());
    auto items = json::array();
    for (const auto& one : page->items) {
        items.push_back(to_json(one));
        // An operator sees whose it is.
        if (wanted.user_id.empty()) items.back()["userId"] = one.user_id;
    }
    co_return json_answer(200,
                          {{"items", std::move(items)},
                           {"nextCursor", page->next_cursor ? json(*page->next_cursor) : json()}});
}

http_out told(const exchange& what, const result<account_of>& found) {
    return found ? json_answer(200, to_json(*found)) : refuse(what, found.error());
}

task<http_out> show(exchange& what) {
    const find_workflow wanted{what.request.path[id_at], owner_of(what)};
    const auto found =
        co_await what.server.ask().ask<account_of>(what.server.parts().workflows, wanted);
    co_return told(what, found);
}

/// The last part of the path says what is to be done; what it needs besides is in the body.
task<http_out> command(exchange& what) {
    json frame = what.body.is_object() ? what.body : json::object();
    frame["workflowId"] = what.request.path[id_at];
    if (what.request.path.size() > id_at + 2) frame["stepId"] = what.request.path[id_at + 2];
    auto wanted = read_workflow_command("workflow." + what.request.path.back(), frame);
    if (!wanted) co_return refuse(what, wanted.error());
    wanted->user_id = owner_of(what);
    const auto done =
        co_await what.server.ask().ask<account_of>(what.server.parts().workflows, *wanted);
    co_return told(what, done);
}

void add(std::vector<route>& to, const char* root, access who) {
    to.push_back({http_method::get, {root, "workflows"}, who, limit_class::rest, list});
    to.push_back({http_method::get, {root, "workflows", "*"}, who, limit_class::rest, show});
    for (const char* each : {"pause", "resume", "cancel"})
        to.push_back(
            {http_method::post, {root, "workflows", "*", each}, who, limit_class::rest, command});
    for (const char* each : {"skip", "retry", "answer"})
        to.push_back({http_method::post,
                      {root, "workflows", "*", "steps", "*", each},
                      who,
                      limit_class::rest,
                      command});
}

}  // namespace

void add_workflow_routes(std::vector<route>& to) { add(to, "api", access::user); }

void add_private_workflow_routes(std::vector<route>& to) {
    add(to, "private", access::private_admin);
}

}  // namespace perin::net
