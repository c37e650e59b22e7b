#pragma once

#include "net/front/asio.hpp"
#include "runtime/actors.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/defer.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

namespace perin::net {

/// Asks actors from a coroutine: nothing blocks, and a dead or late actor is a failure.
class asker {
  public:
    /// Several bridges: ending a timeout costs an actor time for each request that it has open.
    explicit asker(std::vector<runtime::actor_slot<runtime::bridge_actor>> bridges)
        : bridges_(std::move(bridges)) {}

    /// Of whoever stands there now.
    template <class T, class Handle, class Message>
    task<result<T>> ask(const runtime::actor_slot<Handle>& to, const Message& message,
                        std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
        return ask<T>(to.load(), message, timeout);
    }

    /// Sends `message` to `to` and waits for its `result<T>`.
    ///
    /// No coroutine, and the message by reference: g++ 12 copies an aggregate that is made within
    /// an expression with `co_await` bit by bit where it is passed by value.
    template <class T, class Handle, class Message>
    task<result<T>> ask(const Handle& to, const Message& message,
                        std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
        auto request = std::make_shared<std::pair<Handle, Message>>(to, message);
        auto bridge = bridges_[next_++ % bridges_.size()].load();
        return asio::async_initiate<decltype(use_task), void(result<T>)>(
            [request, bridge, timeout](auto handler) {
                auto shared = std::make_shared<decltype(handler)>(std::move(handler));
                auto done = [shared](result<T> answer) {
                    auto on = asio::get_associated_executor(*shared);
                    asio::defer(on, [shared, answer = std::move(answer)]() mutable {
                        (*shared)(std::move(answer));
                    });
                };
                // The server is starting.
                if (!request->first || !bridge)
                    return done(failure{error_code::unavailable, "the server is starting"});
                auto run = [request, timeout, done](runtime::bridge_actor::pointer self) {
                    self->request(request->first, timeout, std::move(request->second))
                        .then([done](result<T>& answer) { done(std::move(answer)); },
                              [done](const caf::error& why) { done(failure_of(why)); });
                };
                caf::anon_send(bridge, runtime::bridge_task{std::move(run)});
            },
            use_task);
    }

  private:
    static failure failure_of(const caf::error& why) {
        if (why == caf::sec::request_timeout)
            return {error_code::unavailable, "the server is too busy to answer in time"};
        return {error_code::unavailable, "a part of the server does not answer"};
    }

    std::vector<runtime::actor_slot<runtime::bridge_actor>> bridges_;
    std::atomic<std::size_t> next_ = 0;
};

}  // namespace perin::net
