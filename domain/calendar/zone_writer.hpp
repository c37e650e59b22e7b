#pragma once

#include "domain/calendar/moment.hpp"

#include <string>

namespace perin::calendar {

/// Appends a VTIMEZONE (RFC 5545 section 3.6.5) of a zone of the tz database for times from `from`
/// until `until`, and for all that follow where the zone's clock changes by a yearly rule. UTC and
/// what the system does not know have none.
void append_timezone(std::string& out, const std::string& timezone, sys_seconds from,
                     sys_seconds until);

}  // namespace perin::calendar
