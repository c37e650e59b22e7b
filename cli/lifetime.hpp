#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"

#include <optional>
#include <string_view>

namespace perin::cli {

/// When something that is made at `now` expires: `text` is a whole number with `m`, `h`, `d` or `w`
/// (`90d`), from one minute to 100 years, or `never`, which is nothing. `invalid_request`
/// otherwise.
[[nodiscard]] result<std::optional<timestamp>> expiry_of(std::string_view text, timestamp now);

}  // namespace perin::cli
