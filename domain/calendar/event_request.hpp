#pragma once

#include "domain/calendar/event.hpp"
#include "domain/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace perin::calendar {

/// An event that somebody wants to have in a calendar, as it is asked for.
struct event_request {
    std::string title;
    timestamp starts_at = {};
    timestamp ends_at = {};
    /// The days that the two times lie on or between, in the owner's zone.
    bool all_day = false;
    std::string location = {};
    std::string description = {};
    /// A recurrence rule (RFC 5545 section 3.3.10); empty: once.
    std::string repeat = {};

    friend bool operator==(const event_request&, const event_request&) = default;
};

/// The event in the owner's zone, without a uid; one of whole days takes no time. `invalid_request`
/// with the pointer of a field where there is no title, a text is too long, the end is not after
/// the start, or the rule is none or misses its own start.
[[nodiscard]] result<event> event_of(const event_request& wanted, const std::string& timezone);

/// `{"title","start","end","allDay","location","description","repeat"}`, times in RFC 3339.
[[nodiscard]] nlohmann::json to_json(const event_request& wanted);

/// Reads that, all but title, start and end optional. `invalid_request` as of `json_reader`.
[[nodiscard]] result<event_request> event_request_of(const nlohmann::json& body);

}  // namespace perin::calendar
