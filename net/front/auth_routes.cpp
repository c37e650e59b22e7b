#include "domain/json.hpp"
#include "net/front/admission.hpp"
#include "net/front/routes.hpp"

#include <algorithm>

namespace perin::net {

using namespace runtime;

namespace {

std::string session_cookie(const front& server, const std::string& token,
                           std::chrono::seconds age) {
    std::string cookie = "perin_session=" + token +
                         "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" + std::to_string(age.count());
    if (server.settings().url.starts_with("https://")) cookie += "; Secure";
    return cookie;
}

constexpr std::chrono::hours session_life{30 * 24};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

task<http_out> login(exchange& what) {
    auto& server = what.server;
    json_reader fields(what.body);
    auto email = lower(fields.required_text("email", 1, 320));
    auto password = fields.required_text("password", 1, 1024);
    // Tries count whatever they hold, for the address and for the name that is tried.
    if (auto limited = count(what, limit_class::login))
        co_return problem(*limited, what.request.request_id);
    if (fields.error()) co_return problem(*fields.error(), what.request.request_id);
    if (auto verdict = server.limits().take(limit_class::login, "email " + email, server.now());
        verdict && !verdict->allowed)
        co_return problem(too_many_requests(*verdict), what.request.request_id);
    log_in credentials{email, std::move(password)};
    auto done = co_await server.ask().ask<logged_in>(server.parts().accounts, credentials);
    if (!done) co_return problem(done.error(), what.request.request_id);
    auto out = json_answer(
        200,
        {{"token", done->token},
         {"expiresAt", done->about.expires_at ? nlohmann::json(to_rfc3339(*done->about.expires_at))
                                              : nlohmann::json()},
         {"user", user_json(done->account)}});
    out.headers.emplace_back("Set-Cookie", session_cookie(server, done->token, session_life));
    co_return out;
}

task<http_out> logout(exchange& what) {
    auto& server = what.server;
    auto id = what.from->owner.token.id;
    end_token change{id};
    auto done = co_await server.ask().ask<void>(server.parts().accounts, change);
    if (!done && done.error().code != error_code::not_found)
        co_return problem(done.error(), what.request.request_id);
    server.revoke({.token_id = id});
    auto out = no_content();
    out.headers.emplace_back("Set-Cookie", session_cookie(server, "", std::chrono::seconds{0}));
    co_return out;
}

task<http_out> me(exchange& what) { co_return json_answer(200, user_json(what.account())); }

/// Asked before it is used up: programs that look at links must not spend it.
task<http_out> login_link_page(exchange& what) {
    (void)what;
    auto out = page(200, "Sign in to Perin",
                    "<p>This link signs you in once.</p>\n"
                    "<form method=\"post\"><button>Sign in</button></form>");
    out.headers.emplace_back("Referrer-Policy", "no-referrer");
    co_return out;
}

task<http_out> follow_link(exchange& what) {
    auto& server = what.server;
    if (auto limited = count(what, limit_class::login))
        co_return page(429, "Too many tries", "<p>Try again in a minute.</p>");
    follow_login_link link{what.request.path[1]};
    auto done = co_await server.ask().ask<logged_in>(server.parts().accounts, link);
    if (!done)
        co_return page(status_of(done.error().code), "This link does not work",
                       "<p>It was used before, or it has expired.</p>");
    http_out out{303, "", ""};
    out.headers.emplace_back("Location", "/");
    out.headers.emplace_back("Referrer-Policy", "no-referrer");
    out.headers.emplace_back("Set-Cookie", session_cookie(server, done->token, session_life));
    co_return out;
}

task<http_out> start_page(exchange& what) {
    const auto& settings = what.server.settings();
    co_return page(200, "Perin",
                   "<p>Perin " + settings.version + " runs here" +
                       (settings.offline ? ", with the built-in offline assistant." : ".") +
                       "</p>\n<p>Talk to it with <code>perin chat</code>, over WebSocket at "
                       "<code>/ws</code>, or over HTTP at <code>/api/ai/chat</code>.</p>");
}

}  // namespace

void add_auth_routes(std::vector<route>& to) {
    to.push_back(
        {http_method::post, {"api", "auth", "login"}, access::open, limit_class::none, login});
    to.push_back(
        {http_method::post, {"api", "auth", "logout"}, access::user, limit_class::rest, logout});
    to.push_back({http_method::get, {"api", "auth", "me"}, access::user, limit_class::rest, me});
}

void add_page_routes(std::vector<route>& to) {
    to.push_back({http_method::get, {}, access::open, limit_class::none, start_page});
    to.push_back(
        {http_method::get, {"login", "*"}, access::open, limit_class::none, login_link_page});
    to.push_back({http_method::post, {"login", "*"}, access::open, limit_class::none, follow_link});
    to.push_back({http_method::get, {"ws"}, access::open, limit_class::rest});
}

}  // namespace perin::net
