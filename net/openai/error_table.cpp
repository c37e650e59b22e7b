#include "net/openai/error_table.hpp"

#include "domain/upstream_failure.hpp"

#include <array>
#include <utility>

namespace perin::net {

namespace {

constexpr auto service = upstream_kind::openai;

transport_error transport_of(http_error error) {
    switch (error) {
        case http_error::connect:
            return transport_error::connect;
        case http_error::connect_timeout:
            return transport_error::connect_timeout;
        case http_error::first_byte_timeout:
            return transport_error::first_byte_timeout;
        case http_error::idle_timeout:
            return transport_error::idle_timeout;
        case http_error::total_timeout:
            return transport_error::total_timeout;
        case http_error::reset:
            return transport_error::reset;
        case http_error::too_large:
            return transport_error::too_large;
        case http_error::tls:
            return transport_error::tls;
        case http_error::malformed:
            return transport_error::malformed;
        case http_error::cancelled:
            return transport_error::cancelled;
        case http_error::overloaded:
            return transport_error::overloaded;
    }
    return transport_error::reset;
}

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
    auto why = failure_of(perin::categorize(service, transport_of(error)));
    why.silent = error == http_error::first_byte_timeout || error == http_error::idle_timeout ||
                 error == http_error::total_timeout;
    return why;
}

}  // namespace perin::net
