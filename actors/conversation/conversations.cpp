#include "actors/conversation/conversations.hpp"

#include "actors/conversation/conversations_flow.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

conversations_actor::behavior_type conversations(conversations_flow::pointer self,
                                                 std::shared_ptr<const conversation_parts> parts,
                                                 conversations_settings settings) {
    prepare(self);
    auto& flow = self->state;
    flow.begin(self, std::move(parts), settings);
    return {
        [&flow](chat_send& message) { return flow.on_send(message); },
        [&flow](const chat_cancel& what) { return flow.on_cancel(what); },
        [&flow](chat_fetch& wanted) { return flow.on_fetch(wanted); },
        [&flow](const chat_leave& what) { flow.on_leave(what); },
        [&flow](const chat_erase& what) { return flow.on_erase(what); },
        [&flow](const chat_live_text& what) { return flow.on_live_text(what); },
        [&flow](tell_workflow& what) { return flow.on_tell(what); },
        [&flow](const chat_retire& what) { return flow.on_retire(what); },
        [&flow](const forget_user& what) { flow.on_forget(what.user_id); },
        [&flow](const conversation_rests& what) { flow.on_rests(what); },
        [&flow](tick) { flow.on_tick(); },
        [&flow](const revive_conversation& what) { flow.on_revive(what); },
        [&flow](drain) { flow.on_drain(); },
        [&flow](count_running) { return flow.count(); },
        [&flow](const describe_actors& what) { return flow.describe(what); },
    };
}

}  // namespace

conversations_actor spawn_conversations(caf::actor_system& system,
                                        std::shared_ptr<const conversation_parts> parts,
                                        conversations_settings settings) {
    return system.spawn(conversations, std::move(parts), settings);
}

}  // namespace perin::actors
