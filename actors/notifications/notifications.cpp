#include "actors/notifications/notifications.hpp"

#include "actors/notifications/notifications_flow.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

notifications_actor::behavior_type notifications(notifications_flow::pointer self,
                                                 notifications_parts parts) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, std::move(parts));
    return {
        [&state](notify_user& what) { return state.on_notify(what); },
        [&state](const list_notifications& what) { return state.on_list(what); },
        [&state](resolve_notification& what) { return state.on_resolve(what); },
        [&state](const listen_to_notifications& what) { state.on_listen(what); },
        [&state](tick) { state.on_tick(); },
    };
}

}  // namespace

notifications_actor spawn_notifications(caf::actor_system& system, notifications_parts parts) {
    return system.spawn(notifications, std::move(parts));
}

}  // namespace perin::actors
