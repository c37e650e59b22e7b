#pragma once

#include "domain/calendar/event.hpp"

#include <span>
#include <string>

namespace perin::calendar {

struct calendar_options {
    /// When the text is made (DTSTAMP).
    timestamp stamp{};
    /// What a mail asks for with it (RFC 5546), such as `REQUEST`; empty in a file.
    std::string method;
};

/// Events as an iCalendar text (RFC 5545), with the definition of each time zone in it.
/// `parse_calendar` reads it as equal events where they are none of another: a changed occurrence
/// stands beside its series. No text of an event can begin a line or a parameter of its own;
/// control characters in it are left out, and a line's end in any form is `\n`.
[[nodiscard]] std::string to_calendar(std::span<const event> events,
                                      const calendar_options& options);

}  // namespace perin::calendar
