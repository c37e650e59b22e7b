#pragma once

#include "domain/account.hpp"
#include "domain/booking.hpp"
#include "domain/calendar/calendar_entry.hpp"
#include "domain/scheduling/ranking.hpp"
#include "domain/scheduling/slot_check.hpp"
#include "runtime/messages.hpp"

/// What the calendars are asked, and what they ask of the store.
namespace perin::runtime {

// --------------------------------------------------------------------------------- store, reader

/// Writes an event: a new one, or the next version of the one with its id.
struct put_event {
    calendar::stored_event what;
};

struct drop_event {
    std::string id;
};

/// A new booking, with its `event_id` where it has one; where its key was used before, the booking
/// of then stands, and nothing of the whole commit is written.
struct enter_booking {
    booking fresh;
    /// Of its link.
    std::optional<std::uint64_t> most_a_day = {};
};

/// Another state, time or event of a booking that is at `version`.
struct change_booking {
    std::string id;
    std::uint64_t version = 0;
    booking_state to = booking_state::booked;
    /// Another time; nothing: as it was.
    std::optional<booking_time> time = {};
    std::optional<std::string> event_id = {};
    std::optional<std::uint64_t> most_a_day = {};
};

/// The secret address of the owner's feed, of which only the hash is kept: an earlier one no longer
/// works. Empty: there is none any more.
struct put_feed {
    std::string token_hash;
};

using calendar_change =
    std::variant<put_event, drop_event, enter_booking, change_booking, put_feed>;

/// Changes an owner's calendar, all of it or nothing.
struct commit_calendar {
    std::string user_id;
    /// Of the calendar that the changes were decided on: `conflict` where it has gone on since.
    std::uint64_t expected_version = 0;
    std::vector<calendar_change> changes;
    timestamp at = {};
    /// Of a tool's call: a second commit of the same is `conflict`.
    std::optional<once_key> once = {};
    /// Kept with `once`, for `find_tool_effect`.
    std::string outcome = {};
};

struct calendar_committed {
    /// The calendar's version now.
    std::uint64_t version = 0;
    /// Those that were entered or changed, in order.
    std::vector<booking> bookings = {};
    /// A booking's key had been used: `bookings` is that one, and nothing was written.
    bool repeated = false;
};

/// Everything that an owner's calendar needs to go on.
struct load_calendar {
    std::string user_id;
    /// Active bookings that end before are left out.
    timestamp bookings_from = {};
    /// A version that is at hand: where it is the newest, nothing is read.
    std::optional<std::uint64_t> known_version = {};
};

struct loaded_calendar {
    user owner;
    std::uint64_t version = 0;
    std::vector<calendar::stored_event> events;
    /// The active ones.
    std::vector<booking> bookings;
    /// It can be read at a secret address.
    bool has_feed = false;
    /// The known version is the newest: nothing of the rest is there.
    bool unchanged = false;
};

/// What a tool's call of a turn has done already.
struct find_tool_effect {
    once_key call;
};

/// Whose feed is at that secret address; `not_found` where there is none.
struct find_feed_owner {
    std::string token;
};

struct feed_owner {
    user owner;
    /// Of the calendar, and when it came to that.
    std::uint64_t version = 0;
    timestamp changed_at = {};
};

// ------------------------------------------------------------------------------------- calendars

/// The times at which an owner is free, by the rules given. `rules.busy` is the owner's to fill.
struct find_free_time {
    std::string user_id;
    scheduling::person rules;
    scheduling::slot_search search;
    /// Nothing: all up to `limit`, by time; else the best.
    std::optional<scheduling::slot_weights> weights = {};
    std::size_t limit = 20;
};

/// Takes a time of an owner, if it is free.
struct book_time {
    std::string user_id;
    /// `id`, `state`, `time` and `hold_expires_at` are the owner's to fill. The key makes it happen
    /// once.
    booking wanted;
    booking_state state = booking_state::booked;
    /// Put into the calendar with the booking, unless that is held or awaits approval. Its uid is
    /// the owner's to fill, its start and length say when.
    calendar::event what;
    scheduling::person rules;
    /// Its `durations` are filled from the event's length where there are none; its range is that
    /// of the alternatives, a week around the time where there is none.
    scheduling::slot_search search;
    scheduling::placing placing = scheduling::placing::anywhere;
    /// The owner's own event: only what is in the way counts, the rules are those of alternatives.
    bool by_owner = false;
    /// Only for the owner: whatever else is there, the event is put beside it, without a booking.
    bool overlap_allowed = false;
    std::size_t alternatives = 5;
    std::optional<once_key> once = {};
};

/// It is in the calendar.
struct time_booked {
    calendar::calendar_entry entry;
    /// Nothing for an event that takes no time from anybody.
    std::optional<booking> taken = {};
    /// It had been done before, by the same key or call.
    bool repeated = false;
};

/// It is not.
struct time_refused {
    scheduling::refusal why = scheduling::refusal::busy;
    /// Other times, by their beginnings; only where other meetings are in the way.
    std::vector<scheduling::interval> alternatives = {};
    /// What is in the way, for its owner's eyes only.
    std::vector<calendar::calendar_entry> in_the_way = {};
};

using booking_outcome = std::variant<time_booked, time_refused>;

/// Puts an event, or one occurrence of a series, at another time.
struct move_event {
    std::string user_id;
    std::string event_id;
    /// Which one of a series; nothing: all of it.
    std::optional<std::string> recurrence_id = {};
    timestamp starts_at = {};
    /// Nothing: as long as it was.
    std::optional<timestamp> ends_at = {};
    bool overlap_allowed = false;
    timestamp now = {};
    std::optional<once_key> once = {};
};

/// Takes an event, or one occurrence of a series, out of the calendar; ends its booking.
struct cancel_event {
    std::string user_id;
    std::string event_id;
    std::optional<std::string> recurrence_id = {};
    timestamp now = {};
    std::optional<once_key> once = {};
};

/// The next step of a booking that is held or awaits approval: booked, declined or cancelled.
struct settle_booking {
    std::string user_id;
    std::string booking_id;
    booking_state to = booking_state::booked;
    /// Put into the calendar where it is booked now.
    std::optional<calendar::event> what = {};
    timestamp now = {};
};

/// Puts a booking of a link at another time, by the rules of the link; its own time is free for it.
struct move_booking {
    std::string user_id;
    std::string delegation_id;
    std::string booking_id;
    timestamp starts_at = {};
    scheduling::person rules;
    /// Of the link's slots.
    std::chrono::minutes step{30};
    /// The owner decides on the new time: until then it is in no calendar.
    bool approval = false;
    /// Whether it could be; nothing is changed.
    bool only_asks = false;
};

/// What takes place between two times, by start.
struct list_entries {
    std::string user_id;
    timestamp from = {};
    timestamp until = {};
    std::size_t limit = 200;
};

struct listed_entries {
    std::vector<calendar::calendar_entry> items;
    /// There are more than the limit.
    bool more = false;
    /// IANA name of the owner's zone.
    std::string timezone;
};

/// Takes over the events of a file: one of a uid and occurrence that is there is replaced where the
/// file's is not older.
struct import_events {
    std::string user_id;
    std::vector<calendar::event> events;
};

struct events_imported {
    std::size_t added = 0;
    std::size_t replaced = 0;
    /// There already, the same or newer.
    std::size_t unchanged = 0;
};

/// All events of an owner.
struct export_events {
    std::string user_id;
};

enum class feed_change {
    /// `conflict` where there is one.
    begin,
    /// An earlier one no longer works.
    replace,
    /// The answer is empty; nothing to do where there is none.
    end,
};

/// Makes the address of an owner's feed, or ends it.
struct renew_feed {
    std::string user_id;
    feed_change how = feed_change::replace;
};

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::commit_calendar)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::load_calendar)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_tool_effect)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_feed_owner)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_free_time)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::book_time)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::move_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::cancel_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::settle_booking)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::move_booking)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_entries)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::import_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::export_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::renew_feed)
