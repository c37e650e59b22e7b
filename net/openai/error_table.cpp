#include "net/openai/error_table.hpp"

#include "domain/upstream_failure.hpp"

#include <array>
#include <utility>

namespace perin::net {

namespace {

constexpr auto service = upstream_kind::openai;

model_failure failure_of(upstream_failure why) {
    return {.category = why.category,
            .detail = std::move(why.detail),
            .status = why.status,
            .retry_after = why.told_wait,
            .retryable = why.retryable,
            .counts_for_circuit = why.counts_for_circuit};
}

}  // namespace

model_failure categorize(const http_response_head& head, std::string_view body, timestamp now) {
    auto why = perin::categorize(
        service, {.status = head.status, .headers = head.headers, .body = body}, now);
    // Who asks has no answer it could use: a 2xx without an error in it was not the answer to this.
    if (!why) return categorize(http_error::malformed);
    return failure_of(*std::move(why));
}

model_failure categorize(const upstream_error& error) {
    const std::array<std::string, 3> codes{error.code, error.type, error.reason};
    return failure_of(categorize_codes(service, codes));
}

model_failure categorize(http_error error) {
    auto why = failure_of(perin::categorize(service, error));
    why.silent = error == http_error::first_byte_timeout || error == http_error::idle_timeout ||
                 error == http_error::total_timeout;
    return why;
}

}  // namespace perin::net
