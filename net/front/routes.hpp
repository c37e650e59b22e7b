#pragma once

#include "net/front/connection.hpp"
#include "runtime/metrics.hpp"

namespace perin::net {

/// Answers a request with a whole body.
using plain_handler = task<http_out> (*)(exchange&);

/// Answers a request by itself, over time. `true`: another request may follow.
using stream_handler = task<bool> (*)(connection&, exchange&);

/// Of a request's body, where its route says nothing else.
inline constexpr std::size_t most_body = std::size_t{1} << 20U;

enum class access {
    /// Anybody.
    open,
    /// A user, by token or cookie.
    user,
    /// Somebody outside, by a link or its cookie.
    guest,
    user_or_guest,
    /// The admin listener, whose Host and Origin were looked at.
    admin,
    /// The admin listener, with the token of `run.json`.
    private_admin,
};

/// A call of the API: the parts of its path, `*` for one that varies.
struct route {
    http_method method;
    std::vector<std::string> path;
    access who;
    limit_class limit;
    plain_handler plain = nullptr;
    stream_handler stream = nullptr;
    /// As metrics and logs name it, such as `GET /api/conversations/*`; set by `routes`.
    std::string label = {};
    runtime::route_meter* meter = nullptr;
    /// A body of another type than JSON is left to the handler as it came.
    std::string_view body_type = "application/json";
    std::size_t most_body = net::most_body;
};

/// Every call of the front, or of the admin listener.
[[nodiscard]] const std::vector<route>& routes(bool admin);

/// Finds who sent the request: a bearer token or a link's, else a cookie of either. Nothing where
/// there is none; `unauthenticated` where it is not valid, `gone` for a link that is closed,
/// `forbidden` for a cookie from a foreign page.
task<result<std::optional<caller>>> identify(front& server, const http_in& request);

// One group of calls a file.
void add_auth_routes(std::vector<route>& to);
void add_chat_routes(std::vector<route>& to);
void add_memory_routes(std::vector<route>& to);
void add_conversation_routes(std::vector<route>& to);
void add_notification_routes(std::vector<route>& to);
void add_workflow_routes(std::vector<route>& to);
/// `perin workflow`; of the admin listener.
void add_private_workflow_routes(std::vector<route>& to);
void add_page_routes(std::vector<route>& to);
void add_health_routes(std::vector<route>& to);
/// Metrics, circuits, the tree of actors; of the admin listener.
void add_operations_routes(std::vector<route>& to);
void add_admin_routes(std::vector<route>& to);
/// The feeds of calendars.
void add_feed_routes(std::vector<route>& to);
/// Links for guests: their owners' routes, their guests' and their pages.
void add_delegation_routes(std::vector<route>& to);
/// `perin link`; of the admin listener.
void add_link_routes(std::vector<route>& to);
/// `perin calendar`; of the admin listener.
void add_calendar_routes(std::vector<route>& to);

// Small shared pieces of handlers.
[[nodiscard]] http_out json_answer(int status, const nlohmann::json& body);
[[nodiscard]] http_out no_content();
[[nodiscard]] nlohmann::json user_json(const user& account);
[[nodiscard]] nlohmann::json time_or_null(const std::optional<timestamp>& at);
/// `limit` of a list: 1 to 100, default 20.
[[nodiscard]] result<std::size_t> list_limit(const http_in& request, std::size_t most = 100,
                                             std::size_t standard = 20);
/// `text` as it may stand in HTML.
[[nodiscard]] std::string html_text(std::string_view text);
/// A page of ours; `title` is text, `content` HTML.
[[nodiscard]] http_out page(int status, std::string_view title, std::string_view content);
/// The answer of a failure, with the request's id.
[[nodiscard]] http_out refuse(const exchange& what, const failure& why);

}  // namespace perin::net
