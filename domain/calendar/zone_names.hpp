#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perin::calendar {

/// A time zone as Windows and Exchange name it, and the zone that Unicode CLDR puts beside it for
/// no territory in particular (supplemental data, `windowsZones`, territory 001).
struct windows_zone {
    std::string_view windows;
    std::string_view iana;
};

/// In order of the Windows names.
[[nodiscard]] std::span<const windows_zone> windows_zones();

/// The IANA name that a calendar file's TZID means by itself: an IANA name, one at the end of a
/// path of whoever published it (`/example.org/20200101_1/Europe/Vienna`), or a Windows name.
/// Nothing where the system knows no such zone.
[[nodiscard]] std::optional<std::string> timezone_of(std::string_view tzid);

}  // namespace perin::calendar
