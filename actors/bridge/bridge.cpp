#include "actors/bridge/bridge.hpp"

#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perin::actors {

namespace {

struct bridge_state {
    static constexpr const char* name = "bridge";
};

runtime::bridge_actor::behavior_type bridge(
    runtime::bridge_actor::stateful_pointer<bridge_state> self, int) {
    runtime::prepare(self);
    return {
        [self](runtime::bridge_task& what) { what.run(self); },
    };
}

}  // namespace

runtime::bridge_actor spawn_bridge(caf::actor_system& system) { return system.spawn(bridge, 0); }

}  // namespace perin::actors
