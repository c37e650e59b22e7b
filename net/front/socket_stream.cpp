#include "net/front/socket_stream.hpp"

namespace perin::net {

socket_stream::socket_stream(tcp_socket socket, asio::ssl::context* tls,
                             std::shared_ptr<wire_faults> faults)
    : state_(std::make_shared<state>(std::move(socket), tls, std::move(faults))) {}

task<beast::error_code> socket_stream::handshake() {
    if (!state_->tls) co_return beast::error_code{};
    auto [ec] = co_await state_->tls->async_handshake(asio::ssl::stream_base::server, use_tuple);
    co_return ec;
}

task<void> socket_stream::shutdown() {
    beast::error_code ignored;
    if (state_->tls) (void)co_await state_->tls->async_shutdown(use_tuple);
    socket().shutdown(tcp::socket::shutdown_send, ignored);
}

void socket_stream::close() {
    beast::error_code ignored;
    socket().cancel(ignored);
    socket().close(ignored);
}

void socket_stream::state::flush(const std::shared_ptr<state>& self) {
    if (self->failed) self->pending.clear();
    if (self->flushing || self->pending.empty()) return;
    self->flushing = true;
    self->sending.swap(self->pending);
    auto done = [self](beast::error_code ec, std::size_t) { self->sent(self, ec); };
    if (self->tls)
        asio::async_write(*self->tls, asio::buffer(self->sending), std::move(done));
    else
        asio::async_write(self->lower, asio::buffer(self->sending), std::move(done));
}

void socket_stream::state::sent(const std::shared_ptr<state>& self, beast::error_code ec) {
    flushing = false;
    failed = ec;
    // An idle connection keeps no large buffer.
    if (sending.capacity() > 4096)
        std::string().swap(sending);
    else
        sending.clear();
    if (ec) {
        // Nobody waits for a buffered write: the reader is told by the end of the connection.
        pending.clear();
        beast::error_code ignored;
        lower.socket().close(ignored);
    }
    if (!pending.empty()) return flush(self);
    if (pending.capacity() > 4096) std::string().swap(pending);
    for (auto& one : std::exchange(waiting, {})) one(ec);
    if (drained) {
        auto call = drained;
        call();
    }
}

}  // namespace perin::net
