#include "domain/account_rules.hpp"
#include "domain/json.hpp"
#include "net/front/routes.hpp"

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

task<http_out> drain(exchange& what) {
    what.server.parts().drain();
    co_return json_answer(202, {{"status", "draining"}});
}

json account_json(const user& account) {
    auto out = user_json(account);
    out["createdAt"] = to_rfc3339(account.created_at);
    return out;
}

json token_json(const access_token& one) {
    static constexpr std::array kinds{"session", "api", "login"};
    return {{"id", one.id},
            {"kind", kinds[static_cast<std::size_t>(one.kind)]},
            {"label", one.label},
            {"createdAt", to_rfc3339(one.created_at)},
            {"expiresAt", time_or_null(one.expires_at)},
            {"lastUsedAt", time_or_null(one.last_used_at)}};
}

template <class Reply, class Message>
task<result<Reply>> accounts(exchange& what, const Message& message) {
    return what.server.ask().ask<Reply>(what.server.parts().accounts, message);
}

task<http_out> create_user(exchange& what) {
    json_reader fields(what.body);
    runtime::add_user add{
        fields.required_text("email", 3, 320), fields.optional_text("name", 0, 200).value_or(""),
        fields.optional_text("timezone", 0, 100).value_or(""),
        fields.optional_bool("admin").value_or(false), fields.required_text("password", 1, 1024)};
    if (fields.error()) co_return refuse(what, *fields.error());
    auto email = normalized_email(add.email);
    if (!email)
        co_return refuse(what, {error_code::invalid_request, email.error().detail, "/email"});
    add.email = std::move(*email);
    if (!add.timezone.empty() && !is_timezone(add.timezone))
        co_return refuse(what,
                         {error_code::invalid_request, "is not a known time zone", "/timezone"});
    auto made = co_await accounts<user>(what, add);
    co_return made ? json_answer(201, account_json(*made)) : refuse(what, made.error());
}

task<http_out> users(exchange& what) {
    list_users everybody;
    auto all = co_await accounts<std::vector<user>>(what, everybody);
    if (!all) co_return refuse(what, all.error());
    auto items = json::array();
    for (const auto& one : *all) items.push_back(account_json(one));
    co_return json_answer(200, {{"items", std::move(items)}});
}

task<http_out> passwd(exchange& what) {
    json_reader fields(what.body);
    runtime::set_password change{fields.required_text("email", 1, 320),
                                 fields.required_text("password", 1, 1024)};
    if (fields.error()) co_return refuse(what, *fields.error());
    auto done = co_await accounts<user>(what, change);
    co_return done ? no_content() : refuse(what, done.error());
}

task<http_out> remove(exchange& what) {
    json_reader fields(what.body);
    drop_user change{fields.required_text("email", 1, 320)};
    if (fields.error()) co_return refuse(what, *fields.error());
    auto done = co_await accounts<user>(what, change);
    if (!done) co_return refuse(what, done.error());
    what.server.revoke({.user_id = done->id});
    co_return no_content();
}

task<http_out> create_token(exchange& what) {
    json_reader fields(what.body);
    runtime::add_token add{fields.required_text("email", 1, 320),
                           fields.optional_text("label", 0, 200).value_or("")};
    auto expires = fields.optional_text("expiresAt", 1, 40);
    if (fields.error()) co_return refuse(what, *fields.error());
    if (expires) {
        add.expires_at = from_rfc3339(*expires);
        if (!add.expires_at)
            co_return refuse(what, {error_code::invalid_request, "is not a time", "/expiresAt"});
    }
    auto made = co_await accounts<logged_in>(what, add);
    if (!made) co_return refuse(what, made.error());
    auto out = token_json(made->about);
    out["token"] = made->token;
    co_return json_answer(201, out);
}

task<http_out> tokens(exchange& what) {
    list_tokens wanted{what.request.parameter("email").value_or("")};
    auto all = co_await accounts<std::vector<access_token>>(what, wanted);
    if (!all) co_return refuse(what, all.error());
    auto items = json::array();
    for (const auto& one : *all) items.push_back(token_json(one));
    co_return json_answer(200, {{"items", std::move(items)}});
}

task<http_out> revoke(exchange& what) {
    json_reader fields(what.body);
    auto id = fields.required_text("id", 1, 100);
    if (fields.error()) co_return refuse(what, *fields.error());
    end_token change{id};
    auto done = co_await accounts<void>(what, change);
    if (!done) co_return refuse(what, done.error());
    what.server.revoke({.token_id = id});
    co_return no_content();
}

task<http_out> open_local_session(exchange& what) {
    json_reader fields(what.body);
    auto email = fields.optional_text("email", 1, 320);
    if (fields.error()) co_return refuse(what, *fields.error());
    open_session wanted{email.value_or("")};
    auto made = co_await accounts<logged_in>(what, wanted);
    if (!made) co_return refuse(what, made.error());
    co_return json_answer(200, {{"token", made->token}, {"user", account_json(made->account)}});
}

}  // namespace

void add_admin_routes(std::vector<route>& to) {
    add_health_routes(to);
    add_operations_routes(to);
    add_calendar_routes(to);
    add_link_routes(to);
    add_private_workflow_routes(to);
    auto add = [&](http_method method, std::vector<std::string> path, plain_handler handler) {
        auto who = path.front() == "private" ? access::private_admin : access::admin;
        to.push_back({method, std::move(path), who, limit_class::none, handler});
    };
    add(http_method::post, {"drain"}, drain);
    add(http_method::post, {"private", "users"}, create_user);
    add(http_method::get, {"private", "users"}, users);
    add(http_method::post, {"private", "users", "passwd"}, passwd);
    add(http_method::post, {"private", "users", "remove"}, remove);
    add(http_method::post, {"private", "tokens"}, create_token);
    add(http_method::get, {"private", "tokens"}, tokens);
    add(http_method::post, {"private", "tokens", "revoke"}, revoke);
    add(http_method::post, {"private", "sessions"}, open_local_session);
}

}  // namespace perin::net
