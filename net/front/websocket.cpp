#include "net/front/websocket.hpp"

#include "domain/json.hpp"
#include "domain/text.hpp"
#include "net/front/admission.hpp"
#include "net/front/outbox.hpp"
#include "net/front/routes.hpp"
#include "net/front/websocket_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

namespace perin::net {

namespace http = beast::http;

bool is_upgrade_route(const route& to) { return to.path.size() == 1 && to.path.front() == "ws"; }

task<result<std::function<void()>>> prepare_upgrade(connection& from, exchange& what,
                                                    beast::flat_buffer& buffer) {
    using outcome = result<std::function<void()>>;
    const auto& request = what.request;
    http::request<http::empty_body> handshake{http::verb::get, "/ws", 11};
    for (const auto* name : {"host", "upgrade", "connection", "sec-websocket-key",
                             "sec-websocket-version", "sec-websocket-protocol"})
        if (const auto& value = request.header(name); !value.empty()) handshake.set(name, value);
    if (!beast::websocket::is_upgrade(handshake) || buffer.size() != 0)
        co_return outcome{
            failure{error_code::upgrade_required, "this address speaks WebSocket (RFC 6455)"}};
    std::optional<caller> who;
    auto found = co_await identify(what.server, request);
    if (!found) co_return outcome{found.error()};
    who = std::move(*found);
    if (what.server.draining())
        co_return outcome{failure{error_code::unavailable, "the server is shutting down"}};
    co_return outcome{[&from, who = std::move(who), handshake = std::move(handshake)]() mutable {
        auto session = std::make_shared<websocket_session>(from.server(), std::move(from.stream()));
        from.server().enter(session);
        // Begun meanwhile, it did not tell this one.
        if (from.server().draining()) session->drain();
        auto on = session->executor();
        asio::co_spawn(
            on,
            [session, who = std::move(who),
             handshake = std::move(handshake)]() mutable -> task<void> {
                if (co_await session->open(std::move(handshake), std::move(who)))
                    co_await session->read_frames();
                session->ended();
            },
            asio::detached);
    }};
}

}  // namespace perin::net
