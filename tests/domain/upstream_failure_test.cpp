#include "domain/upstream_failure.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <rapidcheck.h>
#include <string>
#include <vector>

using namespace perin;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using enum error_category;

namespace {

/// 2026-12-01T10:00:00Z
constexpr timestamp now{1'796'119'200s};

using kind = upstream_kind;
using headers = std::vector<header_field>;

constexpr kind every_kind[] = {kind::openai,    kind::anthropic, kind::google,  kind::slack,
                               kind::notion,    kind::github,    kind::discord, kind::zoom,
                               kind::microsoft, kind::caldav,    kind::generic};

struct row {
    const char* what;
    kind of;
    int status;
    std::string body;
    error_category category;
    headers head = {};
    std::optional<milliseconds> told = {};
};

void check(const row& row) {
    INFO(row.what);
    const auto found =
        categorize(row.of, {.status = row.status, .headers = row.head, .body = row.body}, now);
    REQUIRE(found);
    CHECK(std::string(to_string(found->category)) == to_string(row.category));
    CHECK(found->told_wait == row.told);
    CHECK(found->status == row.status);
    CHECK_FALSE(found->detail.empty());
    CHECK(found->detail.find("prose") == std::string::npos);
    const bool four = row.status >= 400 && row.status < 500;
    if (four) CHECK_FALSE(found->counts_for_circuit);
    CHECK(found->retryable == is_retryable(row.category));
}

std::string openai_error(const std::string& code, const std::string& type = "x") {
    return R"({"error":{"message":"prose","type":")" + type + R"(","param":null,"code":")" + code +
           "\"}}";
}

std::string google_error(int status, const std::string& domain, const std::string& reason) {
    return R"({"error":{"errors":[{"domain":")" + domain + R"(","reason":")" + reason +
           R"(","message":"prose"}],"code":)" + std::to_string(status) + R"(,"message":"prose"}})";
}

std::string notion_error(int status, const std::string& code) {
    return R"({"object":"error","status":)" + std::to_string(status) + R"(,"code":")" + code +
           R"(","message":"prose","additional_data":{"rate_limit_reason":"workspace"}})";
}

std::string refusal(const std::string& code) {
    return R"({"error":")" + code + R"(","error_description":"prose"})";
}

std::string slack_refusal(const std::string& code) {
    return R"({"ok":false,"error":")" + code + "\"}";
}

}  // namespace

TEST_CASE("a status alone has the same category at every service") {
    const struct {
        int status;
        error_category category;
    } table[] = {
        {302, rejected},          {400, rejected},   {401, authentication}, {402, quota},
        {403, authentication},    {404, rejected},   {405, rejected},       {408, timeout},
        {409, rejected},          {410, rejected},   {412, rejected},       {422, rejected},
        {413, context_too_large}, {429, rate_limit}, {500, unknown},        {502, unknown},
        {503, unknown},           {504, unknown},    {529, unknown},
    };
    for (const auto of : every_kind) {
        for (const auto& row : table) {
            for (const char* body : {"", "<html>prose</html>", "{", "[]", "null", "[1]", "{}"})
                check({"a status", of, row.status, body, row.category});
        }
    }
}

