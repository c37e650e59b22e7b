#pragma once

#include "domain/time.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace perin {

/// Random octets of a UUIDv7 (RFC 9562 section 5.7): 74 of these 80 bits are used.
using id_entropy = std::array<std::uint8_t, 10>;

/// `prefix` (such as `cnv_`) and a UUIDv7 of the time and the random octets.
[[nodiscard]] std::string make_id(std::string_view prefix, timestamp now, const id_entropy& random);

/// Whether `id` is `prefix` and a UUID in canonical lower-case form.
[[nodiscard]] bool is_id(std::string_view id, std::string_view prefix);

/// Whether a client may choose `id` for a new conversation: `cnv_` and 8 to 40 of `a-z 0-9 -`.
[[nodiscard]] bool is_conversation_id(std::string_view id);

}  // namespace perin
