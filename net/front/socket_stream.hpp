#pragma once

#include "net/front/wire.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::net {

/// A connection's octets, plain or through TLS, behind one type: what is built upon it (HTTP,
/// WebSocket) is compiled once.
///
/// With `buffer_writes` a write is taken into memory at once and sent in the background, all that
/// has gathered in one call: many small frames cost one. Then every write is kept whole, so frames
/// of WebSocket's library and those of `append` stand side by side. All on the connection's strand.
class socket_stream {
  public:
    using executor_type = strand;
    using tls_stream = asio::ssl::stream<wire&>;

    /// `faults` may be null: none.
    socket_stream(tcp_socket socket, asio::ssl::context* tls, std::shared_ptr<wire_faults> faults);
    socket_stream(socket_stream&&) = default;
    socket_stream& operator=(socket_stream&&) = default;

    [[nodiscard]] executor_type get_executor() { return state_->lower.get_executor(); }
    [[nodiscard]] tcp_socket& socket() { return state_->lower.socket(); }
    [[nodiscard]] bool encrypted() const { return state_->tls != nullptr; }

    /// The TLS handshake; nothing to do without TLS.
    task<beast::error_code> handshake();
    /// TLS's farewell where there is TLS, and no more octets to the peer.
    task<void> shutdown();
    /// Ends everything at once; operations under way fail.
    void close();

    void buffer_writes() { state_->buffered = true; }
    /// Takes octets to be sent. Only with `buffer_writes`.
    void append(std::string_view octets) { state_->pending.append(octets); }
    /// Sends what has gathered, unless that is under way.
    void flush() { state::flush(state_); }
    /// Octets that were taken and not handed to the kernel yet.
    [[nodiscard]] std::size_t unsent() const {
        return state_->pending.size() + state_->sending.size();
    }
    /// Called whenever all that was taken has been sent.
    void on_drained(std::function<void()> call) { state_->drained = std::move(call); }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        if (state_->tls) return state_->tls->async_read_some(buffers, std::forward<Token>(token));
        return state_->lower.async_read_some(buffers, std::forward<Token>(token));
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(beast::error_code, std::size_t)>(
            [this](auto handler, const auto& octets) {
                this->begin_write(std::move(handler), octets);
            },
            token, buffers);
    }

  private:
    /// Past this a buffered write waits until all is sent.
    static constexpr std::size_t most_pending = 64 * 1024;

    struct state {
        state(tcp_socket socket, asio::ssl::context* context, std::shared_ptr<wire_faults> faults)
            : lower(std::move(socket), std::move(faults)) {
            if (context) tls = std::make_unique<tls_stream>(lower, *context);
        }
        static void flush(const std::shared_ptr<state>& self);
        void sent(const std::shared_ptr<state>& self, beast::error_code ec);

        wire lower;
        /// Null without TLS: most of a server's connections sit behind a proxy.
        std::unique_ptr<tls_stream> tls;
        bool buffered = false;
        bool flushing = false;
        std::string pending;
        std::string sending;
        beast::error_code failed;
        std::function<void()> drained;
        std::vector<std::function<void(beast::error_code)>> waiting;
    };

    template <class Handler, class Buffers>
    void begin_write(Handler handler, const Buffers& buffers) {
        auto& s = *state_;
        if (!s.buffered) {
            if (s.tls)
                s.tls->async_write_some(buffers, std::move(handler));
            else
                s.lower.async_write_some(buffers, std::move(handler));
            return;
        }
        std::size_t size = 0;
        for (auto it = asio::buffer_sequence_begin(buffers);
             it != asio::buffer_sequence_end(buffers); ++it) {
            asio::const_buffer part = *it;
            s.pending.append(static_cast<const char*>(part.data()), part.size());
            size += part.size();
        }
        auto full = s.pending.size() > most_pending;
        state::flush(state_);
        auto shared = std::make_shared<Handler>(std::move(handler));
        auto complete = [shared, size, ex = get_executor()](beast::error_code ec) {
            auto on = asio::get_associated_executor(*shared, ex);
            asio::post(on, [shared, size, ec] { (*shared)(ec, ec ? 0 : size); });
        };
        if (full && !s.failed)
            s.waiting.push_back(std::move(complete));
        else
            complete(s.failed);
    }

    std::shared_ptr<state> state_;
};

/// How Beast's WebSocket ends the layer below: the connection closes it by itself.
template <class Handler>
void async_teardown(beast::role_type, socket_stream& stream, Handler&& handler) {
    asio::post(stream.get_executor(), [handler = std::forward<Handler>(handler)]() mutable {
        handler(beast::error_code{});
    });
}

inline void beast_close_socket(socket_stream& stream) { stream.close(); }

inline void teardown(beast::role_type, socket_stream&, beast::error_code& ec) { ec = {}; }

}  // namespace perin::net
