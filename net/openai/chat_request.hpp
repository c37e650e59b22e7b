#pragma once

#include "domain/model.hpp"

#include <string>
#include <string_view>

namespace perin::net {

/// The body of a `POST /chat/completions`, as compact JSON. Text that is not UTF-8 is repaired.
/// Pure.
[[nodiscard]] std::string make_chat_body(const model_request& request, std::string_view model);

/// The name of the limit of an answer's tokens: OpenAI's reasoning families (`o1`, `gpt-5` and
/// later) refuse `max_tokens`, and most compatible servers know nothing else. A leading `vendor/`
/// in the model's name does not count.
[[nodiscard]] std::string_view max_tokens_key(std::string_view model);

}  // namespace perin::net
