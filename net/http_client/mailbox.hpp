#pragma once

#include "net/http_client/socket_poll.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace perin::net {

class transfer;

/// What other threads tell the client's thread. Calls share it with the client, so that a call may
/// outlive it.
class mailbox {
  public:
    struct mail {
        std::vector<std::shared_ptr<transfer>> begun;
        std::vector<std::shared_ptr<transfer>> cancelled;
        bool closing = false;
    };

    explicit mailbox(std::size_t max_calls) : max_calls_(max_calls) {}

    /// Hands over a new call. Over `max_calls` that have not ended, its answer is to be
    /// `overloaded`.
    void begin(std::shared_ptr<transfer> call);
    void cancel(std::shared_ptr<transfer> call);
    /// The client is about to end: from now on only its thread touches this.
    void close();

    /// The client's thread: all that came since; false where nothing did.
    [[nodiscard]] bool take(mail& out);
    /// A call has ended and its place is free.
    void ended() { calls_.fetch_sub(1, std::memory_order_relaxed); }
    [[nodiscard]] socket_poll& poll() { return poll_; }
    /// The client's thread is about to wait: false where mail has come, and it must not.
    [[nodiscard]] bool fall_asleep();
    void awake() { asleep_.store(false); }

  private:
    void rouse();

    socket_poll poll_;
    const std::size_t max_calls_;
    std::atomic<std::size_t> calls_{0};
    std::atomic<bool> asleep_{false};
    std::mutex mutex_;
    mail mail_;
};

}  // namespace perin::net
