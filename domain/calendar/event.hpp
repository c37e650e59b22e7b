#pragma once

#include "domain/calendar/moment.hpp"
#include "domain/calendar/recurrence_rule.hpp"
#include "domain/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perin::calendar {

enum class event_status { confirmed, tentative, cancelled };

/// What an attendee said (RFC 5545 section 3.2.12).
enum class participation { needs_action, accepted, declined, tentative, delegated };

/// Who is asked to come (RFC 5545 section 3.2.16).
enum class attendee_role { chair, required, optional, none };

/// Somebody at an event; an organizer has neither role nor answer.
struct attendee {
    /// A mail address, or another URI where it is no `mailto:`.
    std::string address;
    std::string name;
    attendee_role role = attendee_role::required;
    participation answer = participation::needs_action;
    bool reply_wanted = false;

    friend bool operator==(const attendee&, const attendee&) = default;
};

struct organizer {
    std::string address;
    std::string name;

    friend bool operator==(const organizer&, const organizer&) = default;
};

/// A start that is added to those of the rule (RDATE), with a length of its own, which a day has
/// not, or the event's.
struct added_start {
    local_seconds start;
    std::optional<seconds> length;

    friend bool operator==(const added_start&, const added_start&) = default;
};

/// An event of a calendar (RFC 5545 section 3.6.1): a single one, a series with a rule or added
/// starts, or with `recurrence_id` one occurrence of the series of the same `uid` as it was
/// changed.
struct event {
    std::string uid;
    std::int64_t sequence = 0;
    std::string title;
    std::string description;
    std::string location;
    event_status status = event_status::confirmed;
    /// Whether it takes its time; else it is transparent to free/busy.
    bool busy = true;
    /// On the wall clock, which is what a series repeats.
    moment start;
    /// Elapsed time; whole days where the start is one. Never negative.
    seconds length{};
    std::optional<recurrence_rule> rule;
    /// On the clock of `start`, in order.
    std::vector<added_start> added;
    std::vector<local_seconds> excluded;
    /// The start that the series gave to this occurrence. In UTC, floating or a day, as the series'
    /// start is: `to_text` of it is one text for one occurrence.
    std::optional<moment> recurrence_id;
    std::optional<organizer> by;
    std::vector<attendee> attendees;

    [[nodiscard]] bool repeats() const { return rule.has_value() || !added.empty(); }

    friend bool operator==(const event&, const event&) = default;
};

/// From when until when an event lasts, the first time of a series.
struct span_of_time {
    timestamp starts_at;
    timestamp ends_at;

    friend bool operator==(const span_of_time&, const span_of_time&) = default;
};

/// Floating times and days are those of the zone `viewer`.
[[nodiscard]] span_of_time first_span(const event& which, const std::string& viewer);

/// When the last occurrence ends, or a moment after it: an index of what lies before a window.
/// Nothing for a series without end, or one whose COUNT is too costly to follow. Floating times and
/// days are read in UTC: whoever compares leaves a day's room.
[[nodiscard]] std::optional<timestamp> last_end(const event& which);

/// Puts an event at two points in time, to the second, as `timezone` shows them. An event whose
/// start that wall clock shows twice and names the first of is put down in UTC, so that the second
/// can be told too.
void place(event& which, timestamp starts_at, timestamp ends_at, const std::string& timezone);

/// `when` on the wall clock of `clock`, which may be another one: days take that clock's time, and
/// where it is days no time is left.
[[nodiscard]] local_seconds on_clock_of(const moment& clock, const moment& when);

/// `at`, a start on the wall clock of a series, as its recurrence id.
[[nodiscard]] moment recurrence_id_of(const event& series, local_seconds at);

}  // namespace perin::calendar
