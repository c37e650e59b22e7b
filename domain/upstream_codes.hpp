#pragma once

#include "domain/model.hpp"
#include "domain/upstream_failure.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perin {

/// The error codes within an answer's body, for machines: the `code`, `type`, `status`, `reason`,
/// `error` and `error_subtype` that are strings, of the body and of its `error` object, and the
/// `reason` and `domain` of the first entries of `errors` and `details` there. Prose is never read.
/// Empty where there is none.
[[nodiscard]] std::vector<std::string> error_codes_of(const nlohmann::json& body);

/// What the codes of a service mean; the gravest where they mean several things (a spent quota says
/// more than the rate limit it is told with). Nothing where none of them is known.
[[nodiscard]] std::optional<error_category> category_of_codes(upstream_kind kind,
                                                              std::span<const std::string> codes);

}  // namespace perin
