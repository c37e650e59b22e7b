#pragma once

#include "domain/upstream_failure.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perin::net {

/// One outgoing HTTP request and its limits.
struct http_request {
    std::string method = "GET";
    /// `http` or `https`; anything else is `http_error::malformed`.
    std::string url;
    /// Complete lines, such as `Content-Type: application/json`. A line break within one is
    /// `http_error::malformed`.
    std::vector<std::string> headers = {};
    std::string body = {};
    /// Name look-up, TCP and TLS together.
    std::chrono::milliseconds connect_timeout{5'000};
    /// From the moment the call is begun to the first byte of the answer's body: a model that sends
    /// its head at once may still think.
    std::chrono::milliseconds first_byte_timeout{60'000};
    /// Longest silence after that.
    std::chrono::milliseconds idle_timeout{30'000};
    /// From `http_client::start` to the last byte, the wait for a free place included.
    std::chrono::milliseconds total_timeout{300'000};
    /// Bytes of the answer's body, as they come.
    std::size_t max_body = std::size_t{16} << 20;
    /// Whether the request may reach the server twice. Over a kept-alive connection that dies
    /// before any answer, a repeatable request is sent again; one that is not goes over a fresh
    /// connection, where that cannot happen.
    bool repeatable = true;
};

/// The head of a final answer (a 1xx is not one). A redirect is a status like any other: none is
/// followed.
struct http_response_head {
    int status = 0;
    /// Names in lower case, values without the white space around them, in their order.
    std::vector<std::pair<std::string, std::string>> headers = {};

    /// The first header of that (lower-case) name.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// How a call ended without an answer, or within one. `malformed` is also a request that cannot be
/// sent as it is; `cancelled` is by `http_call::cancel`, by the exchange itself, or because the
/// client is being destroyed.
using http_error = transport_error;

/// What an exchange wants after a piece of the body.
enum class body_flow {
    more,
    /// It has all it wanted: only the formal end of the answer may still come. That is waited for,
    /// a second at most, so that the connection can serve the next call; `on_done` then bears no
    /// error.
    enough,
    /// End the call: `on_done(http_error::cancelled)`.
    abort,
};

/// The caller's side of a call. All functions are called on the client's thread, one at a time, and
/// must neither block nor throw. They may start and cancel calls.
class http_exchange {
  public:
    virtual ~http_exchange() = default;
    /// Once, before any body.
    virtual void on_head(const http_response_head& head) = 0;
    /// A piece of the body; the view is good during the call only.
    [[nodiscard]] virtual body_flow on_body(std::string_view piece) = 0;
    /// After the pieces that came from one read of the socket.
    virtual void on_read_end() {}
    /// The last of all, exactly once; no error means a complete answer, whatever its status.
    virtual void on_done(std::optional<http_error> error) = 0;
};

/// A call in progress. Dropping the handle does not end the call.
class http_call {
  public:
    virtual ~http_call() = default;
    /// Ends the call: no piece of the answer is passed on any more, except one that may be under
    /// way, and `on_done(http_error::cancelled)` follows. Any thread, idempotent, harmless after
    /// the end of the call or of the client.
    virtual void cancel() = 0;
};

}  // namespace perin::net
