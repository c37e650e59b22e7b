#include "net/http_client/socket_poll.hpp"

#include <climits>

#include <cerrno>
#include <cstddef>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace perin::net {

namespace {

constexpr std::size_t batch_size = 1024;

int to_milliseconds(std::optional<std::chrono::steady_clock::duration> timeout) {
    if (!timeout) return -1;
    // Rounded up: to wake just before a deadline would mean to spin until it.
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*timeout).count();
    if (wait <= 0) return 0;
    return wait > INT_MAX ? INT_MAX : static_cast<int>(wait);
}

}  // namespace

socket_poll::socket_poll() : events_(batch_size) {
    prompt_ = epoll_create1(EPOLL_CLOEXEC);
    deferred_ = epoll_create1(EPOLL_CLOEXEC);
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    epoll_event woken{.events = EPOLLIN, .data = {.fd = wake_}};
    epoll_event late{.events = EPOLLIN, .data = {.fd = deferred_}};
    if (prompt_ < 0 || deferred_ < 0 || wake_ < 0 ||
        epoll_ctl(prompt_, EPOLL_CTL_ADD, wake_, &woken) != 0 ||
        epoll_ctl(prompt_, EPOLL_CTL_ADD, deferred_, &late) != 0) {
        const int error = errno;
        close_all();
        throw std::system_error(error, std::generic_category(), "epoll");
    }
}

socket_poll::~socket_poll() { close_all(); }

void socket_poll::close_all() {
    for (const int fd : {wake_, deferred_, prompt_}) {
        if (fd >= 0) close(fd);
    }
}

socket_poll::interest& socket_poll::of(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= sockets_.size()) sockets_.resize(index + 64);
    return sockets_[index];
}

void socket_poll::opened(int fd) { of(fd) = interest{.wanted = 0, .registered = 0, .ours = true}; }

void socket_poll::closed(int fd) {
    // The kernel forgets a closed descriptor by itself.
    of(fd) = interest{};
}

void socket_poll::want(int fd, std::uint32_t wanted_events) {
    auto& about = of(fd);
    const bool anew = about.wanted == 0;
    about.wanted = wanted_events;
    if (about.deferred && anew && wanted_events != 0) {
        apply(fd, about, 0);
        about.deferred = false;
    }
    if (wanted_events == about.registered) return;
    if (wanted_events == 0 && about.ours && about.registered == EPOLLIN) return;
    apply(fd, about, wanted_events);
}

void socket_poll::defer(int fd) {
    auto& about = of(fd);
    if (about.deferred || !about.ours || about.wanted != EPOLLIN) return;
    apply(fd, about, 0);
    about.deferred = true;
    apply(fd, about, EPOLLIN);
}

void socket_poll::batch(bool on) {
    if (on == batching_) return;
    batching_ = on;
    epoll_event late{.events = EPOLLIN, .data = {.fd = deferred_}};
    epoll_ctl(prompt_, on ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, deferred_, &late);
}

void socket_poll::apply(int fd, interest& about, std::uint32_t events) {
    const int epoll = about.deferred ? deferred_ : prompt_;
    epoll_event event{.events = events, .data = {.fd = fd}};
    const int change = events == 0             ? EPOLL_CTL_DEL
                       : about.registered == 0 ? EPOLL_CTL_ADD
                                               : EPOLL_CTL_MOD;
    int outcome = epoll_ctl(epoll, change, fd, &event);
    // A descriptor that is not `ours` may have been closed and made anew without our notice.
    if (outcome != 0 && change == EPOLL_CTL_MOD && errno == ENOENT) {
        outcome = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    } else if (outcome != 0 && change == EPOLL_CTL_ADD && errno == EEXIST) {
        outcome = epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
    }
    about.registered = outcome == 0 ? events : 0;
}

std::span<const epoll_event> socket_poll::ask(int epoll, int milliseconds) {
    const int count =
        epoll_wait(epoll, events_.data(), static_cast<int>(events_.size()), milliseconds);
    return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

std::span<const epoll_event> socket_poll::wait(
    std::optional<std::chrono::steady_clock::duration> timeout) {
    return ask(prompt_, to_milliseconds(timeout));
}

std::span<const epoll_event> socket_poll::deferred() { return ask(deferred_, 0); }

bool socket_poll::wanted(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == wake_) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto size = read(wake_, &count, sizeof count);
        return false;
    }
    auto& about = of(fd);
    if (about.wanted != 0) return true;
    // An idle connection that its peer closes: libcurl finds out when it next wants to use it.
    if (about.registered != 0) apply(fd, about, 0);
    return false;
}

void socket_poll::wake() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto size = write(wake_, &one, sizeof one);
}

}  // namespace perin::net
