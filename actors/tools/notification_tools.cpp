#include "actors/fulfil.hpp"
#include "actors/tools/registry.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

using nlohmann::json;
using tool_result = result<json>;

constexpr std::chrono::seconds notifications_timeout{25};

json resolve_schema() {
    return {
        {"type", "object"},
        {"properties",
         {{"notificationId",
           {{"type", "string"},
            {"minLength", 1},
            {"maxLength", 100},
            {"description", "the id of an open notification"}}},
          {"action",
           {{"type", "string"},
            {"minLength", 1},
            {"maxLength", 100},
            {"description", "one of its actions"}}},
          {"data", {{"type", "object"}, {"description", "what the action takes, if anything"}}}}},
        {"required", {"notificationId", "action"}},
        {"additionalProperties", false}};
}

struct notification_tool_state {
    static constexpr const char* name = "notification tool";
};

using tool_pointer = tool_actor::stateful_pointer<notification_tool_state>;

tool_actor::behavior_type resolve(tool_pointer self, notifications_actor notifications,
                                  tool_context context) {
    prepare(self);
    return {
        [=](const tool_run& run) -> caf::result<tool_result> {
            resolve_notification wanted;
            wanted.user_id = context.caller.id;
            wanted.id = run.arguments.value("notificationId", "");
            wanted.action = run.arguments.value("action", "");
            wanted.data = run.arguments.value("data", json());
            wanted.by_user = context.answered == notification_answer{wanted.id, wanted.action};
            wanted.once = once_key{context.turn_id, context.call_id};
            auto promise = owe<tool_result>(self);
            self->request(notifications, notifications_timeout, std::move(wanted))
                .then(
                    [=](const result<notification>& done) {
                        if (done)
                            fulfil(promise,
                                   json{{"status", "resolved"}, {"notification", to_json(*done)}});
                        else
                            fulfil(promise, done.error());
                        self->quit();
                    },
                    [=](const caf::error&) {
                        fulfil(promise,
                               failure{error_code::unavailable, "the notifications do not answer"});
                        self->quit();
                    });
            return promise;
        },
    };
}

}  // namespace

std::vector<tool> notification_tools(actor_slot<notifications_actor> notifications) {
    return {
        {{"notifications_resolve",
          "Resolves an open notification with one of its actions, as the user has asked.",
          resolve_schema()},
         [notifications](caf::actor_system& system, tool_context context) {
             return system.spawn(resolve, notifications.load(), std::move(context));
         }},
    };
}

}  // namespace perin::actors
