#pragma once

#include "net/front/asio.hpp"
#include "runtime/actors.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
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
    explicit asker(std::vector<runtime::bridge_actor> bridges) : bridges_(std::move(bridges)) {}

    /// Sends `message` to `to` and waits for its `result<T>`.
    template <class T, class Handle, class Message>
    task<result<T>> ask(Handle to, Message message,
                        std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
        co_return co_await asio::async_initiate<decltype(use_task), void(result<T>)>(
            [this, timeout](auto handler, Handle target, Message what) {
                auto shared = std::make_shared<decltype(handler)>(std::move(handler));
                auto run = [=](runtime::bridge_actor::pointer self) mutable {
                    auto done = [shared](result<T> answer) {
                        auto on = asio::get_associated_executor(*shared);
                        asio::post(on, [shared, answer = std::move(answer)]() mutable {
                            (*shared)(std::move(answer));
                        });
                    };
                    self->request(target, timeout, std::move(what))
                        .then([done](result<T>& answer) { done(std::move(answer)); },
                              [done](const caf::error& why) { done(failure_of(why)); });
                };
                caf::anon_send(bridges_[next_++ % bridges_.size()],
                               runtime::bridge_task{std::move(run)});
            },
            use_task, std::move(to), std::move(message));
    }

  private:
    static failure failure_of(const caf::error& why) {
        if (why == caf::sec::request_timeout)
            return {error_code::unavailable, "the server is too busy to answer in time"};
        return {error_code::unavailable, "a part of the server does not answer"};
    }

    std::vector<runtime::bridge_actor> bridges_;
    std::atomic<std::size_t> next_ = 0;
};

}  // namespace perin::net
