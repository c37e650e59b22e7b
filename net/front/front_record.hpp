#pragma once

#include "net/front/connection.hpp"
#include "runtime/metrics.hpp"

#include <chrono>
#include <string_view>

namespace perin::net {

// What operators see of the front: counts in the metrics and lines in the log. Addresses are told
// as the pattern of their route, never as they came: a login link has its token in the path.

/// A connection is not served. A flood of them is one line a second.
void record_refused(runtime::refusal why, std::string_view peer);

/// A request was answered, in whole or as far as its client listened.
void record_request(const exchange& what, std::chrono::nanoseconds took);

/// What came was no request.
void record_malformed(const failure& why, std::string_view request_id, std::string_view peer);

/// The server closes a WebSocket. `user_id`: empty before it is authenticated.
void record_closed(runtime::websocket_end why, std::string_view session_id,
                   std::string_view user_id);

/// A frame was answered with an error.
void record_frame_error(const failure& why, std::string_view session_id, std::string_view user_id);

/// A `requestId` as logs may hold it: one that is not made of letters, digits, `-`, `_` and `.`, or
/// is over 100 long, is left out. `echoed`: JSON text.
[[nodiscard]] std::string_view loggable_id(std::string_view echoed);

}  // namespace perin::net
