#include "net/front/admission.hpp"

#include "domain/intents.hpp"
#include "domain/json.hpp"

#include <sodium.h>

#include <algorithm>

namespace perin::net {

namespace {

bool state_changing(http_method method) {
    return method != http_method::get && method != http_method::head &&
           method != http_method::options;
}

bool equal_secret(const std::string& a, const std::string& b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool configured_origin(const front& server, const std::string& origin) {
    const auto& all = server.settings().cors_origins;
    return !origin.empty() && std::find(all.begin(), all.end(), origin) != all.end();
}

constexpr auto chat_role_names = std::array{"user", "assistant"};

/// `messages`: all but the last are history; the last is the user's.
std::optional<failure> read_messages(const nlohmann::json& list, runtime::chat_send& into) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        json_reader one(list[i], "/messages/" + std::to_string(i));
        auto role = one.required_text("role", 1, 50);
        auto content = one.required_text("content", 1, 100'000);
        if (one.error()) return one.error();
        if (std::find(chat_role_names.begin(), chat_role_names.end(), role) ==
            chat_role_names.end())
            return failure{error_code::invalid_request, "must be user or assistant",
                           "/messages/" + std::to_string(i) + "/role"};
        auto last = i + 1 == list.size();
        if (last && role != "user")
            return failure{error_code::invalid_request, "the last message must be the user's",
                           "/messages/" + std::to_string(i) + "/role"};
        if (last)
            into.message = std::move(content);
        else
            into.history.push_back(
                {role == "user" ? chat_role::user : chat_role::assistant, std::move(content)});
    }
    return std::nullopt;
}

std::optional<failure> read_integrations(const nlohmann::json& list, turn_options& into) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (!list[i].is_string())
            return failure{error_code::invalid_request, "must be a string",
                           "/clientIntegrations/" + std::to_string(i)};
        into.client_integrations.push_back(list[i].get<std::string>());
    }
    return std::nullopt;
}

}  // namespace

std::optional<failure> foreign_to_admin(const front& server, const http_in& request) {
    auto port = ":" + std::to_string(server.admin_port());
    auto host = request.header("host");
    auto own = [&](const std::string& name) {
        return name == "127.0.0.1" + port || name == "localhost" + port || name == "[::1]" + port;
    };
    const auto& origin = request.header("origin");
    if (!own(host)) return failure{error_code::forbidden, "the Host is not this listener's"};
    if (!origin.empty() && !own(origin.substr(std::min(origin.size(), std::size_t{7}))))
        return failure{error_code::forbidden, "the Origin is not this listener's"};
    return std::nullopt;
}

std::optional<failure> admit_admin(const front& server, const http_in& request, access who) {
    if (who != access::private_admin) return std::nullopt;
    if (equal_secret(request.header("authorization"), "Bearer " + server.settings().admin_token))
        return std::nullopt;
    return failure{error_code::unauthenticated, "the token of run.json is needed"};
}

bool from_own_page(const front& server, const http_in& request) {
    const auto& origin = request.header("origin");
    if (!origin.empty()) return server.own_origin(origin);
    return request.header("sec-fetch-site") == "same-origin";
}

/// Where a guest's cookie goes before a user's (protocol, Who is calling).
bool is_guest_route(const http_in& request) {
    const auto& path = request.path;
    if (path.size() >= 3 && path[0] == "api" && path[1] == "delegations" && path[2] == "public")
        return true;
    if (path.size() == 1 && path[0] == "ws") return true;
    return path.size() == 3 && path[0] == "api" && path[1] == "ai" && path[2] == "chat" &&
           request.method == http_method::post;
}

namespace {

constexpr std::size_t longest_token = 200;

enum class credential_kind { none, user, link, guest_session, unknown };

/// What a request says who it is from.
struct credentials {
    credential_kind kind = credential_kind::none;
    std::string secret = {};
    bool by_cookie = false;
};

bool has_scheme(const std::string& text, std::string_view scheme) {
    return text.size() > scheme.size() + 1 && text[scheme.size()] == ' ' &&
           std::equal(scheme.begin(), scheme.end(), text.begin(),
                      [](char a, char b) { return a == b || a == (b | 0x20); });
}

credentials credentials_of(const http_in& request) {
    const auto& authorization = request.header("authorization");
    if (has_scheme(authorization, "bearer"))
        return {credential_kind::user, authorization.substr(7)};
    if (has_scheme(authorization, "delegation"))
        return {credential_kind::link, authorization.substr(11)};
    if (!authorization.empty()) return {credential_kind::unknown};
    auto session = request.cookie("perin_session");
    auto guest = request.cookie("perin_guest");
    if (!guest.empty() && (session.empty() || is_guest_route(request)))
        return {credential_kind::guest_session, std::move(guest), true};
    if (session.empty()) return {};
    return {credential_kind::user, std::move(session), true};
}

}  // namespace

task<result<std::optional<caller>>> identify(front& server, const http_in& request) {
    using found = result<std::optional<caller>>;
    const auto sent = credentials_of(request);
    if (sent.kind == credential_kind::none) co_return found{std::optional<caller>{}};
    if (sent.kind == credential_kind::unknown)
        co_return found{failure{error_code::unauthenticated, "the credentials are not known"}};
    if (sent.secret.size() > longest_token)
        co_return found{failure{error_code::unauthenticated, "the token is not valid"}};
    caller who;
    who.by_cookie = sent.by_cookie;
    if (sent.kind == credential_kind::user) {
        runtime::authenticate asked{sent.secret};
        auto owner =
            co_await server.ask().ask<runtime::token_owner>(server.parts().accounts, asked);
        if (!owner) co_return found{owner.error()};
        who.owner = std::move(*owner);
    } else {
        runtime::admit_guest asked;
        asked.secret = sent.secret;
        asked.by_session = sent.kind == credential_kind::guest_session;
        auto guest =
            co_await server.ask().ask<runtime::admitted_guest>(server.parts().delegations, asked);
        if (!guest) co_return found{guest.error()};
        who.guest = std::move(*guest);
    }
    auto upgrade = !request.header("upgrade").empty();
    if (sent.by_cookie && (state_changing(request.method) || upgrade) &&
        !from_own_page(server, request))
        co_return found{failure{error_code::forbidden, "the request comes from a foreign page"}};
    co_return found{std::optional{std::move(who)}};
}

