#include "net/front/front.hpp"

#include "net/front/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>

namespace perin::net {

front::front(asio::io_context& io, front_settings settings, front_parts parts,
             std::shared_ptr<asio::ssl::context> tls)
    : io_(io),
      settings_(std::move(settings)),
      parts_(std::move(parts)),
      tls_(std::move(tls)),
      asker_(parts_.bridges),
      limits_(settings_.limits),
      public_{tcp::acceptor(io), false},
      admin_{tcp::acceptor(io), true},
      sweep_timer_(asio::make_strand(io)) {}

front::~front() = default;

result<std::uint16_t> front::bind(listener& which, const std::string& host, std::uint16_t port) {
    beast::error_code ec;
    auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, ec);
    if (ec)
        return failure{error_code::invalid_request,
                       "cannot listen on " + host + ": not an address"};
    tcp::endpoint where(address, port);
    auto& acceptor = which.acceptor;
    acceptor.open(where.protocol(), ec);
    if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor.bind(where, ec);
    if (!ec) acceptor.listen(4096, ec);
    if (ec)
        return failure{error_code::unavailable, "cannot listen on " + host + ":" +
                                                    std::to_string(port) + ": " + ec.message()};
    return acceptor.local_endpoint(ec).port();
}

result<void> front::listen(const std::string& host, std::uint16_t port,
                           const std::string& admin_host, std::uint16_t admin_port) {
    auto bound = bind(public_, host, port);
    if (!bound) return bound.error();
    port_ = *bound;
    auto admin_bound = bind(admin_, admin_host, admin_port);
    if (!admin_bound) return admin_bound.error();
    admin_port_ = *admin_bound;
    if (settings_.url.empty())
        settings_.url = std::string(tls_ ? "https://" : "http://") +
                        (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
                        std::to_string(port_);
    return {};
}

void front::start() {
    asio::co_spawn(asio::make_strand(io_), accept(public_), asio::detached);
    asio::co_spawn(asio::make_strand(io_), accept(admin_), asio::detached);
    asio::co_spawn(sweep_timer_.get_executor(), sweep(), asio::detached);
}

task<void> front::accept(listener& from) {
    while (from.acceptor.is_open()) {
        tcp_socket socket(asio::make_strand(io_));
        auto [ec] = co_await from.acceptor.async_accept(socket, use_tuple);
        if (ec == asio::error::operation_aborted || ec == asio::error::bad_descriptor) co_return;
        if (ec) {
            // Out of descriptors, most likely: let some connections end.
            timer pause(co_await asio::this_coro::executor, std::chrono::milliseconds{20});
            (void)co_await pause.async_wait(use_tuple);
            continue;
        }
        beast::error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        auto full = !from.admin && open_.load() >= settings_.most_connections;
        start_connection(*this, std::move(socket), from.admin ? nullptr : tls_, from.admin, full);
    }
}

task<void> front::sweep() {
    auto next_limits = started_;
    while (public_.acceptor.is_open() || open_.load() != 0) {
        sweep_timer_.expires_after(settings_.sweep_every);
        auto [ec] = co_await sweep_timer_.async_wait(use_tuple);
        if (ec) co_return;
        look_at_deadlines();
        if (auto now = swept::clock::now(); now >= next_limits) {
            limits_.sweep(this->now());
            next_limits = now + std::chrono::seconds{30};
        }
    }
}

void front::look_at_deadlines() {
    for (auto& one : connections_.overdue(parts_.time())) one->overdue();
}

void front::drain() {
    if (draining_.exchange(true)) return;
    asio::post(io_, [this] {
        beast::error_code ignored;
        public_.acceptor.close(ignored);
    });
    for (auto& one : connections_.all()) one->drain();
}

void front::close() {
    asio::post(io_, [this] {
        beast::error_code ignored;
        public_.acceptor.close(ignored);
        admin_.acceptor.close(ignored);
        sweep_timer_.cancel();
    });
    for (auto& one : connections_.all()) one->stop();
}

void front::enter(const std::shared_ptr<swept>& one) {
    open_.fetch_add(1);
    connections_.enter(one);
}

void front::leave(swept* one) {
    open_.fetch_sub(1);
    connections_.leave(*one);
}

void front::revoke(const revocation& what) {
    for (auto& one : connections_.all()) one->revoke(what);
}

std::chrono::seconds front::uptime() const {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() -
                                                            started_);
}

bool front::own_origin(const std::string& origin) const { return origin == settings_.url; }

}  // namespace perin::net
