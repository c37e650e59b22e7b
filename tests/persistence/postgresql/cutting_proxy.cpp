#include "tests/persistence/postgresql/cutting_proxy.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace perin::persistence::test {

namespace {

using namespace std::string_view_literals;

/// As libpq sends it by itself: a simple query.
constexpr std::string_view commit_message = "Q\0\0\0\013COMMIT\0"sv;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    return at;
}

int open_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

void close_socket(int& one) {
    if (one >= 0) ::close(one);
    one = -1;
}

void send_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// Empty where the other side has closed.
std::string_view receive(int from, std::array<char, 65536>& into) {
    const auto count = ::recv(from, into.data(), into.size(), 0);
    return {into.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace

cutting_proxy::cutting_proxy(std::uint16_t server) : server_(server), listener_(open_socket()) {
    sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    std::array<int, 2> ends = {};
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0 ||
        ::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("the proxy cannot listen");
    }
    port_ = ntohs(at.sin_port);
    wake_read_ = ends[0];
    wake_write_ = ends[1];
    thread_ = std::thread([this] { run(); });
}

cutting_proxy::~cutting_proxy() {
    static_cast<void>(::write(wake_write_, "", 1) == 1);
    thread_.join();
    cut();
    close_socket(listener_);
    close_socket(wake_read_);
    close_socket(wake_write_);
}

void cutting_proxy::on_next_commit(fault what) {
    const std::lock_guard guard(mutex_);
    next_ = what;
}

void cutting_proxy::cut() {
    const std::lock_guard guard(mutex_);
    // The thread closes them; it may be waiting for them.
    for (const connection& one : connections_) {
        if (one.client >= 0) ::shutdown(one.client, SHUT_RDWR);
        if (one.server >= 0) ::shutdown(one.server, SHUT_RDWR);
    }
}

void cutting_proxy::run() {
    for (;;) {
        std::vector<pollfd> waited = {{.fd = wake_read_, .events = POLLIN, .revents = 0},
                                      {.fd = listener_, .events = POLLIN, .revents = 0}};
        {
            const std::lock_guard guard(mutex_);
            std::erase_if(connections_,
                          [](const connection& one) { return one.client < 0 && one.server < 0; });
            for (const connection& one : connections_) {
                waited.push_back({.fd = one.client, .events = POLLIN, .revents = 0});
                waited.push_back({.fd = one.server, .events = POLLIN, .revents = 0});
            }
        }
        if (::poll(waited.data(), waited.size(), -1) < 0) continue;
        const std::lock_guard guard(mutex_);
        if (waited[0].revents != 0) {
            for (connection& one : connections_) {
                close_socket(one.client);
                close_socket(one.server);
            }
            return;
        }
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            connection& one = connections_[i];
            if (waited[2 + 2 * i].revents != 0 && one.client >= 0) from_client(one);
            if (waited[3 + 2 * i].revents != 0 && one.server >= 0) from_server(one);
        }
        if (waited[1].revents != 0) accept_one();
    }
}

void cutting_proxy::accept_one() {
    connection fresh;
    fresh.client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    fresh.server = open_socket();
    const sockaddr_in at = loopback(server_);
    if (::connect(fresh.server, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
        close_socket(fresh.client);
        close_socket(fresh.server);
        return;
    }
    connections_.push_back(fresh);
}

void cutting_proxy::from_client(connection& one) {
    std::array<char, 65536> space;
    const auto bytes = receive(one.client, space);
    if (bytes.empty()) {
        close_socket(one.client);
        close_socket(one.server);
        return;
    }
    fault what = fault::none;
    if (bytes.find(commit_message) != std::string_view::npos) what = std::exchange(next_, what);
    const bool arrives = what != fault::lose_request && what != fault::lose_request_silently;
    if (arrives) send_all(one.server, bytes);
    one.ends = what == fault::lose_answer;
    if (what == fault::lose_request || what == fault::lose_request_silently ||
        what == fault::lose_client) {
        close_socket(one.client);
    }
    if (what == fault::lose_request) close_socket(one.server);
}

void cutting_proxy::from_server(connection& one) {
    std::array<char, 65536> space;
    const auto bytes = receive(one.server, space);
    if (bytes.empty() || one.ends) {
        close_socket(one.client);
        close_socket(one.server);
        return;
    }
    if (one.client >= 0) send_all(one.client, bytes);
}

}  // namespace perin::persistence::test
