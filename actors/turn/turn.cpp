#include "actors/turn/turn.hpp"

#include "actors/turn/turn_flow.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

turn_actor::behavior_type turn(turn_flow::pointer self, std::shared_ptr<const turn_parts> parts,
                               std::shared_ptr<turn_input> input, conversation_actor owner) {
    prepare(self);
    self->state.begin(self, std::move(parts), std::move(*input), std::move(owner));
    return {
        [self](model_progress& progress) { self->state.on_progress(progress); },
    };
}

}  // namespace

turn_actor spawn_turn(caf::actor_system& system, std::shared_ptr<const turn_parts> parts,
                      turn_input input, conversation_actor owner) {
    return system.spawn(turn, std::move(parts), std::make_shared<turn_input>(std::move(input)),
                        std::move(owner));
}

}  // namespace perin::actors
