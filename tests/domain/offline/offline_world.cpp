#include "tests/domain/offline/offline_world.hpp"

#include "domain/intents.hpp"

#include <catch2/catch.hpp>

namespace perin::offline_world {

using nlohmann::json;

model_request request_of(std::vector<chat_message> messages) {
    model_request request{.messages = std::move(messages)};
    request.context.user_name = "Mia";
    request.context.timezone = "Europe/Vienna";
    request.context.now = from_rfc3339("2026-12-01T13:20:30Z").value();
    return request;
}

std::vector<tool_definition> all_tools() {
    std::vector<tool_definition> tools;
    for (const char* name :
         {"memory_remember", "memory_forget", "calendar_create_solo_event", "calendar_find_time",
          "calendar_list_events", "calendar_reschedule_event", "calendar_cancel_event",
          "notifications_resolve", "delegation_create_link"})
        tools.push_back({name, "", json::object()});
    return tools;
}

tool_call talk::say(const std::string& text) {
    said_ = text;
    call_ = {};
    auto request = request_of(history_);
    request.messages.push_back({chat_role::user, text});
    request.context = context;
    const bool has_tools =
        is_actionable(text) || answers_request(history_, text) || context.answered.has_value();
    if (has_tools) {
        request.tools = all_tools();
        const auto planned = offline_reply(request);
        CHECK(planned.text.empty());
        if (!planned.tool_calls.empty()) {
            REQUIRE(planned.tool_calls.size() == 1);
            call_ = planned.tool_calls.front();
            return call_;
        }
        request.tools.clear();
    }
    answered(std::move(request.messages));
    return call_;
}

const std::string& talk::result(const json& told) {
    REQUIRE_FALSE(call_.name.empty());
    auto messages = history_;
    messages.push_back({chat_role::user, said_});
    messages.push_back({chat_role::assistant, "", {call_}});
    messages.push_back({chat_role::tool, told.dump(), {}, call_.id});
    answered(std::move(messages));
    return answer_;
}

void talk::answered(std::vector<chat_message> messages) {
    auto request = request_of(std::move(messages));
    request.context = context;
    const auto reply = offline_reply(request);
    CHECK(reply.tool_calls.empty());
    answer_ = reply.text;
    history_.push_back({chat_role::user, said_});
    history_.push_back({chat_role::assistant, answer_});
}

json arguments_of(const tool_call& call) {
    if (call.name.empty()) return "no call";
    return json::parse(call.arguments);
}

json slot(std::string_view start, std::string_view end, std::string_view title) {
    const auto local = [](std::string_view at) { return std::string(at) + ":00+01:00"; };
    const auto utc = [&](std::string_view at) {
        return to_rfc3339(from_rfc3339(local(at)).value());
    };
    json out{{"start", utc(start)},
             {"end", utc(end)},
             {"startLocal", local(start)},
             {"endLocal", local(end)}};
    if (!title.empty()) out["title"] = title;
    return out;
}

}  // namespace perin::offline_world
