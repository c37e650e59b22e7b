#include "net/front/http_message.hpp"

#include "domain/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace perin::net {

namespace {

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

bool decode(std::string_view text, bool plus_is_space, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out.push_back(' ');
        } else if (text[i] != '%') {
            out.push_back(text[i]);
        } else {
            if (i + 2 >= text.size()) return false;
            auto high = hex_digit(text[i + 1]);
            auto low = hex_digit(text[i + 2]);
            if (!high || !low) return false;
            out.push_back(static_cast<char>(*high * 16 + *low));
            i += 2;
        }
    }
    return out.find('\0') == std::string::npos && is_utf8(out);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

template <class Each>
void split(std::string_view text, char separator, Each each) {
    while (!text.empty()) {
        auto end = std::min(text.find(separator), text.size());
        each(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

}  // namespace

const std::string& http_in::header(const std::string& lower_name) const {
    static const std::string absent;
    auto found = headers.find(lower_name);
    return found == headers.end() ? absent : found->second;
}

std::optional<std::string> http_in::parameter(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (key == name) return value;
    return std::nullopt;
}

std::string http_in::cookie(std::string_view name) const {
    std::string found;
    split(header("cookie"), ';', [&](std::string_view pair) {
        pair = trimmed(pair);
        auto equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name)
            found = std::string(pair.substr(equals + 1));
    });
    return found;
}

bool http_in::accepts(std::string_view media_type) const {
    bool found = false;
    split(header("accept"), ',', [&](std::string_view part) {
        found |= equal_ignoring_case(trimmed(part.substr(0, part.find(';'))), media_type);
    });
    return found;
}

bool read_target(std::string_view target, http_in& into) {
    if (target.empty() || target.front() != '/') return false;
    auto mark = std::min(target.find('?'), target.size());
    auto path = target.substr(1, mark == 0 ? 0 : mark - 1);
    into.raw_query = std::string(target.substr(std::min(mark + 1, target.size())));
    bool good = true;
    std::string part;
    std::string value;
    split(path, '/', [&](std::string_view piece) {
        good = good && decode(piece, false, part);
        into.path.push_back(part);
    });
    if (!path.empty() && path.back() == '/') into.path.emplace_back();
    split(into.raw_query, '&', [&](std::string_view pair) {
        auto equals = std::min(pair.find('='), pair.size());
        good = good && decode(pair.substr(0, equals), true, part);
        good = good && decode(pair.substr(std::min(equals + 1, pair.size())), true, value);
        into.query.emplace_back(part, value);
    });
    return good;
}

int status_of(error_code code) noexcept {
    static constexpr std::array statuses{400, 401, 403, 404, 405, 408, 409, 410, 413,
                                         415, 426, 429, 431, 500, 502, 503, 504};
    return statuses[static_cast<std::size_t>(code)];
}

std::string_view reason_of(int status) noexcept {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Unknown";
    }
}

http_out problem(const failure& why, const std::string& request_id) {
    auto status = status_of(why.code);
    nlohmann::ordered_json body{{"type", "about:blank"},
                                {"title", reason_of(status)},
                                {"status", status},
                                {"code", to_string(why.code)},
                                {"detail", why.detail}};
    if (!why.parameter.empty())
        body["parameter"] = why.parameter;
    else if (!why.pointer.empty())
        body["pointer"] = why.pointer;
    if (why.retry_after) body["retryAfterMs"] = why.retry_after->count();
    body["requestId"] = request_id;
    http_out out{status, "application/problem+json",
                 body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
    if (why.retry_after)
        out.headers.emplace_back("Retry-After",
                                 std::to_string((why.retry_after->count() + 999) / 1000));
    else if (status == 503)
        out.headers.emplace_back("Retry-After", "2");
    if (status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
    return out;
}

std::string head_of(const http_out& answer, std::optional<std::size_t> length,
                    const std::string& request_id, bool encrypted) {
    std::string out;
    out.reserve(512);
    out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
    out.append(reason_of(answer.status)).append("\r\n");
    auto add = [&](std::string_view name, std::string_view value) {
        out.append(name).append(": ").append(value).append("\r\n");
    };
    const bool bodiless = answer.status == 204 || answer.status == 304;
    if (!answer.content_type.empty() && !bodiless) add("Content-Type", answer.content_type);
    if (length) {
        if (!bodiless) add("Content-Length", std::to_string(*length));
    } else {
        add("Transfer-Encoding", "chunked");
    }
    add("X-Content-Type-Options", "nosniff");
    add("X-Frame-Options", "DENY");
    add("X-XSS-Protection", "1; mode=block");
    add("X-Request-Id", request_id);
    bool referrer = false;
    for (const auto& [name, value] : answer.headers) {
        referrer |= name == "Referrer-Policy";
        add(name, value);
    }
    if (!referrer) add("Referrer-Policy", "strict-origin-when-cross-origin");
    if (encrypted) add("Strict-Transport-Security", "max-age=31536000");
    if (answer.close) add("Connection", "close");
    return out.append("\r\n");
}

}  // namespace perin::net
