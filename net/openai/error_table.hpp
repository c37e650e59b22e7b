#pragma once

#include "domain/model.hpp"
#include "domain/time.hpp"
#include "net/http_client/http_exchange.hpp"

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

/// The failure that an answer without success means: `perin::categorize` of a model service. `now`
/// serves a `Retry-After` that is a date, where the answer bears no `Date` of its own. The detail
/// is a sentence of ours. Pure.
[[nodiscard]] model_failure categorize(const http_response_head& head, std::string_view body,
                                       timestamp now);

/// The failure that an error object within a stream means.
[[nodiscard]] model_failure categorize(const upstream_error& error);

/// The failure of a call that brought no whole answer.
[[nodiscard]] model_failure categorize(http_error error);

}  // namespace perin::net
