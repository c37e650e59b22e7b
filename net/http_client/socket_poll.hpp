#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <sys/epoll.h>
#include <vector>

namespace perin::net {

/// Two level-triggered epolls, and a way to wake them. Sockets are in the prompt one until they are
/// deferred: an event of a deferred socket ends `wait` only while not batching; `deferred` tells of
/// it at any time.
///
/// What libcurl wants of a socket changes twice or thrice in every call while the socket itself is
/// kept alive: for sockets that it tells us of (`opened`) an interest is not taken back from the
/// kernel at once, but only when an event comes that nobody wants.
class socket_poll {
  public:
    /// Throws `std::system_error`.
    socket_poll();
    ~socket_poll();
    socket_poll(const socket_poll&) = delete;
    socket_poll& operator=(const socket_poll&) = delete;

    /// A socket was made that will be reported by `closed` before its descriptor is used again.
    void opened(int fd);
    void closed(int fd);
    /// `wanted` is a set of EPOLLIN and EPOLLOUT; 0: nothing. A socket that was not wanted before
    /// is prompt again.
    void want(int fd, std::uint32_t wanted);
    /// Only what arrives is wanted of the socket from now on, and it is not urgent.
    void defer(int fd);
    void batch(bool on);

    /// Waits for events; returns at most as many as fit in one batch. No timeout: for ever. The
    /// events stay good until the next call of this or of `deferred`.
    [[nodiscard]] std::span<const epoll_event> wait(
        std::optional<std::chrono::steady_clock::duration> timeout);
    /// Events of deferred sockets; does not wait.
    [[nodiscard]] std::span<const epoll_event> deferred();
    /// Whether `event` is for deferred sockets: ask `deferred`.
    [[nodiscard]] bool of_deferred(const epoll_event& event) const {
        return event.data.fd == deferred_;
    }
    /// Whether an event is for a socket that is still wanted.
    [[nodiscard]] bool wanted(const epoll_event& event);

    /// Ends the `wait` under way, or the next one. Any thread.
    void wake() noexcept;

  private:
    struct interest {
        std::uint32_t wanted = 0;
        std::uint32_t registered = 0;
        bool ours = false;
        bool deferred = false;
    };
    interest& of(int fd);
    void apply(int fd, interest& about, std::uint32_t events);
    [[nodiscard]] std::span<const epoll_event> ask(int epoll, int milliseconds);
    void close_all();

    int prompt_ = -1;
    int deferred_ = -1;
    int wake_ = -1;
    bool batching_ = false;
    std::vector<interest> sockets_;
    std::vector<epoll_event> events_;
};

}  // namespace perin::net
