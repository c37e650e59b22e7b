#pragma once

#include "domain/time.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace perin {

/// At most `limit` requests within any stretch of `span`: an exact log of the requests that were
/// let through. A refused request does not count. Holds at most `limit` times, and no memory before
/// the first. One for each caller and kind of request; not for several threads.
///
/// Where the clock steps back, requests that seem to lie ahead count as of now: a caller then waits
/// at most one more span, and never gets more than the limit.
class sliding_window {
  public:
    explicit sliding_window(std::size_t limit,
                            std::chrono::milliseconds span = std::chrono::minutes{1});

    struct verdict {
        bool allowed = false;
        std::size_t limit = 0;
        /// Requests that would be let through now, after this one.
        std::size_t remaining = 0;
        /// When the next request that counts ceases to; `now` where none counts.
        timestamp reset = {};
        /// Until a request would be let through; 0 where it was, or would be.
        std::chrono::milliseconds retry_after{0};
    };

    /// Asks for one request, and counts it where it is allowed.
    verdict take(timestamp now);
    /// What `take` would find; `remaining` does not include the request.
    [[nodiscard]] verdict peek(timestamp now) const;
    /// Whether no request counts any more: the window may be dropped.
    [[nodiscard]] bool idle(timestamp now) const;

  private:
    void forget_old(timestamp now);

    std::size_t limit_;
    std::chrono::milliseconds span_;
    /// Ascending.
    std::vector<timestamp> log_;
};

}  // namespace perin
