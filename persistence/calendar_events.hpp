#pragma once

#include "domain/calendar/calendar_entry.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perin::persistence {

/// The events of the built-in calendars, each read back as it was put. No method begins a
/// transaction.
class calendar_event_repository {
  public:
    explicit calendar_event_repository(database& on) noexcept : on_(on) {}

    /// Writes a new event, at version 1, or the next version of the one with its id; when that was
    /// created stays. `conflict` where the calendar has another event of its uid and occurrence, or
    /// the id is somebody else's; `invalid_request` where the uid is longer than an index takes, or
    /// a text cannot be kept.
    result<void> put(const std::string& user_id, const calendar::stored_event& what);

    /// Whether it was there.
    result<bool> remove(const std::string& user_id, const std::string& id);

    [[nodiscard]] result<std::optional<calendar::stored_event>> find(const std::string& user_id,
                                                                     const std::string& id);

    /// The series or the single event of a uid, or with `recurrence_id` one changed occurrence.
    [[nodiscard]] result<std::optional<calendar::stored_event>> find(
        const std::string& user_id, const std::string& uid,
        const std::optional<calendar::moment>& recurrence_id);

    /// All of them, by their beginning.
    [[nodiscard]] result<std::vector<calendar::stored_event>> of_user(const std::string& user_id);

    /// Those that may take place between two times, with all else of their series; some may not.
    [[nodiscard]] result<std::vector<calendar::stored_event>> around(const std::string& user_id,
                                                                     timestamp from,
                                                                     timestamp until);

  private:
    database& on_;
};

}  // namespace perin::persistence
