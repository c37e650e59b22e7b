#pragma once

#include "domain/account.hpp"
#include "domain/booking.hpp"
#include "domain/calendar/event.hpp"
#include "domain/delegation.hpp"

#include <string>

namespace perin {

/// A meeting that somebody has booked by a link, with all that is told of it.
struct booked_meeting {
    delegation link;
    user owner;
    booking what;
};

/// The event that it is in the calendars of both. Its uid is the booking's, its sequence rises with
/// the booking's version, so that calendars take a later one for the earlier (RFC 5546 section
/// 2.1.4). Names, mail addresses and notes are a stranger's words: they are cut to a line and a
/// length.
[[nodiscard]] calendar::event event_of(const booked_meeting& of);

/// What became of a meeting.
enum class meeting_news {
    booked,
    moved,
    cancelled,
    /// The owner said no.
    declined,
    /// The owner said nothing in time.
    lapsed,
};

/// An iCalendar text that asks for the meeting, or with `cancelled` takes it back (RFC 5546
/// sections 3.2.2 and 3.2.5). Empty for one that never was in a calendar.
[[nodiscard]] std::string invitation(const booked_meeting& of, meeting_news what, timestamp now);

/// A message to one of the two.
struct meeting_mail {
    /// An address.
    std::string to;
    /// One line.
    std::string subject;
    std::string text;
};

enum class told_person { guest, owner };

/// The time is told on the clock of whom it is told to.
[[nodiscard]] meeting_mail mail_of(const booked_meeting& of, meeting_news what, told_person to);

}  // namespace perin
