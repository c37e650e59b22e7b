#pragma once

#include "actors/delegation/delegations.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace perin::actors {

/// What an answer is told to.
template <class Answer>
using told = std::function<void(result<Answer>)>;

/// What the actor of the links asks of others: each answer is told, or that there was none.
class link_requests {
  public:
    void begin(runtime::delegations_actor::pointer self, delegations_parts parts) {
        self_ = self;
        parts_ = std::move(parts);
    }

    [[nodiscard]] runtime::delegations_actor::pointer self() const { return self_; }
    [[nodiscard]] const delegations_parts& parts() const { return parts_; }
    [[nodiscard]] timestamp now() const { return parts_.clock->now(); }

    /// `unavailable` where nobody is there or the time is over.
    template <class Answer, class Handle, class Message>
    void ask(const runtime::actor_slot<Handle>& whom, std::chrono::milliseconds timeout,
             Message message, told<Answer> tell) const {
        const auto to = whom.load();
        if (!to) return tell(failure{error_code::unavailable, "the server is starting"});
        self_->request(to, timeout, std::move(message))
            .then(
                [tell](result<Answer>& answer) { tell(std::move(answer)); },
                [tell](const caf::error&) {
                    tell(failure{error_code::unavailable, "a part of the server does not answer"});
                });
    }

    /// A link of an owner's with what was booked by it.
    void with_link(const std::string& user_id, const std::string& id,
                   told<runtime::found_delegation> tell) const {
        ask<runtime::found_delegation>(parts_.reader, parts_.store_timeout,
                                       runtime::find_delegation{user_id, id, {}}, std::move(tell));
    }

  private:
    runtime::delegations_actor::pointer self_ = nullptr;
    delegations_parts parts_;
};

}  // namespace perin::actors
