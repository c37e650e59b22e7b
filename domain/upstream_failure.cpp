#include "domain/upstream_failure.hpp"

#include "domain/json.hpp"
#include "domain/retry_after.hpp"
#include "domain/upstream_codes.hpp"

#include <charconv>
#include <cstdint>
#include <vector>

namespace perin {

namespace {

using json = nlohmann::json;

/// Error objects are small; a page of a proxy need not be parsed.
constexpr std::size_t max_error_body = 64 * 1024;

bool is_model(upstream_kind kind) {
    return kind == upstream_kind::openai || kind == upstream_kind::anthropic;
}

const char* subject(upstream_kind kind) {
    switch (kind) {
        case upstream_kind::openai:
        case upstream_kind::anthropic:
            return "The model service";
        case upstream_kind::google:
            return "Google";
        case upstream_kind::slack:
            return "Slack";
        case upstream_kind::notion:
            return "Notion";
        case upstream_kind::github:
            return "GitHub";
        case upstream_kind::discord:
            return "Discord";
        case upstream_kind::zoom:
            return "Zoom";
        case upstream_kind::microsoft:
            return "Microsoft";
        case upstream_kind::caldav:
            return "The calendar server";
        case upstream_kind::imap:
        case upstream_kind::smtp:
            return "The mail server";
        case upstream_kind::generic:
            break;
    }
    return "The service";
}

const char* predicate(upstream_kind kind, error_category category, int status) {
    switch (category) {
        case error_category::rate_limit:
            return " asks for fewer requests.";
        case error_category::timeout:
            return " did not answer in time.";
        case error_category::authentication:
            return " does not accept the credentials.";
        case error_category::context_too_large:
            return is_model(kind) ? " was given too long a conversation."
                                  : " was given too large a request.";
        case error_category::quota:
            return " says that the quota is used up.";
        case error_category::rejected:
            return status >= 300 && status < 400 ? " answered with a redirect."
                                                 : " rejected the request.";
        case error_category::unknown:
            break;
    }
    return " failed.";
}

const char* predicate(transport_error error) {
    switch (error) {
        case transport_error::connect:
            return " could not be reached.";
        case transport_error::connect_timeout:
            return " could not be reached in time.";
        case transport_error::first_byte_timeout:
        case transport_error::total_timeout:
            return " did not answer in time.";
        case transport_error::idle_timeout:
            return " fell silent.";
        case transport_error::tls:
            return " has no connection that can be trusted.";
        case transport_error::too_large:
            return " gave too long an answer.";
        case transport_error::malformed:
            return " gave an answer that could not be read.";
        case transport_error::login_denied:
            return " does not accept the credentials.";
        case transport_error::cancelled:
            return " was not waited for: the call was ended.";
        case transport_error::overloaded:
            return " was not called: too many calls are under way.";
        case transport_error::reset:
            break;
    }
    return " lost the connection.";
}

error_category category_of(transport_error error) {
    switch (error) {
        case transport_error::connect_timeout:
        case transport_error::first_byte_timeout:
        case transport_error::idle_timeout:
        case transport_error::total_timeout:
            return error_category::timeout;
        case transport_error::login_denied:
            return error_category::authentication;
        default:
            return error_category::unknown;
    }
}

/// RFC 5321 section 4.2.1, RFC 4954 section 6.
error_category category_of_smtp(int code) {
    if (code == 530 || code == 534 || code == 535 || code == 538)
        return error_category::authentication;
    return code >= 500 ? error_category::rejected : error_category::unknown;
}

error_category category_of_status(upstream_kind kind, int status,
                                  std::optional<error_category> by_code, bool limited) {
    // The disk of a CalDAV account is full: trying again fills no less (RFC 4918 section 11.5).
    if (status == 507 && kind == upstream_kind::caldav) return error_category::quota;
    if (status >= 500) return error_category::unknown;
    if (by_code == error_category::quota || status == 402) return error_category::quota;
    if (by_code == error_category::context_too_large || status == 413)
        return error_category::context_too_large;
    if (status == 429) return error_category::rate_limit;
    if (status == 401) return error_category::authentication;
    if (status == 403) {
        return limited || by_code == error_category::rate_limit ? error_category::rate_limit
                                                                : error_category::authentication;
    }
    if (status == 408) return error_category::timeout;
    if (status >= 400) return by_code.value_or(error_category::rejected);
    if (status >= 300) return error_category::rejected;
    return by_code.value_or(status >= 200 && !is_model(kind) ? error_category::rejected
                                                             : error_category::unknown);
}

/// The body as JSON, null where it is none or too long to be an error.
json document_of(std::string_view body) {
    if (body.empty() || body.size() > max_error_body) return nullptr;
    auto parsed = parse_json(body);
    return parsed ? json(std::move(parsed).value()) : json(nullptr);
}

/// Whether a reply that is a success by its status is none by its body.
bool hides_failure(upstream_kind kind, const json& document) {
    if (!document.is_object()) return false;
    if (kind == upstream_kind::slack) {
        const auto ok = document.find("ok");
        return ok != document.end() && *ok == false;
    }
    const auto error = document.find("error");
    if (error == document.end()) return false;
    return error->is_object() ||
           (error->is_string() && !error->get_ref<const std::string&>().empty());
}

bool may_hide_failure(upstream_kind kind, std::string_view body) {
    switch (kind) {
        case upstream_kind::openai:
        case upstream_kind::anthropic:
        case upstream_kind::github:
            // Spares the parsing of nearly every good answer.
            return body.find("\"error\"") != std::string_view::npos;
        case upstream_kind::slack:
            return body.find("\"ok\"") != std::string_view::npos;
        default:
            return false;
    }
}

std::optional<std::int64_t> epoch_seconds(std::string_view text) {
    std::int64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    constexpr std::int64_t year_9999 = 253'402'300'799;
    if (error != std::errc{} || stop != end || value < 0 || value > year_9999) return std::nullopt;
    return value;
}

std::optional<std::chrono::milliseconds> wait_in_body(const json& document) {
    if (!document.is_object()) return std::nullopt;
    const auto found = document.find("retry_after");
    if (found == document.end() || !found->is_number()) return std::nullopt;
    // One rule for numbers from outside: what is not a plain decimal tells nothing.
    return parse_wait_seconds(found->dump());
}

/// Whether GitHub's own count says that nothing is left (docs.github.com, REST rate limits).
bool spent_at_github(upstream_kind kind, const upstream_reply& reply) {
    return kind == upstream_kind::github && reply.header("x-ratelimit-remaining") == "0";
}

std::optional<std::chrono::milliseconds> wait_of(upstream_kind kind, const upstream_reply& reply,
                                                 const json& document, timestamp now) {
    const auto date = reply.header("date");
    const auto told = told_wait({.retry_after_ms = reply.header("retry-after-ms"),
                                 .retry_after = reply.header("retry-after"),
                                 .date = date},
                                now);
    if (told) return told;
    if (spent_at_github(kind, reply)) {
        const auto reset = reply.header("x-ratelimit-reset");
        const auto at = reset ? epoch_seconds(*reset) : std::nullopt;
        const auto sent = date ? parse_http_date(*date, now) : std::nullopt;
        if (at) return wait_until(timestamp{std::chrono::seconds{*at}}, sent.value_or(now));
    }
    if (kind == upstream_kind::discord && reply.status == 429) {
        if (const auto in = wait_in_body(document)) return in;
        if (const auto after = reply.header("x-ratelimit-reset-after"))
            return parse_wait_seconds(*after);
    }
    return std::nullopt;
}

upstream_failure failure_of(upstream_kind kind, error_category category, int status) {
    return {.category = category,
            .detail = std::string(subject(kind)) + predicate(kind, category, status),
            .status = status,
            .retryable = is_retryable(category),
            .counts_for_circuit = counts_for_circuit(category, status)};
}

std::optional<upstream_failure> categorize_smtp(const upstream_reply& reply) {
    if (reply.status < 400) return std::nullopt;
    auto out = failure_of(upstream_kind::smtp, category_of_smtp(reply.status), reply.status);
    // Other 4yz replies are about one mail; 421 says that the server is closing (RFC 5321 section
    // 3.8).
    out.counts_for_circuit = reply.status == 421;
    return out;
}

}  // namespace

const char* to_string(transport_error error) noexcept {
    switch (error) {
        case transport_error::connect:
            return "connect";
        case transport_error::connect_timeout:
            return "connect_timeout";
        case transport_error::first_byte_timeout:
            return "first_byte_timeout";
        case transport_error::idle_timeout:
            return "idle_timeout";
        case transport_error::total_timeout:
            return "total_timeout";
        case transport_error::reset:
            break;
        case transport_error::too_large:
            return "too_large";
        case transport_error::tls:
            return "tls";
        case transport_error::malformed:
            return "malformed";
        case transport_error::login_denied:
            return "login_denied";
        case transport_error::cancelled:
            return "cancelled";
        case transport_error::overloaded:
            return "overloaded";
    }
    return "reset";
}

std::optional<std::string_view> upstream_reply::header(std::string_view name) const {
    for (const auto& [known, value] : headers) {
        if (known == name) return value;
    }
    return std::nullopt;
}

bool is_retryable(error_category category) noexcept {
    return category == error_category::rate_limit || category == error_category::timeout ||
           category == error_category::unknown;
}

bool counts_for_circuit(error_category category, int http_status) noexcept {
    if (http_status >= 400 && http_status < 500) return false;
    return category == error_category::timeout || category == error_category::unknown;
}

upstream_failure categorize(upstream_kind kind, transport_error error) {
    const auto category = category_of(error);
    // What we ended or never began says nothing of the service.
    const bool ours = error == transport_error::cancelled || error == transport_error::overloaded;
    return {.category = category,
            .detail = std::string(subject(kind)) + predicate(error),
            .retryable = is_retryable(category) && error != transport_error::cancelled,
            .counts_for_circuit = !ours && counts_for_circuit(category, 0)};
}

upstream_failure categorize_codes(upstream_kind kind, std::span<const std::string> codes) {
    const auto category = category_of_codes(kind, codes).value_or(error_category::unknown);
    return failure_of(kind, category, 0);
}

std::optional<upstream_failure> categorize(upstream_kind kind, const upstream_reply& reply,
                                           timestamp now) {
    // A refusal is a refusal, also where its body broke off.
    if (reply.transport && reply.status < 300) return categorize(kind, *reply.transport);
    if (kind == upstream_kind::smtp) return categorize_smtp(reply);
    if (kind == upstream_kind::imap) return std::nullopt;
    // 1xx is no answer, and without a status there is none.
    if (reply.status < 200) return categorize(kind, transport_error::malformed);
    if (reply.status == 304 && !is_model(kind)) return std::nullopt;

    const bool good = reply.status < 300;
    if (good && !may_hide_failure(kind, reply.body)) return std::nullopt;
    const auto document = document_of(reply.body);
    if (good && !hides_failure(kind, document)) return std::nullopt;

    const auto wait = wait_of(kind, reply, document, now);
    const auto by_code = category_of_codes(kind, error_codes_of(document));
    const bool limited = wait.has_value() || spent_at_github(kind, reply);
    auto out =
        failure_of(kind, category_of_status(kind, reply.status, by_code, limited), reply.status);
    if (out.retryable) out.told_wait = wait;
    // Some model services say so themselves.
    if (reply.header("x-should-retry") == "false") out.retryable = false;
    return out;
}

}  // namespace perin