TEST_CASE("model services tell limits, quota and length by their codes") {
    const row table[] = {
        {"requests", kind::openai, 429, openai_error("rate_limit_exceeded"), rate_limit},
        {"tokens",
         kind::openai,
         429,
         openai_error("rate_limit_exceeded", "tokens"),
         rate_limit,
         {{"retry-after-ms", "250"}, {"retry-after", "1"}},
         250ms},
        {"slow down",
         kind::openai,
         429,
         openai_error("slow_down", "rate_limit_error"),
         rate_limit,
         {{"retry-after", "3"}},
         3s},
        {"quota",
         kind::openai,
         429,
         openai_error("insufficient_quota", "insufficient_quota"),
         quota,
         {{"retry-after", "3"}}},
        {"quota as the type", kind::openai, 429, openai_error("", "insufficient_quota"), quota},
        {"credit", kind::openai, 429, openai_error("credit_balance_exhausted"), quota},
        {"spend limit", kind::openai, 429, openai_error("spend_limit_exceeded"), quota},
        {"overloaded",
         kind::openai,
         503,
         openai_error("server_is_overloaded", "service_unavailable_error"),
         unknown,
         {{"retry-after", "2"}},
         2s},
        {"length", kind::openai, 400, openai_error("context_length_exceeded"), context_too_large},
        {"key", kind::openai, 401, openai_error("invalid_api_key"), authentication},
        {"a limit of Azure without a wait",
         kind::openai,
         429,
         openai_error("429"),
         rate_limit,
         {{"x-ratelimit-remaining-requests", "-1"}, {"x-ratelimit-reset-requests", "0"}}},
        {"wait as a date",
         kind::openai,
         429,
         "",
         rate_limit,
         {{"retry-after", "Tue, 01 Dec 2026 10:00:10 GMT"}},
         10s},
        {"a long wait", kind::openai, 429, "", rate_limit, {{"retry-after", "600"}}, 600s},
        {"an error with status 200", kind::openai, 200, openai_error("rate_limit_exceeded"),
         rate_limit},
        {"Anthropic's limit",
         kind::anthropic,
         429,
         R"({"type":"error","error":{"type":"rate_limit_error","message":"prose"}})",
         rate_limit,
         {{"retry-after", "9"}, {"anthropic-ratelimit-requests-reset", "2026-12-01T10:01:00Z"}},
         9s},
        {"Anthropic's overload", kind::anthropic, 529,
         R"({"type":"error","error":{"type":"overloaded_error","message":"prose"}})", unknown},
        {"Anthropic's size", kind::anthropic, 413,
         R"({"type":"error","error":{"type":"request_too_large"}})", context_too_large},
        {"Anthropic's key", kind::anthropic, 401,
         R"({"type":"error","error":{"type":"authentication_error"}})", authentication},
        {"Anthropic's request", kind::anthropic, 400,
         R"({"type":"error","error":{"type":"invalid_request_error"}})", rejected},
    };
    for (const auto& row : table) check(row);
}

TEST_CASE("Google tells limits by a reason within 403") {
    const row table[] = {
        {"user", kind::google, 403, google_error(403, "usageLimits", "userRateLimitExceeded"),
         rate_limit},
        {"project", kind::google, 403, google_error(403, "usageLimits", "rateLimitExceeded"),
         rate_limit},
        {"the domain alone", kind::google, 403, google_error(403, "usageLimits", "new"),
         rate_limit},
        {"429",
         kind::google,
         429,
         google_error(429, "usageLimits", "rateLimitExceeded"),
         rate_limit,
         {{"retry-after", "4"}},
         4s},
        {"the new form", kind::google, 429,
         R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"reason":"RATE_LIMIT_EXCEEDED"}]}})",
         rate_limit},
        {"the new form within 403", kind::google, 403,
         R"({"error":{"code":403,"status":"PERMISSION_DENIED","details":[{"reason":"RATE_LIMIT_EXCEEDED"}]}})",
         rate_limit},
        {"in an array", kind::google, 403, R"([{"error":{"status":"RESOURCE_EXHAUSTED"}}])",
         rate_limit},
        {"a day's quota", kind::google, 403, google_error(403, "usageLimits", "dailyLimitExceeded"),
         quota},
        {"a permission", kind::google, 403, google_error(403, "global", "insufficientPermissions"),
         authentication},
        {"a token", kind::google, 401, google_error(401, "global", "authError"), authentication},
        {"an empty range", kind::google, 400, google_error(400, "calendar", "timeRangeEmpty"),
         rejected},
        {"a duplicate", kind::google, 409, google_error(409, "global", "duplicate"), rejected},
        {"an old sync token", kind::google, 410, google_error(410, "calendar", "fullSyncRequired"),
         rejected},
        {"a dead grant", kind::google, 400, refusal("invalid_grant"), authentication},
        {"a policy", kind::google, 400,
         R"({"error":"invalid_grant","error_subtype":"invalid_rapt"})", authentication},
        {"a refusal of the user", kind::google, 403, refusal("access_denied"), authentication},
        {"the backend", kind::google, 503, google_error(503, "global", "backendError"), unknown},
    };
    for (const auto& row : table) check(row);
}