std::string counted_as(const caller& who) {
    return who.guest ? "link " + who.guest->at.link.id : who.owner.account.id;
}

std::string counted_as(const exchange& what) {
    return what.from ? counted_as(*what.from) : what.request.peer;
}

std::optional<failure> count(exchange& what, limit_class kind) {
    auto verdict = what.server.limits().take(kind, counted_as(what), what.server.now());
    if (!verdict) return std::nullopt;
    auto reset = std::chrono::duration_cast<std::chrono::seconds>(
                     verdict->reset.time_since_epoch() + std::chrono::milliseconds{999})
                     .count();
    what.limit_headers = {{"X-RateLimit-Limit", std::to_string(verdict->limit)},
                          {"X-RateLimit-Remaining", std::to_string(verdict->remaining)},
                          {"X-RateLimit-Reset", std::to_string(reset)}};
    if (verdict->allowed) return std::nullopt;
    return too_many_requests(*verdict);
}

std::optional<failure> read_body(exchange& what, const route& to) {
    const auto& request = what.request;
    if (to.method != http_method::post && to.method != http_method::patch) return std::nullopt;
    if (request.body.empty() && request.header("content-type").empty() && !request.under("api"))
        return std::nullopt;
    if (to.path.size() == 2 && to.path[0] == "login") return std::nullopt;
    if (request.body.empty() && to.path.back() == "logout") return std::nullopt;
    auto type = request.header("content-type").substr(0, request.header("content-type").find(';'));
    while (!type.empty() && type.back() == ' ') type.pop_back();
    std::transform(type.begin(), type.end(), type.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (type != to.body_type)
        return failure{error_code::unsupported_media_type,
                       "the body must be sent as Content-Type: " + std::string(to.body_type)};
    if (type != "application/json") return std::nullopt;
    auto parsed = parse_json(request.body);
    if (!parsed) return parsed.error();
    what.body = std::move(*parsed);
    return std::nullopt;
}

std::optional<http_out> cors_preflight(const front& server, const http_in& request,
                                       bool known_address) {
    if (!known_address || !configured_origin(server, request.header("origin"))) return std::nullopt;
    return http_out{204,
                    "",
                    "",
                    {{"Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE"},
                     {"Access-Control-Allow-Headers",
                      "Authorization, Content-Type, Last-Event-ID, X-Request-Id"},
                     {"Access-Control-Max-Age", "600"}}};
}

void add_cors(const front& server, const http_in& request, http_out& answer) {
    const auto& origin = request.header("origin");
    if (!configured_origin(server, origin)) return;
    answer.headers.emplace_back("Access-Control-Allow-Origin", origin);
    answer.headers.emplace_back(
        "Access-Control-Expose-Headers",
        "X-Conversation-Id, X-Turn-Id, X-Request-Id, Retry-After, X-RateLimit-Limit, "
        "X-RateLimit-Remaining, X-RateLimit-Reset");
    answer.headers.emplace_back("Vary", "Origin");
}

result<runtime::chat_send> read_chat(const nlohmann::json& body, const user& account, bool frame) {
    runtime::chat_send out;
    out.account = account;
    json_reader fields(body);
    const nlohmann::json* messages = nullptr;
    if (frame)
        out.message = fields.required_text("message", 1, 100'000);
    else
        messages = fields.required_array("messages", 1, 200);
    auto conversation = fields.optional_text("conversationId", 0, 200);
    out.options.tone = fields.optional_text("tone", 0, 50).value_or("");
    out.options.perin_name = fields.optional_text("perinName", 1, 200).value_or("");
    out.options.specialization = fields.optional_text("specialization", 0, 50).value_or("");
    out.options.timezone = fields.optional_text("timezone", 0, 100).value_or("");
    auto on_busy = fields.optional_text("onBusy", 1, 20);
    auto key = fields.optional_text("idempotencyKey", 1, 100);
    const auto* integrations = fields.optional_array("clientIntegrations", 0, 100);
    if (fields.error()) return *fields.error();
    if (messages)
        if (auto why = read_messages(*messages, out)) return *why;
    if (integrations)
        if (auto why = read_integrations(*integrations, out.options)) return *why;
    auto invalid = [](const char* pointer, const char* detail) {
        return failure{error_code::invalid_request, detail, pointer};
    };
    if (conversation && !is_conversation_id(*conversation))
        return invalid("/conversationId", "must be cnv_ and 8 to 40 of a-z, 0-9 and -");
    out.conversation_id = conversation.value_or("");
    if (!out.options.specialization.empty() && !is_specialization(out.options.specialization))
        return invalid("/specialization",
                       "must be negotiation, scheduling, memory or coordination");
    if (!out.options.timezone.empty() && !is_timezone(out.options.timezone))
        return invalid("/timezone", "is not a known time zone");
    if (on_busy) {
        auto policy = busy_policy_of(*on_busy);
        if (!policy) return invalid("/onBusy", "must be queue, interrupt or reject");
        out.on_busy = *policy;
    }
    out.idempotency_key = key.value_or("");
    return out;
}

}  // namespace perin::net
