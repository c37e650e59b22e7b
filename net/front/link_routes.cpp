#include "net/front/delegation_json.hpp"
#include "net/front/routes.hpp"

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

/// Of the address.
task<result<user>> owner_of(exchange& what) {
    const find_user wanted{what.request.parameter("email").value_or("")};
    if (wanted.email.empty())
        co_return failure{error_code::invalid_request, "is missing", {}, "email"};
    auto found = co_await what.server.ask().ask<user>(what.server.parts().reader, wanted);
    if (!found && found.error().code == error_code::not_found)
        co_return failure{error_code::not_found, "there is no user " + wanted.email};
    co_return found;
}

task<http_out> create(exchange& what) {
    auto& server = what.server;
    const auto owner = co_await owner_of(what);
    if (!owner) co_return refuse(what, owner.error());
    create_link wanted;
    wanted.owner = *owner;
    wanted.body = std::move(what.body);
    const auto made = co_await server.ask().ask<created_link>(server.parts().delegations, wanted);
    if (!made) co_return refuse(what, made.error());
    co_return json_answer(201, link_json(*owner, *made, server.settings().url, server.now()));
}

task<http_out> list(exchange& what) {
    auto& server = what.server;
    const auto owner = co_await owner_of(what);
    if (!owner) co_return refuse(what, owner.error());
    list_delegations wanted;
    wanted.user_id = owner->id;
    wanted.limit = 100;
    wanted.cursor = what.request.parameter("cursor");
    const auto page = co_await server.ask().ask<delegation_page>(server.parts().reader, wanted);
    if (!page) co_return refuse(what, page.error());
    co_return json_answer(200, links_json(*page, server.now()));
}

task<http_out> revoke(exchange& what) {
    auto& server = what.server;
    const auto owner = co_await owner_of(what);
    if (!owner) co_return refuse(what, owner.error());
    const revoke_link wanted{owner->id, what.request.path.back()};
    const auto done = co_await server.ask().ask<void>(server.parts().delegations, wanted);
    if (!done) co_return refuse(what, done.error());
    server.revoke({.delegation_id = wanted.id});
    co_return no_content();
}

}  // namespace

void add_link_routes(std::vector<route>& to) {
    const auto add = [&](http_method method, std::vector<std::string> path, plain_handler handler) {
        to.push_back({method, std::move(path), access::private_admin, limit_class::none, handler});
    };
    add(http_method::post, {"private", "links"}, create);
    add(http_method::get, {"private", "links"}, list);
    add(http_method::delete_, {"private", "links", "*"}, revoke);
}

}  // namespace perin::net
