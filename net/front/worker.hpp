#pragma once

#include "domain/result.hpp"
#include "net/front/asio.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace perin::net {

/// A thread for what takes too long for those that serve connections, such as a large file. One
/// thing after the other; ends with the object, when what is under way is done.
class worker {
  public:
    /// Does `job`, which gives a `result`, and goes on on the caller's strand. `unavailable` where
    /// too many wait.
    template <class Job>
    task<std::invoke_result_t<Job&>> run(Job job) {
        using answer = std::invoke_result_t<Job&>;
        auto shared = std::make_shared<Job>(std::move(job));
        return asio::async_initiate<decltype(use_task), void(answer)>(
            [this, shared](auto handler) {
                auto then = std::make_shared<decltype(handler)>(std::move(handler));
                auto tell = [then](answer told) {
                    auto on = asio::get_associated_executor(*then);
                    asio::defer(
                        on, [then, told = std::move(told)]() mutable { (*then)(std::move(told)); });
                };
                if (waiting_.fetch_add(1) >= most_waiting) {
                    --waiting_;
                    return tell(failure{error_code::unavailable,
                                        "the server is too busy with large requests"});
                }
                asio::post(thread_, [this, shared, tell] {
                    auto told = (*shared)();
                    --waiting_;
                    tell(std::move(told));
                });
            },
            use_task);
    }

  private:
    static constexpr std::size_t most_waiting = 16;

    std::atomic<std::size_t> waiting_ = 0;
    asio::thread_pool thread_{1};
};

}  // namespace perin::net