TEST_CASE("Slack refuses with status 200") {
    const row table[] = {
        {"code", kind::slack, 200, slack_refusal("invalid_code"), authentication},
        {"secret", kind::slack, 200, slack_refusal("bad_client_secret"), authentication},
        {"client", kind::slack, 200, slack_refusal("invalid_client_id"), authentication},
        {"redirect", kind::slack, 200, slack_refusal("bad_redirect_uri"), rejected},
        {"grant type", kind::slack, 200, slack_refusal("invalid_grant_type"), rejected},
        {"url", kind::slack, 200, slack_refusal("oauth_authorization_url_mismatch"), rejected},
        {"token", kind::slack, 200, slack_refusal("token_revoked"), authentication},
        {"limit",
         kind::slack,
         200,
         slack_refusal("ratelimited"),
         rate_limit,
         {{"retry-after", "30"}},
         30s},
        {"limit by status",
         kind::slack,
         429,
         slack_refusal("ratelimited"),
         rate_limit,
         {{"retry-after", "30"}},
         30s},
        {"an unknown channel", kind::slack, 200, slack_refusal("channel_not_found"), rejected},
        {"Slack's own", kind::slack, 200, slack_refusal("internal_error"), unknown},
        {"no code", kind::slack, 200, R"({"ok":false})", rejected},
    };
    for (const auto& row : table) check(row);
}

TEST_CASE("the other services tell their failures each in its way") {
    const row table[] = {
        {"Notion's limit",
         kind::notion,
         429,
         notion_error(429, "rate_limited"),
         rate_limit,
         {{"retry-after", "90"}},
         90s},
        {"Notion's overload",
         kind::notion,
         529,
         notion_error(529, "service_overload"),
         unknown,
         {{"retry-after", "5"}},
         5s},
        {"Notion's validation", kind::notion, 400, notion_error(400, "validation_error"), rejected},
        {"Notion's grant", kind::notion, 400, refusal("invalid_grant"), authentication},
        {"GitHub's secondary limit",
         kind::github,
         403,
         R"({"message":"prose"})",
         rate_limit,
         {{"retry-after", "60"}},
         60s},
        {"GitHub's hour",
         kind::github,
         403,
         R"({"message":"prose"})",
         rate_limit,
         {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1796119320"}},
         120s},
        {"GitHub's hour by its own clock",
         kind::github,
         429,
         "",
         rate_limit,
         {{"date", "Tue, 01 Dec 2026 10:01:00 GMT"},
          {"x-ratelimit-remaining", "0"},
          {"x-ratelimit-reset", "1796119320"}},
         60s},
        {"GitHub's hour without its end",
         kind::github,
         403,
         "",
         rate_limit,
         {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "-5"}}},
        {"GitHub's permission",
         kind::github,
         403,
         R"({"message":"prose"})",
         authentication,
         {{"x-ratelimit-remaining", "4999"}, {"x-ratelimit-reset", "1796119320"}}},
        {"GitHub's code", kind::github, 200, refusal("bad_verification_code"), authentication},
        {"GitHub's redirect", kind::github, 200, refusal("redirect_uri_mismatch"), rejected},
        {"Discord's limit",
         kind::discord,
         429,
         R"({"message":"prose","retry_after":0.65,"global":false})",
         rate_limit,
         {},
         650ms},
        {"Discord's limit in headers",
         kind::discord,
         429,
         "",
         rate_limit,
         {{"x-ratelimit-reset-after", "1.5"}, {"x-ratelimit-scope", "shared"}},
         1500ms},
        {"Discord's Retry-After first",
         kind::discord,
         429,
         R"({"retry_after":64.57})",
         rate_limit,
         {{"retry-after", "65"}},
         65s},
        {"Discord's nonsense", kind::discord, 429, R"({"retry_after":-1})", rate_limit},
        {"Discord's nonsense as text", kind::discord, 429, R"({"retry_after":"1"})", rate_limit},
        {"Zoom's limit", kind::zoom, 429, R"({"code":429,"message":"prose"})", rate_limit},
        {"Zoom's grant", kind::zoom, 400, R"({"reason":"prose","error":"invalid_grant"})",
         authentication},
        {"Microsoft's grant", kind::microsoft, 400, refusal("invalid_grant"), authentication},
        {"Microsoft's limit",
         kind::microsoft,
         429,
         R"({"error":{"code":"TooManyRequests"}})",
         rate_limit,
         {{"retry-after", "10"}},
         10s},
        {"Microsoft's token", kind::microsoft, 401,
         R"({"error":{"code":"InvalidAuthenticationToken","message":"prose"}})", authentication},
        {"a calendar entry that is there", kind::caldav, 412, "", rejected},
        {"a full calendar server", kind::caldav, 507, "", quota},
    };
    for (const auto& row : table) check(row);
}

