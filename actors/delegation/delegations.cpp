#include "actors/delegation/delegations.hpp"

#include "actors/delegation/delegations_flow.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

delegations_actor::behavior_type delegations(delegations_flow::pointer self,
                                             delegations_parts parts) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, std::move(parts));
    return {
        [&state](const create_link& what) { return state.on_create(what); },
        [&state](const revoke_link& what) { return state.on_revoke(what); },
        [&state](const admit_guest& what) { return state.on_admit(what); },
        [&state](const offer_slots& what) { return state.on_offer(what); },
        [&state](const book_slot& what) { return state.on_book(what); },
        [&state](const move_slot& what) { return state.on_move(what); },
        [&state](const cancel_slot& what) { return state.on_cancel(what); },
        [&state](const begin_guest_booking& what) { return state.on_begin_booking(what); },
        [&state](const guest_standing& what) { return state.on_stand(what); },
        [&state](const choose_slot& what) { return state.on_choose(what); },
        [&state](const spend_guest_tokens& what) { state.on_spent(what); },
        [](tick) {},
    };
}

}  // namespace

delegations_actor spawn_delegations(caf::actor_system& system, delegations_parts parts) {
    return system.spawn(delegations, std::move(parts));
}

}  // namespace perin::actors
