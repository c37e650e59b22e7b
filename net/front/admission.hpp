#pragma once

#include "net/front/routes.hpp"

namespace perin::net {

/// A page of another origin, or a name that is not the admin listener's own, must not reach it
/// through a browser: `forbidden`.
[[nodiscard]] std::optional<failure> foreign_to_admin(const front& server, const http_in& request);

/// Looks at the token of `run.json` where a route asks for it.
[[nodiscard]] std::optional<failure> admit_admin(const front& server, const http_in& request,
                                                 access who);

/// Whether a guest's cookie goes before a user's.
[[nodiscard]] bool is_guest_route(const http_in& request);

/// Whose minute a caller's requests count to: a user's or a link's.
[[nodiscard]] std::string counted_as(const caller& who);
/// That, or the minute of its address.
[[nodiscard]] std::string counted_as(const exchange& what);

/// Counts the request to its caller's minute; `rate_limited` where that is full. Notes the headers.
[[nodiscard]] std::optional<failure> count(exchange& what, limit_class kind);

/// Reads the JSON body of a request that has one: `unsupported_media_type`, `invalid_request`.
[[nodiscard]] std::optional<failure> read_body(exchange& what, const route& to);

/// The answer of a CORS preflight from a configured origin, but for `add_cors`.
[[nodiscard]] std::optional<http_out> cors_preflight(const front& server, const http_in& request,
                                                     bool known_address);
void add_cors(const front& server, const http_in& request, http_out& answer);

/// Whether a request authenticated by a cookie comes from our own page.
[[nodiscard]] bool from_own_page(const front& server, const http_in& request);

/// The fields of a message to a conversation, from a body of `POST /api/ai/chat` or a frame.
/// `frame`: the message is in `message`, otherwise in `messages`.
[[nodiscard]] result<runtime::chat_send> read_chat(const nlohmann::json& body, const user& account,
                                                   bool frame);

}  // namespace perin::net
