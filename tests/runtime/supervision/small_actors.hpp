#pragma once

#include "runtime/messages.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>

/// Actors that live and die as a test of supervision asks.
namespace perin::test {

struct greet {
    std::string whom;
};
struct break_down {};
struct leave_now {};

using service_actor = caf::typed_actor<caf::replies_to<greet>::with<result<std::string>>,
                                       caf::reacts_to<break_down>, caf::reacts_to<leave_now>>;

}  // namespace perin::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::test::greet)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::test::break_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::test::leave_now)

namespace perin::test {

struct service_state {
    static constexpr const char* name = "service";
    std::function<void()> ended;
    ~service_state() {
        if (ended) ended();
    }
};

inline service_actor::behavior_type service(service_actor::stateful_pointer<service_state> self,
                                            bool stubborn, std::function<void()> ended) {
    runtime::prepare(self);
    self->state.ended = std::move(ended);
    // Only a kill ends it.
    if (stubborn) self->set_exit_handler([](caf::exit_msg&) {});
    return {
        [](const greet& what) { return result<std::string>{"hello " + what.whom}; },
        [](break_down) { throw std::runtime_error("it broke"); },
        [self](leave_now) { self->quit(); },
    };
}

/// A service that calls `ended` as its state goes.
inline service_actor spawn_service(caf::actor_system& system, bool stubborn,
                                   std::function<void()> ended) {
    return system.spawn(service, stubborn, std::move(ended));
}

/// Awaits an answer that nobody gives for an hour: until then CAF keeps even a kill waiting.
inline caf::actor spawn_deaf(caf::actor_system& system) {
    return system.spawn(
        [](caf::event_based_actor* self, int) -> caf::behavior {
            runtime::prepare(self);
            auto mute = self->spawn(
                [](caf::event_based_actor* other, int) -> caf::behavior {
                    return {[other](int) {
                        // Kept by the handler's own copy below; never delivered.
                        auto promise = other->make_response_promise<int>();
                        other->attach_functor([promise](const caf::error&) {});
                        return promise;
                    }};
                },
                0);
            self->request(mute, std::chrono::seconds{3'600}, 1)
                .await([](int) {},
                       [self, mute](const caf::error&) {
                           caf::anon_send_exit(mute, caf::exit_reason::kill);
                           self->quit();
                       });
            return {[](int) {}};
        },
        0);
}

}  // namespace perin::test
