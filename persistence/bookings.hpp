#pragma once

#include "domain/booking.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perin::persistence {

using booking_row = booking;

struct made_booking {
    booking_row booking;
    /// False: the key was there, and this is its booking.
    bool fresh = false;
};

/// Bookings. That no two active ones of an owner overlap, that a day has no more than it may, and
/// that a link is not used too often, hold by rules of the tables, whoever writes
/// (docs/decisions/0013-bookings-keep-themselves-apart.md).
///
/// No method begins a transaction; those that change something need one around them, and where they
/// fail what they did must be undone (`savepoint`, or the whole of it).
class booking_repository {
  public:
    /// Who lets changes of one owner's bookings come one after the other.
    enum class order {
        /// Each method by itself: it goes on the calendar's version.
        own,
        /// The caller, who has gone on that version in this transaction
        /// (`calendar_repository::advance`). Knowing the calendar, it has looked for the key of
        /// what is booked, which is a plain `conflict` where it was used, and let go of what was
        /// held past its time.
        callers,
    };

    explicit booking_repository(database& on, order by = order::own) noexcept : on_(on), by_(by) {}

    /// Books, holds or asks for approval, as `state` says. The key's second call gives the booking
    /// of its first, whatever has become of it. `day_number` and `version` are not looked at.
    /// `conflict` where the time is taken, the day is full (`most_a_day`, where there is
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

    /// The booking that the key of a fresh one was used for, whatever has become of it; `conflict`
    /// where that has another time or link.
    [[nodiscard]] result<std::optional<booking_row>> earlier(const booking_row& fresh);

    /// Those of a link, newest first.
    [[nodiscard]] result<std::vector<booking_row>> of_link(const std::string& delegation_id);

    /// The active ones of an owner that block any time from then on, by their beginning.
    [[nodiscard]] result<std::vector<booking_row>> active_from(const std::string& user_id,
                                                               timestamp from);

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
    result<void> free_past_holds(const std::string& user_id, timestamp now);
    result<std::vector<booking_row>> end_all(result<std::vector<booking_row>> held, timestamp now);
    result<booking_row> found_again(const std::string& id);

    database& on_;
    order by_;
};

}  // namespace perin::persistence
