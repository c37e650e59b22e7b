#pragma once

#include "domain/result.hpp"

#include <nlohmann/json.hpp>

namespace perin {

/// Checks a value against a JSON Schema (draft 7; no `patternProperties`, no `$ref` out of the
/// document). Never throws.
///
/// `invalid_request` with the JSON Pointer of the offending place (of the property itself where one
/// is missing or unknown) and a detail that names the property and says what was expected, fit to
/// be handed back to a model. `internal` where the schema itself is not one.
///
/// `30.0` is an integer, as the draft says. A text that is checked by `format` may have 256
/// characters, one that is checked by `pattern` 1,000: longer ones are refused.
[[nodiscard]] result<void> check_schema(const nlohmann::json& schema, const nlohmann::json& value);

}  // namespace perin
