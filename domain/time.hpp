#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace perin {

/// A point in UTC wall-clock time, to the millisecond.
using timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// RFC 3339 in UTC: `2026-12-01T10:00:00Z`, with three decimals where there are milliseconds.
[[nodiscard]] std::string to_rfc3339(timestamp at);

/// Reads RFC 3339 with `Z` or a numeric offset; nothing where it is not one, or not a real date.
[[nodiscard]] std::optional<timestamp> from_rfc3339(std::string_view text);

/// Whether `name` is a time zone of the system's IANA database, such as `Europe/Vienna`.
[[nodiscard]] bool is_timezone(const std::string& name);

}  // namespace perin
