#pragma once

#include "domain/calendar/moment.hpp"

#include <string>

namespace date {
class time_zone;
}

namespace perin::calendar {

/// The wall clock of one time zone, by the system's tz database. Remembers the offset it looked up
/// last, which is most often that of the next question. Not for several threads at once; the
/// database behind it is (each zone is read once, under the library's once-flag).
///
/// The packaged reader of the database knows the changes up to 2037 and not the rule that follows
/// them: from 2038 a year is read as one before it whose days fall on the same weekdays.
class zone_clock {
  public:
    /// UTC where the system does not know the name.
    explicit zone_clock(const std::string& name);

    /// What the wall clock shows.
    [[nodiscard]] local_seconds to_local(sys_seconds at);

    /// The moment of a wall clock's time. One that is skipped is read with the offset before the
    /// change; of one that comes twice it is the first (RFC 5545 section 3.3.5).
    [[nodiscard]] sys_seconds to_instant(local_seconds local);

  private:
    const date::time_zone* zone_;
    // The offset holds from `begin_` until `end_`.
    sys_seconds begin_{};
    sys_seconds end_{};
    seconds offset_{};
};

/// The moment as a point in time; one that is floating or a day is read in `viewer`.
[[nodiscard]] sys_seconds to_instant(const moment& when, zone_clock& viewer);

}  // namespace perin::calendar
