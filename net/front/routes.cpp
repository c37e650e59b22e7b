#include "net/front/routes.hpp"

#include <charconv>

namespace perin::net {

namespace {

void label(std::vector<route>& all) {
    for (auto& one : all) {
        one.label = std::string(beast::http::to_string(one.method)) + " ";
        for (const auto& part : one.path) one.label.append("/").append(part);
        if (one.path.empty()) one.label.append("/");
        one.meter = &runtime::meters().routes[one.label];
    }
}

}  // namespace

const std::vector<route>& routes(bool admin) {
    static const auto public_routes = [] {
        std::vector<route> all;
        add_auth_routes(all);
        add_chat_routes(all);
        add_memory_routes(all);
        add_conversation_routes(all);
        add_notification_routes(all);
        add_workflow_routes(all);
        add_feed_routes(all);
        add_delegation_routes(all);
        add_health_routes(all);
        add_page_routes(all);
        label(all);
        return all;
    }();
    static const auto admin_routes = [] {
        std::vector<route> all;
        add_admin_routes(all);
        label(all);
        return all;
    }();
    return admin ? admin_routes : public_routes;
}

http_out json_answer(int status, const nlohmann::json& body) {
    return {status, "application/json",
            body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

http_out no_content() { return {204, "", ""}; }

nlohmann::json user_json(const user& account) {
    return {{"id", account.id},
            {"email", account.email},
            {"name", account.name},
            {"timezone", account.timezone},
            {"admin", account.admin}};
}

nlohmann::json time_or_null(const std::optional<timestamp>& at) {
    return at ? nlohmann::json(to_rfc3339(*at)) : nlohmann::json();
}

http_out refuse(const exchange& what, const failure& why) {
    return problem(why, what.request.request_id);
}

std::string html_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

http_out page(int status, std::string_view title, std::string_view content) {
    constexpr auto policy =
        "default-src 'none'; style-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'";
    const auto name = html_text(title);
    std::string body = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>";
    body.append(name).append("</title>\n<meta name=\"viewport\" content=\"width=device-width\">");
    body.append("</head>\n<body>\n<h1>").append(name).append("</h1>\n");
    body.append(content).append("\n</body>\n</html>\n");
    return {status,
            "text/html; charset=utf-8",
            std::move(body),
            {{"Content-Security-Policy", policy}, {"Cache-Control", "no-store"}}};
}

result<std::size_t> list_limit(const http_in& request, std::size_t most, std::size_t standard) {
    auto text = request.parameter("limit");
    if (!text) return standard;
    std::size_t limit = 0;
    auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (ec != std::errc{} || end != text->data() + text->size() || limit < 1 || limit > most)
        return failure{error_code::invalid_request,
                       "must be a whole number from 1 to " + std::to_string(most),
                       {},
                       "limit"};
    return limit;
}

}  // namespace perin::net