TEST_CASE("a 403 that tells a wait is a limit, one that does not is a fault of permission") {
    for (const auto of : every_kind) {
        check({"with", of, 403, "", rate_limit, {{"retry-after", "1"}}, 1s});
        check({"with nonsense", of, 403, "", authentication, {{"retry-after", "-1"}}});
    }
}

TEST_CASE("a wait is passed on only where waiting helps") {
    for (const auto of : every_kind) {
        const headers wait{{"retry-after", "3"}};
        const auto told = [&](int status) {
            return categorize(of, {.status = status, .headers = wait}, now)->told_wait;
        };
        CHECK(told(429) == 3s);
        CHECK(told(503) == 3s);
        CHECK(told(408) == 3s);
        CHECK(told(400) == std::nullopt);
        CHECK(told(401) == std::nullopt);
        CHECK(told(402) == std::nullopt);
    }
}

TEST_CASE("a success is no failure") {
    const struct {
        const char* what;
        kind of;
        int status;
        const char* body;
    } table[] = {
        {"a completion", kind::openai, 200, R"({"choices":[],"error":null})"},
        {"text about errors", kind::openai, 200, R"({"choices":[{"text":"{\"error\":\"x\"}"}]})"},
        {"errors within", kind::google, 200, R"({"calendars":{"a":{"errors":[{"reason":"x"}]}}})"},
        {"Slack", kind::slack, 200, R"({"ok":true,"error":"no"})"},
        {"Slack without a word", kind::slack, 200, "{}"},
        {"GitHub", kind::github, 200, R"({"access_token":"t","scope":""})"},
        {"GitHub's list", kind::github, 200, R"([{"error":"x"}])"},
        {"created", kind::zoom, 201, R"({"id":1})"},
        {"nothing to say", kind::notion, 204, ""},
        {"nothing new", kind::github, 304, ""},
        {"many", kind::caldav, 207, "<multistatus/>"},
        {"a mail taken", kind::smtp, 250, ""},
        {"mail read", kind::imap, 0, ""},
    };
    for (const auto& row : table) {
        INFO(row.what);
        CHECK_FALSE(categorize(row.of, {.status = row.status, .body = row.body}, now));
    }
}

TEST_CASE("a mail server tells by its reply code") {
    const struct {
        int code;
        error_category category;
        bool retryable;
        bool counts;
    } table[] = {
        {421, unknown, true, true},          {450, unknown, true, false},
        {451, unknown, true, false},         {454, unknown, true, false},
        {530, authentication, false, false}, {535, authentication, false, false},
        {550, rejected, false, false},       {552, rejected, false, false},
    };
    for (const auto& row : table) {
        INFO(row.code);
        const auto found = categorize(kind::smtp, {.status = row.code}, now);
        REQUIRE(found);
        CHECK(found->category == row.category);
        CHECK(found->retryable == row.retryable);
        CHECK(found->counts_for_circuit == row.counts);
    }
}

