#include "domain/upstream_codes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace perin {

namespace {

using json = nlohmann::json;
using enum error_category;

struct code_rule {
    std::string_view code;
    error_category category;
};

/// RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, and what Google and Microsoft add.
constexpr auto oauth_rules = std::to_array<code_rule>({
    {"invalid_grant", authentication},
    {"invalid_client", authentication},
    {"unauthorized_client", authentication},
    {"access_denied", authentication},
    {"invalid_token", authentication},
    {"insufficient_scope", authentication},
    {"invalid_rapt", authentication},
    {"interaction_required", authentication},
    {"server_error", unknown},
    {"temporarily_unavailable", unknown},
});

/// Compatible servers pass on the codes of whatever stands behind them, Google's too.
constexpr auto model_rules = std::to_array<code_rule>({
    {"insufficient_quota", quota},
    {"credit_balance_exhausted", quota},
    {"billing_error", quota},
    {"billing_hard_limit_reached", quota},
    {"billing_not_active", quota},
    {"spend_limit_exceeded", quota},
    {"spend_limit_reached", quota},
    {"quotaExceeded", quota},
    {"dailyLimitExceeded", quota},
    {"context_length_exceeded", context_too_large},
    {"request_too_large", context_too_large},
    {"rate_limit_exceeded", rate_limit},
    {"rate_limit_error", rate_limit},
    {"slow_down", rate_limit},
    {"too_many_requests", rate_limit},
    {"rateLimitExceeded", rate_limit},
    {"userRateLimitExceeded", rate_limit},
    {"usageLimits", rate_limit},
    {"RESOURCE_EXHAUSTED", rate_limit},
    {"invalid_api_key", authentication},
    {"authentication_error", authentication},
    {"permission_error", authentication},
    {"UNAUTHENTICATED", authentication},
    {"timeout_error", timeout},
    {"overloaded_error", unknown},
    {"api_error", unknown},
    {"server_is_overloaded", unknown},
    {"service_unavailable_error", unknown},
});

constexpr auto google_rules = std::to_array<code_rule>({
    {"quotaExceeded", quota},
    {"dailyLimitExceeded", quota},
    {"rateLimitExceeded", rate_limit},
    {"userRateLimitExceeded", rate_limit},
    {"RATE_LIMIT_EXCEEDED", rate_limit},
    {"RESOURCE_EXHAUSTED", rate_limit},
    {"usageLimits", rate_limit},
    {"authError", authentication},
    {"UNAUTHENTICATED", authentication},
    {"backendError", unknown},
});

constexpr auto slack_rules = std::to_array<code_rule>({
    {"ratelimited", rate_limit},
    {"rate_limited", rate_limit},
    {"invalid_auth", authentication},
    {"not_authed", authentication},
    {"account_inactive", authentication},
    {"token_revoked", authentication},
    {"token_expired", authentication},
    {"missing_scope", authentication},
    {"no_permission", authentication},
    {"org_login_required", authentication},
    {"ekm_access_denied", authentication},
    {"invalid_code", authentication},
    {"code_already_used", authentication},
    {"invalid_refresh_token", authentication},
    {"bad_client_secret", authentication},
    {"invalid_client_id", authentication},
    {"request_timeout", timeout},
    {"internal_error", unknown},
    {"fatal_error", unknown},
    {"service_unavailable", unknown},
});

constexpr auto notion_rules = std::to_array<code_rule>({
    {"rate_limited", rate_limit},
    {"unauthorized", authentication},
    {"restricted_resource", authentication},
    {"service_overload", unknown},
});

constexpr auto github_rules = std::to_array<code_rule>({
    {"slow_down", rate_limit},
    {"bad_verification_code", authentication},
    {"incorrect_client_credentials", authentication},
    {"bad_refresh_token", authentication},
});

constexpr auto microsoft_rules = std::to_array<code_rule>({
    {"TooManyRequests", rate_limit},
    {"activityLimitReached", rate_limit},
    {"InvalidAuthenticationToken", authentication},
});

std::span<const code_rule> rules_of(upstream_kind kind) {
    switch (kind) {
        case upstream_kind::openai:
        case upstream_kind::anthropic:
        case upstream_kind::generic:
            return model_rules;
        case upstream_kind::google:
            return google_rules;
        case upstream_kind::slack:
            return slack_rules;
        case upstream_kind::notion:
            return notion_rules;
        case upstream_kind::github:
            return github_rules;
        case upstream_kind::microsoft:
            return microsoft_rules;
        case upstream_kind::discord:
        case upstream_kind::zoom:
        case upstream_kind::caldav:
        case upstream_kind::imap:
        case upstream_kind::smtp:
            break;
    }
    return {};
}

/// Entries of a list that are looked at: the first says it all, as a rule.
constexpr std::size_t most_entries = 4;

void add_texts(std::vector<std::string>& out, const json& object,
               std::span<const std::string_view> keys) {
    for (const auto key : keys) {
        const auto found = object.find(key);
        if (found == object.end() || !found->is_string()) continue;
        const auto& text = found->get_ref<const std::string&>();
        if (!text.empty()) out.push_back(text);
    }
}

void add_entries(std::vector<std::string>& out, const json& object, std::string_view name) {
    constexpr std::array<std::string_view, 2> keys{"reason", "domain"};
    const auto list = object.find(name);
    if (list == object.end() || !list->is_array()) return;
    for (std::size_t i = 0; i < std::min(list->size(), most_entries); ++i) {
        if ((*list)[i].is_object()) add_texts(out, (*list)[i], keys);
    }
}

}  // namespace

std::vector<std::string> error_codes_of(const json& body) {
    constexpr std::array<std::string_view, 6> keys{"code",   "type",  "status",
                                                   "reason", "error", "error_subtype"};
    std::vector<std::string> out;
    // Google's batch answers wrap the one object in an array.
    const bool wrapped = body.is_array() && !body.empty();
    const json& document = wrapped ? body.front() : body;
    if (!document.is_object()) return out;
    add_texts(out, document, keys);
    const auto nested = document.find("error");
    const json& error = nested != document.end() && nested->is_object() ? *nested : document;
    if (&error != &document) add_texts(out, error, keys);
    add_entries(out, error, "errors");
    add_entries(out, error, "details");
    return out;
}

std::optional<error_category> category_of_codes(upstream_kind kind,
                                                std::span<const std::string> codes) {
    for (const auto rules : {rules_of(kind), std::span<const code_rule>(oauth_rules)}) {
        for (const auto& rule : rules) {
            if (std::ranges::find(codes, rule.code) != codes.end()) return rule.category;
        }
    }
    return std::nullopt;
}

}  // namespace perin
