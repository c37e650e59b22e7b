#pragma once

#include "domain/time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace perin::calendar {

/// What a wall clock shows, of no zone by itself.
using local_seconds = std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

/// How a wall clock's time is read (RFC 5545 sections 3.3.4 and 3.3.5).
enum class time_form {
    /// In the time zone that stands beside it; UTC is the zone `UTC`.
    zoned,
    /// In the zone of whoever looks.
    floating,
    /// A day of whoever looks, from midnight to midnight.
    all_day,
};

/// A time as a calendar writes it.
struct moment {
    time_form form = time_form::zoned;
    /// An IANA name where `form` is zoned, else empty.
    std::string timezone;
    local_seconds local{};

    friend bool operator==(const moment&, const moment&) = default;
};

/// The moment of UTC that a point in time is.
[[nodiscard]] moment utc_moment(sys_seconds at);

/// RFC 5545's form: `20260329T023000`, with `Z` in UTC, `20260329` for a day. The zone of another
/// zone's time is not in it.
[[nodiscard]] std::string to_text(const moment& when);

/// Reads that form: UTC with `Z`, floating without, a day where there is no time. Second 60 is read
/// as 59 (section 3.3.12). Nothing where it is none, is no real date, or lies outside the years
/// 1600 to 9998.
[[nodiscard]] std::optional<moment> moment_of(std::string_view text);

}  // namespace perin::calendar
