#include "net/openai/error_table.hpp"

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

namespace perin::net {

namespace {

using json = nlohmann::json;

constexpr std::array<std::string_view, 8> quota_codes{
    "insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached",
    "billing_not_active", "spend_limit_exceeded",     "spend_limit_reached",
    "quotaExceeded",      "dailyLimitExceeded"};
constexpr std::array<std::string_view, 2> context_codes{"context_length_exceeded",
                                                        "request_too_large"};
constexpr std::array<std::string_view, 8> rate_codes{
    "rate_limit_exceeded", "rate_limit_error",      "slow_down",          "too_many_requests",
    "rateLimitExceeded",   "userRateLimitExceeded", "RESOURCE_EXHAUSTED", "usageLimits"};
constexpr std::array<std::string_view, 5> authentication_codes{
    "invalid_api_key", "authentication_error", "permission_error", "invalid_grant",
    "UNAUTHENTICATED"};

bool is_one_of(const upstream_error& error, std::span<const std::string_view> codes) {
    const auto known = [codes](const std::string& code) {
        return !code.empty() && std::ranges::find(codes, code) != codes.end();
    };
    return known(error.code) || known(error.type) || known(error.reason);
}

std::string text_at(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

error_category category_of(int status, const upstream_error& error, bool told_to_wait) {
    if (status >= 500) return error_category::unknown;
    if (is_one_of(error, quota_codes) || status == 402) return error_category::quota;
    if (is_one_of(error, context_codes) || status == 413) return error_category::context_too_large;
    if (status == 429) return error_category::rate_limit;
    if (status == 401) return error_category::authentication;
    if (status == 403) {
        const bool limited = told_to_wait || is_one_of(error, rate_codes);
        return limited ? error_category::rate_limit : error_category::authentication;
    }
    if (status == 408) return error_category::timeout;
    if (status >= 300) return error_category::rejected;
    // Within a stream there is no status of its own.
    if (is_one_of(error, rate_codes)) return error_category::rate_limit;
    if (is_one_of(error, authentication_codes)) return error_category::authentication;
    return error_category::unknown;
}

const char* sentence(error_category category, int status) {
    switch (category) {
        case error_category::rate_limit:
            return "The model service asks for fewer requests.";
        case error_category::timeout:
            return "The model service did not answer in time.";
        case error_category::authentication:
            return "The model service does not accept the credentials.";
        case error_category::context_too_large:
            return "The conversation is too long for the model.";
        case error_category::quota:
            return "The quota at the model service is used up.";
        case error_category::rejected:
            return status < 400 ? "The model service answered with a redirect."
                                : "The model service rejected the request.";
        case error_category::unknown:
            break;
    }
    return "The model service failed.";
}

std::optional<double> number_in(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<timestamp> date_in(std::string_view text) {
    // curl_getdate also takes bare numbers for dates.
    if (text.find("GMT") == std::string_view::npos) return std::nullopt;
    const auto seconds = curl_getdate(std::string(text).c_str(), nullptr);
    if (seconds < 0) return std::nullopt;
    return timestamp(std::chrono::seconds(seconds));
}

std::optional<std::chrono::milliseconds> bounded(double milliseconds) {
    constexpr double day = 24.0 * 60 * 60 * 1000;
    if (!(milliseconds >= 0)) return std::nullopt;  // not a number, too
    return std::chrono::milliseconds(std::llround(std::min(milliseconds, day)));
}

}  // namespace

upstream_error read_upstream_error(std::string_view body) {
    auto document = json::parse(body, nullptr, false);
    if (document.is_array() && !document.empty()) document = json(document.front());
    if (!document.is_object()) return {};
    const auto nested = document.find("error");
    const json& error = nested != document.end() && nested->is_object() ? *nested : document;
    upstream_error out{text_at(error, "code"), text_at(error, "type"), text_at(error, "status")};
    const auto list = error.find("errors");
    if (list != error.end() && list->is_array() && !list->empty() && list->front().is_object()) {
        out.reason = text_at(list->front(), "reason");
    }
    return out;
}

std::optional<std::chrono::milliseconds> told_wait(const http_response_head& head, timestamp now) {
    if (const auto exact = head.header("retry-after-ms")) {
        if (const auto value = number_in(*exact)) return bounded(*value);
    }
    const auto told = head.header("retry-after");
    if (!told) return std::nullopt;
    if (const auto seconds = number_in(*told)) return bounded(*seconds * 1000);
    const auto until = date_in(*told);
    if (!until) return std::nullopt;
    const auto date = head.header("date");
    const auto since = date ? date_in(*date).value_or(now) : now;
    return bounded(std::max(0.0, static_cast<double>((*until - since).count())));
}

model_failure categorize(const http_response_head& head, std::string_view body, timestamp now) {
    const auto wait = told_wait(head, now);
    const auto category = category_of(head.status, read_upstream_error(body), wait.has_value());
    model_failure out{
        .category = category, .detail = sentence(category, head.status), .status = head.status};
    const bool wait_helps = category == error_category::rate_limit ||
                            category == error_category::timeout ||
                            category == error_category::unknown;
    if (wait_helps) out.retry_after = wait;
    return out;
}

model_failure categorize(const upstream_error& error) {
    const auto category = category_of(0, error, false);
    return {.category = category, .detail = sentence(category, 0)};
}

model_failure categorize(http_error error) {
    switch (error) {
        case http_error::connect_timeout:
            return {error_category::timeout, "The model service could not be reached in time."};
        case http_error::first_byte_timeout:
        case http_error::total_timeout:
            return {error_category::timeout, sentence(error_category::timeout, 0)};
        case http_error::idle_timeout:
            return {error_category::timeout, "The model service fell silent."};
        case http_error::connect:
            return {error_category::unknown, "The model service could not be reached."};
        case http_error::tls:
            return {error_category::unknown,
                    "There is no trusted connection to the model service."};
        case http_error::too_large:
            return {error_category::unknown, "The model service's answer is too long."};
        case http_error::malformed:
            return {error_category::unknown, "The model service's answer could not be read."};
        case http_error::cancelled:
            return {error_category::unknown, "The call was ended."};
        case http_error::overloaded:
            return {error_category::unknown, "Too many calls to model services are under way."};
        case http_error::reset:
            break;
    }
    return {error_category::unknown, "The connection to the model service was lost."};
}

}  // namespace perin::net
