#include "net/openai/error_table.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

using namespace perin;
using namespace perin::net;
using std::chrono::milliseconds;

namespace {

/// Sun, 06 Nov 1994 08:49:37 GMT
const timestamp now{std::chrono::seconds(784111777)};

using headers = std::vector<std::pair<std::string, std::string>>;

std::string error(const std::string& code, const std::string& type = "x") {
    return R"({"error":{"message":"secret prose","type":")" + type + R"(","code":")" + code +
           "\"}}";
}

}  // namespace

TEST_CASE("an answer without success has one category") {
    const struct {
        const char* what;
        int status;
        std::string body;
        headers head;
        error_category category;
    } table[] = {
        {"429", 429, error("rate_limit_exceeded"), {}, error_category::rate_limit},
        {"429 without a body", 429, "", {}, error_category::rate_limit},
        {"slow down", 429, error("slow_down", "rate_limit_error"), {}, error_category::rate_limit},
        {"quota", 429, error("insufficient_quota"), {{"retry-after", "5"}}, error_category::quota},
        {"quota as the type", 429, error("", "insufficient_quota"), {}, error_category::quota},
        {"credit", 429, error("credit_balance_exhausted"), {}, error_category::quota},
        {"payment", 402, "", {}, error_category::quota},
        {"context", 400, error("context_length_exceeded"), {}, error_category::context_too_large},
        {"413", 413, "<html>", {}, error_category::context_too_large},
        {"401", 401, error("invalid_api_key"), {}, error_category::authentication},
        {"403", 403, "", {}, error_category::authentication},
        {"403 with a wait", 403, "", {{"retry-after", "1"}}, error_category::rate_limit},
        {"Google's 403",
         403,
         R"({"error":{"code":403,"errors":[{"domain":"usageLimits","reason":"rateLimitExceeded"}]}})",
         {},
         error_category::rate_limit},
        {"in an array",
         403,
         R"([{"error":{"status":"RESOURCE_EXHAUSTED"}}])",
         {},
         error_category::rate_limit},
        {"a dead grant", 400, error("invalid_grant"), {}, error_category::authentication},
        {"400", 400, error("invalid_value"), {}, error_category::rejected},
        {"404", 404, error("model_not_found"), {}, error_category::rejected},
        {"the error without a wrapper",
         400,
         R"({"code":"context_length_exceeded"})",
         {},
         error_category::context_too_large},
        {"a body that is no object", 422, "[1]", {}, error_category::rejected},
        {"a redirect", 302, "", {{"location", "http://elsewhere"}}, error_category::rejected},
        {"304", 304, "", {}, error_category::rejected},
        {"408", 408, "", {}, error_category::timeout},
        {"500", 500, error("internal_error"), {}, error_category::unknown},
        {"503", 503, error("server_is_overloaded"), {}, error_category::unknown},
        {"529", 529, error("overloaded_error"), {}, error_category::unknown},
    };
    for (const auto& row : table) {
        INFO(row.what);
        const auto failure = categorize({.status = row.status, .headers = row.head}, row.body, now);
        CHECK(failure.category == row.category);
        CHECK(failure.status == row.status);
        CHECK_FALSE(failure.detail.empty());
        CHECK(failure.detail.find("secret") == std::string::npos);
    }
}

TEST_CASE("a wait is passed on where waiting helps") {
    const headers wait{{"retry-after", "3"}};
    CHECK(categorize({429, wait}, "", now).retry_after == milliseconds(3000));
    CHECK(categorize({503, wait}, "", now).retry_after == milliseconds(3000));
    CHECK_FALSE(categorize({400, wait}, "", now).retry_after);
    CHECK_FALSE(categorize({429, wait}, error("insufficient_quota"), now).retry_after);
}

TEST_CASE("a call that brought no answer has a category") {
    for (const auto error : {http_error::connect_timeout, http_error::first_byte_timeout,
                             http_error::idle_timeout, http_error::total_timeout}) {
        CHECK(categorize(error).category == error_category::timeout);
    }
    for (const auto error :
         {http_error::connect, http_error::reset, http_error::too_large, http_error::tls,
          http_error::malformed, http_error::cancelled, http_error::overloaded}) {
        CHECK(categorize(error).category == error_category::unknown);
        CHECK_FALSE(categorize(error).detail.empty());
    }
}

TEST_CASE("an error object within a stream has the category of its codes") {
    CHECK(categorize(upstream_error{.code = "rate_limit_exceeded"}).category ==
          error_category::rate_limit);
    CHECK(categorize(upstream_error{.type = "insufficient_quota"}).category ==
          error_category::quota);
    CHECK(categorize(upstream_error{.code = "context_length_exceeded"}).category ==
          error_category::context_too_large);
    CHECK(categorize(upstream_error{.reason = "UNAUTHENTICATED"}).category ==
          error_category::authentication);
    CHECK(categorize(upstream_error{.code = "server_error"}).category == error_category::unknown);
    CHECK(categorize(upstream_error{}).category == error_category::unknown);
}
