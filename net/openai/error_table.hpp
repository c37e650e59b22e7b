#pragma once

#include "domain/model.hpp"
#include "domain/time.hpp"
#include "net/http_client/http_exchange.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace perin::net {

/// What the error object of an answer says for machines; its prose is never read.
struct upstream_error {
    std::string code = {};
    std::string type = {};
    /// Google's `status` or `errors[0].reason`.
    std::string reason = {};
};

/// The error object of a body: `{"error":{...}}`, one in an array, or the bare object. Empty fields
/// where there is none.
[[nodiscard]] upstream_error read_upstream_error(std::string_view body);

/// The failure that an answer without success means: its status, headers and error codes by the
/// table of the features' section 9. `now` serves a `Retry-After` that is a date, where the answer
/// bears no `Date` of its own. The detail is a sentence of ours. Pure.
[[nodiscard]] model_failure categorize(const http_response_head& head, std::string_view body,
                                       timestamp now);

/// The failure that an error object within a stream means.
[[nodiscard]] model_failure categorize(const upstream_error& error);

/// The failure of a call that brought no whole answer.
[[nodiscard]] model_failure categorize(http_error error);

/// The wait that an answer asks for: `retry-after-ms`, else `Retry-After` in seconds (also with a
/// fraction) or as an HTTP date (RFC 9110 section 10.2.3). Nothing where it is absent, negative or
/// unreadable; at most a day.
[[nodiscard]] std::optional<std::chrono::milliseconds> told_wait(const http_response_head& head,
                                                                 timestamp now);

}  // namespace perin::net
