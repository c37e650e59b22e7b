#include "actors/conversation/conversation.hpp"

#include "actors/conversation/conversation_flow.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

conversation_actor::behavior_type conversation_behavior(
    conversation_flow::pointer self, std::shared_ptr<const conversation_parts> parts,
    const conversation_key& key, conversations_actor parent, bool fresh) {
    prepare(self);
    auto& flow = self->state;
    flow.begin(self, std::move(parts), key, std::move(parent), fresh);
    // What the parent sends is counted, so that it knows when nothing is on its way.
    return {
        [&flow](chat_send& message) {
            auto answer = flow.on_send(message);
            flow.handled();
            return answer;
        },
        [&flow](const cancel_turn& what) {
            auto answer = flow.on_cancel(what);
            flow.handled();
            return answer;
        },
        [&flow](const chat_fetch& wanted) {
            auto answer = flow.on_fetch(wanted);
            flow.handled();
            return answer;
        },
        [&flow](const chat_leave& what) {
            flow.on_leave(what.reader);
            flow.handled();
        },
        [&flow](const chat_erase&) {
            auto answer = flow.on_erase();
            flow.handled();
            return answer;
        },
        [&flow](const chat_live_text&) {
            auto answer = flow.on_live_text();
            flow.handled();
            return answer;
        },
        [&flow](const chat_retire& what) {
            auto answer = flow.on_retire(what);
            flow.handled();
            return answer;
        },
        [&flow](tell_workflow& what) {
            auto answer = flow.on_tell(what);
            flow.handled();
            return answer;
        },
        [&flow](turn_events& what) { flow.on_events(what); },
        [&flow](turn_planned& what) { return flow.on_planned(what); },
        [&flow](turn_tool_finished& what) { return flow.on_tool_finished(what); },
        [&flow](turn_finished& what) { flow.on_finished(what); },
        [&flow](tick) { flow.on_tick(); },
    };
}

}  // namespace

conversation_actor spawn_conversation(caf::actor_system& system,
                                      std::shared_ptr<const conversation_parts> parts,
                                      conversation_key key, conversations_actor parent,
                                      bool fresh) {
    return system.spawn(conversation_behavior, std::move(parts), std::move(key), std::move(parent),
                        fresh);
}

}  // namespace perin::actors