TEST_CASE("a call that brought no whole answer has a category") {
    const struct {
        transport_error error;
        error_category category;
        bool retryable;
        bool counts;
    } table[] = {
        {transport_error::connect, unknown, true, true},
        {transport_error::connect_timeout, timeout, true, true},
        {transport_error::first_byte_timeout, timeout, true, true},
        {transport_error::idle_timeout, timeout, true, true},
        {transport_error::total_timeout, timeout, true, true},
        {transport_error::reset, unknown, true, true},
        {transport_error::tls, unknown, true, true},
        {transport_error::too_large, unknown, true, true},
        {transport_error::malformed, unknown, true, true},
        {transport_error::login_denied, authentication, false, false},
        {transport_error::cancelled, unknown, false, false},
        {transport_error::overloaded, unknown, true, false},
    };
    for (const auto of : every_kind) {
        for (const auto& row : table) {
            INFO(static_cast<int>(row.error));
            const auto found = categorize(of, {.status = 0, .transport = row.error}, now);
            REQUIRE(found);
            CHECK(found->category == row.category);
            CHECK(found->retryable == row.retryable);
            CHECK(found->counts_for_circuit == row.counts);
            CHECK(found->detail == categorize(of, row.error).detail);
        }
    }
    CHECK(categorize(kind::imap, {.transport = transport_error::login_denied}, now)->category ==
          authentication);
    CHECK(categorize(kind::generic, {}, now)->category == unknown);
}

TEST_CASE("a refusal stays one when its body breaks off, a success does not") {
    const auto of = [](int status) {
        return categorize(kind::openai, {.status = status, .transport = transport_error::reset},
                          now);
    };
    CHECK(of(401)->category == authentication);
    CHECK(of(429)->category == rate_limit);
    CHECK(of(200)->category == unknown);
    CHECK(of(200)->counts_for_circuit);
}

TEST_CASE("a service may forbid another try") {
    const headers forbidden{{"x-should-retry", "false"}};
    const headers allowed{{"x-should-retry", "true"}};
    CHECK_FALSE(categorize(kind::openai, {.status = 500, .headers = forbidden}, now)->retryable);
    CHECK(categorize(kind::openai, {.status = 500, .headers = allowed}, now)->retryable);
    CHECK_FALSE(categorize(kind::openai, {.status = 400, .headers = allowed}, now)->retryable);
}

TEST_CASE("an error within a stream is known by its codes alone") {
    const std::vector<std::string> limit{"rate_limit_exceeded", ""};
    const std::vector<std::string> overload{"", "overloaded_error"};
    const std::vector<std::string> spent{"insufficient_quota", "rate_limit_error"};
    CHECK(categorize_codes(kind::openai, limit).category == rate_limit);
    CHECK(categorize_codes(kind::anthropic, overload).category == unknown);
    CHECK(categorize_codes(kind::openai, spent).category == quota);
    CHECK(categorize_codes(kind::openai, {}).category == unknown);
    CHECK(categorize_codes(kind::openai, {}).counts_for_circuit);
}

TEST_CASE("no reply at all upsets the table, and none is repeated in its detail") {
    CHECK(rc::check([](const std::string& body, const std::string& value) {
        const auto of =
            *rc::gen::elementOf(std::vector<kind>(std::begin(every_kind), std::end(every_kind)));
        const auto status = *rc::gen::inRange(0, 700);
        const headers head{
            {"retry-after", value}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", value}};
        const auto found = categorize(
            of, {.status = status, .headers = head, .body = "{\"error\":\"" + body + "\"}"}, now);
        if (!found) {
            RC_ASSERT(status < 400);
            return;
        }
        RC_ASSERT(found->detail.size() < 80);
        if (found->told_wait) RC_ASSERT(*found->told_wait >= 0ms && *found->told_wait <= 24h);
        if (status >= 400 && status < 500) RC_ASSERT_FALSE(found->counts_for_circuit);
    }));
}

TEST_CASE("deep nesting and an endless body are no error object") {
    const std::string deep(100'000, '[');
    check({"deep", kind::openai, 429, deep, rate_limit});
    const auto nested = R"({"error":)" + std::string(60, '[') + std::string(60, ']') + "}";
    check({"nested", kind::google, 403, nested, authentication});
    const auto endless =
        R"({"error":{"code":"insufficient_quota","message":")" + std::string(1 << 20, 'a') + "\"}}";
    check({"endless", kind::openai, 429, endless, rate_limit});
}
