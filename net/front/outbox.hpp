#pragma once

#include "domain/conversation.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::net {

/// What goes before the `size` octets of an unmasked text frame (RFC 6455 section 5.2).
[[nodiscard]] std::string text_frame_head(std::size_t size);

/// Frames on their way to a WebSocket client that may read slowly. Past `merge_above` unsent octets
/// the deltas that wait are merged; past `most` for `patience` the client is too slow
/// (architecture, From a socket to the model and back). Pure; the connection's strand.
class outbox {
  public:
    using clock = std::chrono::steady_clock;
    static constexpr std::size_t merge_above = 256 * 1024;
    static constexpr std::size_t most = 1024 * 1024;
    static constexpr std::chrono::seconds patience{10};

    /// Takes a frame that is never merged. Answers go out before events that came later.
    void push(std::string frame, clock::time_point now);
    /// Takes an event of a conversation.
    void push(const std::string& conversation_id, shared_event one, clock::time_point now);

    /// Gives the next frame to `use` (a call with its text), and drops it; `false` where none
    /// waits.
    template <class Use>
    bool pop(clock::time_point now, Use&& use) {
        if (empty()) return false;
        auto& first = frames_[next_++];
        bytes_ -= first.size();
        use(std::string_view{first.what ? first.what->frame : first.frame});
        first = {};
        if (next_ == frames_.size()) clear();
        note(now);
        return true;
    }

    [[nodiscard]] bool empty() const noexcept { return next_ == frames_.size(); }
    /// Octets that wait.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Whether the client has been too slow for too long.
    [[nodiscard]] bool overdue(clock::time_point now) const noexcept;

  private:
    struct waiting {
        /// Empty for a frame that is no event.
        std::string conversation_id;
        shared_event what;
        std::string frame;
        [[nodiscard]] std::size_t size() const { return what ? what->frame.size() : frame.size(); }
    };
    void merge_waiting();
    void clear();
    void note(clock::time_point now);

    /// Those before `next_` are gone. Not a deque: an idle connection holds no memory here.
    std::vector<waiting> frames_;
    std::size_t next_ = 0;
    std::size_t bytes_ = 0;
    std::optional<clock::time_point> full_since_;
    /// Merging again pays only once as much has come: all that waits is written anew by it.
    std::size_t merged_at_ = 0;
};

}  // namespace perin::net
