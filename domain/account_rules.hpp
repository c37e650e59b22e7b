#pragma once

#include "domain/result.hpp"

#include <string>
#include <string_view>

namespace perin {

/// An e-mail address as we keep and look it up: ASCII letters in lower case, nothing around it. A
/// simple test, not RFC 5321's grammar: one `@` with something on both sides, at most 254 bytes,
/// UTF-8 without white space, control characters and `<>,;:"()[]\`. Only a mail can tell whether it
/// is really one. `invalid_request` otherwise.
[[nodiscard]] result<std::string> normalized_email(std::string_view text);

/// Whether a password may be set: 8 to 1024 bytes of UTF-8 without control characters, so that
/// every client can send it in JSON. `invalid_request` otherwise; the detail holds nothing of it.
[[nodiscard]] result<void> check_password(std::string_view password);

/// Whether a text may be a name, title or label: 1 to 200 code points of UTF-8 without control
/// characters. `invalid_request` otherwise.
[[nodiscard]] result<void> check_name(std::string_view name);

}  // namespace perin
