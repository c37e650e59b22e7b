#pragma once

#include "domain/calendar/moment.hpp"
#include "domain/calendar/recurrence_rule.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perin::calendar {

/// A STANDARD or DAYLIGHT of a VTIMEZONE: the clock changes from `offset_from` to `offset_to` at
/// `start` and whenever the rule or a further time says. All on the clock before the change.
struct zone_change {
    local_seconds start;
    seconds offset_from{};
    seconds offset_to{};
    std::optional<recurrence_rule> rule;
    std::vector<local_seconds> further;
};

/// A time zone as a calendar file defines it (RFC 5545 section 3.6.5).
struct zone_definition {
    std::string tzid;
    /// What the writer says that it is in the tz database; empty where it says nothing.
    std::string location;
    std::vector<zone_change> changes;
};

/// The zone of the tz database that a TZID means: by its name, by the location in its definition,
/// or one whose clock shows the same as the defined one in the year of `around` and the next two.
/// Zones that Windows knows come first. Nothing where there is none.
[[nodiscard]] std::optional<std::string> timezone_of(const std::string& tzid,
                                                     const zone_definition* definition,
                                                     local_seconds around);

/// The moment at which the defined clock shows `local`, read as `zone_clock` reads it; for a zone
/// that the database does not have. Nothing where the definition says nothing.
[[nodiscard]] std::optional<sys_seconds> to_instant(const zone_definition& definition,
                                                    local_seconds local);

}  // namespace perin::calendar
