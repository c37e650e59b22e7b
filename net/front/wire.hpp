#pragma once

#include "net/front/asio.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_prefix.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <utility>

namespace perin::net {

/// What befalls the operations of a connection's socket: a test lets the n-th of them fail.
class wire_faults {
  public:
    enum class operation { read, write };
    struct verdict {
        /// Set: the operation fails with it, and the socket is not touched.
        beast::error_code error = {};
        /// Octets that the operation may move.
        std::size_t most = std::numeric_limits<std::size_t>::max();
    };

    virtual ~wire_faults() = default;
    /// Asked before each operation, on the connection's strand.
    virtual verdict next(operation what) = 0;
};

/// A socket as the layers above it see it: TLS, HTTP, WebSocket.
class wire {
  public:
    using executor_type = strand;
    using lowest_layer_type = tcp_socket;

    /// `faults` may be null: none.
    wire(tcp_socket socket, std::shared_ptr<wire_faults> faults)
        : socket_(std::move(socket)), faults_(std::move(faults)) {}

    [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
    [[nodiscard]] tcp_socket& socket() { return socket_; }
    [[nodiscard]] lowest_layer_type& lowest_layer() { return socket_; }
    [[nodiscard]] const lowest_layer_type& lowest_layer() const { return socket_; }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(beast::error_code, std::size_t)>(
            [this](auto handler, const auto& into) {
                if (!faults_) return socket_.async_read_some(into, std::move(handler));
                const auto fate = faults_->next(wire_faults::operation::read);
                if (fate.error) return fail(std::move(handler), fate.error);
                socket_.async_read_some(beast::buffers_prefix(fate.most, into), std::move(handler));
            },
            token, buffers);
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(beast::error_code, std::size_t)>(
            [this](auto handler, const auto& from) {
                if (!faults_) return socket_.async_write_some(from, std::move(handler));
                const auto fate = faults_->next(wire_faults::operation::write);
                if (fate.error) return fail(std::move(handler), fate.error);
                socket_.async_write_some(beast::buffers_prefix(fate.most, from),
                                         std::move(handler));
            },
            token, buffers);
    }

  private:
    template <class Handler>
    void fail(Handler handler, beast::error_code why) {
        auto on = asio::get_associated_executor(handler, get_executor());
        asio::post(on, [handler = std::move(handler), why]() mutable {
            std::move(handler)(why, std::size_t{0});
        });
    }

    tcp_socket socket_;
    std::shared_ptr<wire_faults> faults_;
};

}  // namespace perin::net
