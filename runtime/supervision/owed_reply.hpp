#pragma once

#include "domain/result.hpp"

#include <caf/local_actor.hpp>
#include <caf/result.hpp>
#include <caf/typed_response_promise.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace perin::runtime {

/// What a requester is told when whoever owes it an answer has ended without one.
[[nodiscard]] inline failure ended_unanswered() {
    return {error_code::unavailable,
            "the part of the server that was asked ended before it answered"};
}

/// A promise of an answer that is kept whatever happens. CAF drops a promise silently; here the
/// last copy that goes undelivered delivers a failure: as the actor's state goes, as a handler of a
/// pending request goes with its actor, or because a path forgot it.
///
/// Copies owe the same answer; the first to deliver gives it, later ones do nothing. Delivered from
/// any thread. Unlike CAF's promise it does not keep its own actor alive: one that nobody can
/// reach any more ends, and so tells. A message that is no request is owed nothing.
template <class Reply>
class owed_reply {
  public:
    /// Owes nobody anything.
    owed_reply() = default;

    /// Takes on the answer to the message that `self` handles at present. Use `owe`.
    explicit owed_reply(caf::local_actor* self) {
        auto promise = self->make_response_promise();
        if (!promise.pending() || !promise.id().is_request()) return;
        debt_ = std::make_shared<debt>(promise.source(), promise.id().response_id());
    }

    /// Answers: with a value, a failure or a whole reply.
    template <class Value>
    void deliver(Value&& value) const {
        if (debt_) debt_->pay([&] { return Reply{std::forward<Value>(value)}; });
    }

    /// Answers a request for `result<void>`.
    void deliver() const {
        if (debt_) debt_->pay([] { return Reply{}; });
    }

    /// Whether somebody still waits.
    [[nodiscard]] bool pending() const noexcept { return debt_ && !debt_->paid.load(); }

    /// For a handler to return: the answer comes by itself.
    operator caf::result<Reply>() const { return caf::delegated<Reply>{}; }

  private:
    struct debt {
        debt(caf::strong_actor_ptr who, caf::message_id which) : to(std::move(who)), id(which) {}
        debt(const debt&) = delete;
        debt& operator=(const debt&) = delete;
        ~debt() {
            pay([] { return Reply{ended_unanswered()}; });
        }

        template <class Make>
        void pay(Make make) {
            if (paid.exchange(true)) return;
            // Through the scheduler, not through the actor's execution unit: there may be none by
            // then, or another thread's.
            to->enqueue(nullptr, id, caf::make_message(make()), nullptr);
            to.reset();
        }

        caf::strong_actor_ptr to;
        caf::message_id id;
        std::atomic<bool> paid{false};
    };

    std::shared_ptr<debt> debt_;
};

/// The answer that `self` owes to the request it handles at present.
template <class Reply>
[[nodiscard]] owed_reply<Reply> owe(caf::local_actor* self) {
    return owed_reply<Reply>(self);
}

}  // namespace perin::runtime
