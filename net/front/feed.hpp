#pragma once

#include "net/front/asio.hpp"
#include "runtime/actors.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace perin::net {

/// What a session tells to a coroutine that streams an HTTP answer. Members belong to the strand.
class feed : public std::enable_shared_from_this<feed> {
  public:
    explicit feed(strand on) : wake_(on) {}

    /// Where the session's news go; it holds the feed weakly.
    [[nodiscard]] std::shared_ptr<runtime::session_sink> sink();

    /// Waits until something is there or `time` has passed; `true`: something is there.
    task<bool> wait(std::chrono::milliseconds time);

    std::optional<runtime::chat_accepted> accepted;
    /// A subscription was accepted.
    bool subscribed = false;
    std::optional<failure> failed;
    std::vector<shared_event> events;
    /// The session waits with its next page until it is told of room.
    bool more = false;
    /// The conversation has ended or cannot be read on.
    bool gone = false;
    /// The session's actor has ended: nothing more comes.
    bool lost = false;
    /// The client went away, or the server drains.
    bool ended = false;

    /// Something was added: wakes the coroutine.
    void changed();

  private:
    timer wake_;
    bool fresh_ = false;
};

}  // namespace perin::net
