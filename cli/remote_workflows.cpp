#include "cli/remote_workflows.hpp"

#include "cli/remote_accounts.hpp"

#include <variant>

namespace perin::cli {

using namespace runtime;
using nlohmann::json;

namespace {

failure unreadable() { return {error_code::internal, "the server's answer cannot be read"}; }

/// What of the address stands after the workflow's own.
struct route_of {
    std::string operator()(const pause_workflow&) const { return "/pause"; }
    std::string operator()(const resume_workflow&) const { return "/resume"; }
    std::string operator()(const cancel_workflow&) const { return "/cancel"; }
    std::string operator()(const skip_step& one) const { return step(one.step_id, "/skip"); }
    std::string operator()(const retry_step& one) const { return step(one.step_id, "/retry"); }
    std::string operator()(const answer_step& one) const { return step(one.step_id, "/answer"); }

    static std::string step(const std::string& id, const char* what) {
        return "/steps/" + percent_encoded(id) + what;
    }
};

std::string of_workflow(const std::string& id) {
    return "/private/workflows/" + percent_encoded(id);
}

}  // namespace

result<json> remote_workflows::list(const std::optional<workflow::status>& status) {
    auto items = json::array();
    std::string cursor;
    while (items.size() < most_listed_workflows) {
        std::string route = "/private/workflows?limit=100";
        if (status) route.append("&status=").append(to_string(*status));
        const auto page = server_.call("GET", route + cursor);
        if (!page) return page.error();
        if (!page->is_object() || !page->contains("items") || !(*page)["items"].is_array())
            return unreadable();
        for (const auto& each : (*page)["items"]) items.push_back(each);
        const auto next = page->value("nextCursor", json());
        if (!next.is_string()) break;
        cursor = "&cursor=" + percent_encoded(next.get<std::string>());
    }
    return json{{"items", std::move(items)}};
}

result<json> remote_workflows::show(const std::string& id) {
    return server_.call("GET", of_workflow(id));
}

result<json> remote_workflows::command(const std::string& id, const workflow_order& order) {
    auto body = json::object();
    if (const auto* one = std::get_if<answer_step>(&order)) body["answer"] = one->answer;
    return server_.call("POST", of_workflow(id) + std::visit(route_of{}, order), body);
}

}  // namespace perin::cli
