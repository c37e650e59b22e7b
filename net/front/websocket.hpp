#pragma once

#include "net/front/connection.hpp"
#include "net/front/routes.hpp"

#include <functional>

namespace perin::net {

/// Whether the route is the one of `GET /ws`.
[[nodiscard]] bool is_upgrade_route(const route& to);

/// Looks at an upgrade request and who sends it. The call that begins the WebSocket on the
/// connection's stream, or why there is none: `upgrade_required`, 401, 403.
task<result<std::function<void()>>> prepare_upgrade(connection& from, exchange& what,
                                                    beast::flat_buffer& buffer);

}  // namespace perin::net
