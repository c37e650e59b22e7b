#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>

#include <chrono>

/// The names by which the front speaks of Asio. Executors are concrete types: type erasure would
/// cost on every event of every connection.
namespace perin::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

/// Everything of one connection runs on its strand.
using strand = asio::strand<asio::io_context::executor_type>;
using tcp_socket = asio::basic_stream_socket<tcp, strand>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, strand>;

/// A coroutine on a strand.
template <class T>
using task = asio::awaitable<T, strand>;

inline constexpr asio::use_awaitable_t<strand> use_task{};
/// Errors as the first of the results instead of an exception.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<strand>> use_tuple{use_task};

}  // namespace perin::net
