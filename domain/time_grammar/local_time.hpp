#pragma once

#include "domain/time.hpp"

#include <date/tz.h>

#include <chrono>
#include <string>

namespace perin::time_grammar {

/// A wall clock's time to the minute.
using local_minute = date::local_time<std::chrono::minutes>;

/// The zone of an IANA name; UTC where the system does not know it.
[[nodiscard]] const date::time_zone* zone_of(const std::string& timezone);

/// What the wall clock shows, seconds cut off.
[[nodiscard]] local_minute to_local(timestamp at, const date::time_zone* zone);

/// The calendar day of a moment.
[[nodiscard]] date::local_days local_day(timestamp at, const date::time_zone* zone);

/// Which offset a time is read with that the clock skips or shows twice. With that before the
/// change a skipped time is later than it says, and a doubled one the first (RFC 5545 section
/// 3.3.5); with that after it a skipped time is earlier, and a doubled one the second.
enum class around_change { before, after };

/// The moment of a wall clock's time.
[[nodiscard]] timestamp to_moment(local_minute local, const date::time_zone* zone,
                                  around_change with = around_change::before);

/// How often the wall clock shows a time: 0 where it skips it, 1, or 2.
[[nodiscard]] int times_shown(local_minute local, const date::time_zone* zone);

}  // namespace perin::time_grammar
