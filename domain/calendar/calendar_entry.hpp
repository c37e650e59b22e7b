#pragma once

#include "domain/calendar/event.hpp"
#include "domain/scheduling/interval.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace perin::calendar {

/// An event of an owner's calendar as it is kept.
struct stored_event {
    /// `evt_` and a UUIDv7.
    std::string id;
    event what;
    /// One more with every change.
    std::uint64_t version = 1;
    timestamp created_at = {};
    timestamp updated_at = {};

    friend bool operator==(const stored_event&, const stored_event&) = default;
};

/// One time that a stored event takes place, as a list shows it to its owner.
struct calendar_entry {
    std::string id;
    std::string title;
    std::string location;
    std::string description;
    timestamp starts_at = {};
    timestamp ends_at = {};
    bool all_day = false;
    /// Whether it takes its time.
    bool busy = true;
    event_status status = event_status::confirmed;
    /// One of a series: which, as RFC 5545 writes it.
    std::optional<std::string> recurrence_id = {};

    friend bool operator==(const calendar_entry&, const calendar_entry&) = default;
};

/// `{"id","title","start","end","allDay","busy","status","location","description","recurrenceId"}`,
/// times in RFC 3339 UTC; what is empty is null.
[[nodiscard]] nlohmann::json to_json(const calendar_entry& entry);

/// The same with `startLocal` and `endLocal`, as the clock of a zone (IANA) shows them.
[[nodiscard]] nlohmann::json to_json(const calendar_entry& entry, const std::string& timezone);

/// `{"start","end","startLocal","endLocal"}` of a stretch of time.
[[nodiscard]] nlohmann::json slot_json(const scheduling::interval& slot,
                                       const std::string& timezone);

/// The entry that `to_json` has written; nothing where it is none.
[[nodiscard]] std::optional<calendar_entry> entry_of(const nlohmann::json& written);

}  // namespace perin::calendar
