#pragma once

#include "domain/meant_time.hpp"

#include <string>
#include <string_view>

namespace perin::cli {

/// A time of the command line: RFC 3339, a date such as `2026-12-01`, or English words, in a user's
/// zone. `invalid_request` where it is none or may mean several, with what these are; `option`
/// names it in the detail.
[[nodiscard]] result<meant_time> read_time(std::string_view option, std::string_view text,
                                           timestamp now, const std::string& timezone);

/// The same of an end: a time of the day alone is on the day of the start.
[[nodiscard]] result<meant_time> read_end_time(std::string_view option, std::string_view text,
                                               timestamp start, const std::string& timezone);

}  // namespace perin::cli
