#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::persistence {

/// Where a booking is. The first three are active: they block their time, count for their day and
/// are a use of their link.
///
///     held ──► awaiting_approval ──► booked ──► cancelled
///      │ │             │  │
///      │ └─────────────┼──┼────────► booked, cancelled
///      └──► expired ◄──┘  └────────► declined, cancelled
enum class booking_state { held, awaiting_approval, booked, declined, cancelled, expired };

/// The name in the table.
[[nodiscard]] std::string_view to_string(booking_state state) noexcept;

[[nodiscard]] bool is_active(booking_state state) noexcept;

/// A meeting with its buffers; to the minute.
struct booking_time {
    timestamp starts_at = {};
    timestamp ends_at = {};
    timestamp blocked_from = {};
    timestamp blocked_until = {};
    /// Its day in the link's time zone, such as `2026-12-01`.
    std::string day;
    friend bool operator==(const booking_time&, const booking_time&) = default;
};

struct guest {
    std::string name;
    std::string email;
    std::string timezone;
    friend bool operator==(const guest&, const guest&) = default;
};

struct booking_row {
    std::string id;
    /// Whose time it is.
    std::string user_id;
    std::optional<std::string> delegation_id = {};
    std::optional<std::string> negotiation_id = {};
    std::optional<std::string> conversation_id = {};
    std::optional<std::string> workflow_id = {};
    /// In the calendar, once it is there.
    std::optional<std::string> event_id = {};
    /// One key of an owner's is one booking.
    std::string idempotency_key;
    booking_state state = booking_state::held;
    booking_time time;
    /// Of a held one.
    std::optional<timestamp> hold_expires_at = {};
    /// Which of its day's bookings of this link it is, from 1.
    std::uint64_t day_number = 1;
    guest who = {};
    std::string note = {};
    /// One more with every change.
    std::uint64_t version = 1;
    timestamp created_at = {};
    timestamp updated_at = {};
    friend bool operator==(const booking_row&, const booking_row&) = default;
};

struct made_booking {
    booking_row booking;
    /// False: the key was there, and this is its booking.
    bool fresh = false;
};

/// Bookings. That no two active ones of an owner overlap, that a day has no more than it may, and
/// that a link is not used too often, hold by keys and checks of the tables, whoever writes
/// (docs/decisions/0011-minutes-are-keys.md).
///
/// No method begins a transaction; those that change something need one around them, and where they
/// fail what they did must be undone (`savepoint`, or the whole of it).
class booking_repository {
  public:
    explicit booking_repository(database& on) noexcept : on_(on) {}

    /// Books, holds or asks for approval, as `state` says. The key's second call gives the booking
    /// of its first, whatever has become of it. `day_number`, `version` and `event_id` are not
    /// looked at. `conflict` where the time is taken, the day is full (`most_a_day`, where there is
    /// one), or the key was used for another time or link; `gone` where the link is spent, expired
    /// or revoked; `invalid_request` where the time is no time, or longer than two days.
    result<made_booking> book(const booking_row& fresh,
                              const std::optional<std::uint64_t>& most_a_day);

    /// Goes on to another state; gives its time, its day and the link's use back where that is not
    /// an active one. `conflict` where the booking is not at `version`, or may not go there.
    result<booking_row> move(const std::string& id, std::uint64_t version, booking_state to,
                             timestamp now);

    /// Another time; to `booked` or, where it has to be approved again, `awaiting_approval`. Only
    /// for an active one. Failures as of `book` and `move`.
    result<booking_row> reschedule(const std::string& id, std::uint64_t version,
                                   const booking_time& time, booking_state to,
                                   const std::optional<std::uint64_t>& most_a_day, timestamp now);

    /// The calendar's event of it. `conflict` where the booking is not at `version`.
    result<booking_row> set_event(const std::string& id, std::uint64_t version,
                                  const std::string& event_id, timestamp now);

    /// Ends up to `limit` holds whose time is over, and gives them.
    result<std::vector<booking_row>> expire_holds(timestamp now, std::size_t limit);

    [[nodiscard]] result<std::optional<booking_row>> find(const std::string& id);

    /// Those of a link, newest first.
    [[nodiscard]] result<std::vector<booking_row>> of_link(const std::string& delegation_id);

    /// The active ones of an owner that block a part of a time, by their beginning.
    [[nodiscard]] result<std::vector<booking_row>> blocking(const std::string& user_id,
                                                            timestamp from, timestamp until);

  private:
    result<void> enter_calendar(const std::string& user_id);
    result<std::optional<booking_row>> find_by_key(const std::string& user_id,
                                                   const std::string& key);
    result<std::uint64_t> free_number(const std::optional<std::string>& delegation_id,
                                      const std::string& day,
                                      const std::optional<std::uint64_t>& most_a_day);
    result<void> use_link(const booking_row& fresh);
    result<void> give_back(const booking_row& ended);
    result<void> block(const std::string& id, const std::string& user_id, const booking_time& time);
    result<void> free_past_holds(const std::string& user_id, timestamp now);
    result<std::vector<booking_row>> end_all(result<std::vector<booking_row>> held, timestamp now);
    result<booking_row> found_again(const std::string& id);

    database& on_;
};

}  // namespace perin::persistence
