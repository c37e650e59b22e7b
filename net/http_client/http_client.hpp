#pragma once

#include "net/http_client/http_exchange.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace perin::net {

struct http_client_options {
    /// Calls that use a connection at the same time, and idle connections that are kept.
    std::size_t max_in_flight = 2'000;
    /// Calls that wait for one of those places; one more is `http_error::overloaded`.
    std::size_t max_waiting = 2'000;
    /// With more calls than `batch_above` in flight, each streaming one is read at most so often
    /// that all of them together make `reads_per_second` (1,000 calls at 25,000: every 40 ms, two
    /// tokens of a usual stream): one wake-up, and one delta, serve more than one token. The first
    /// bytes of an answer never wait for that. 0: every read at once.
    std::size_t batch_above = 64;
    std::size_t reads_per_second = 25'000;
    /// File of trusted certificates in PEM; empty: the system's.
    std::string ca_file = {};
    std::string user_agent = "perin";
};

/// Every outgoing HTTP call: one thread, one event loop, kept-alive connections (HTTP/2 where TLS
/// agrees on it). Certificates are verified, redirects are not followed, and the proxies of the
/// environment (`https_proxy` and the like) serve every host but this one.
class http_client {
  public:
    /// Throws `std::system_error` where the machine has no descriptors or threads left.
    explicit http_client(http_client_options options = {});
    /// Ends all calls with `http_error::cancelled` and waits for its thread. Never from within an
    /// exchange. No `start` may run at the same time.
    ~http_client();
    http_client(const http_client&) = delete;
    http_client& operator=(const http_client&) = delete;

    /// Begins a call; returns at once. Any thread, also from within an exchange.
    std::shared_ptr<http_call> start(http_request request, std::shared_ptr<http_exchange> exchange);

  private:
    class worker;
    std::unique_ptr<worker> worker_;
};

}  // namespace perin::net
