#pragma once

#include "domain/event_search.hpp"
#include "domain/meant_time.hpp"
#include "runtime/calendar_messages.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace perin::actors {

/// What the arguments of a calendar tool are read with.
struct calendar_reading {
    timestamp now = {};
    /// When the words were said: "tomorrow" is of this time. A call that was approved later is
    /// carried out later.
    timestamp said_at = {};
    /// IANA name of the clock that the words mean.
    std::string timezone;
};

/// What a call comes to without the calendar: its arguments as a message, an answer that asks back
/// (a JSON document with `status` `ambiguous` or `which`), or a failure.
template <class Message>
using read_call = std::variant<Message, nlohmann::json, failure>;

/// Definitions of the arguments, JSON Schema.
[[nodiscard]] nlohmann::json find_time_schema();
[[nodiscard]] nlohmann::json list_events_schema();
[[nodiscard]] nlohmann::json create_event_schema();
[[nodiscard]] nlohmann::json reschedule_event_schema();
[[nodiscard]] nlohmann::json cancel_event_schema();

// Arguments that have passed the schemas, as messages; `user_id` and `once` are the caller's to
// fill.
[[nodiscard]] read_call<runtime::find_free_time> read_find_time(const nlohmann::json& arguments,
                                                                const calendar_reading& with);
[[nodiscard]] read_call<runtime::list_entries> read_list_events(const nlohmann::json& arguments,
                                                                const calendar_reading& with);
[[nodiscard]] read_call<runtime::book_time> read_create_event(const nlohmann::json& arguments,
                                                              const calendar_reading& with);

/// What is to be looked through for the event that a call means.
[[nodiscard]] read_call<runtime::list_entries> read_event_search(const nlohmann::json& arguments,
                                                                 const calendar_reading& with);

/// The one of these that the call means; asks back where it is more than one, `not_found` where it
/// is none.
[[nodiscard]] read_call<calendar::calendar_entry> read_event_meant(
    const nlohmann::json& arguments, const std::vector<calendar::calendar_entry>& among,
    const calendar_reading& with);

[[nodiscard]] read_call<runtime::move_event> read_reschedule(const nlohmann::json& arguments,
                                                             const calendar::calendar_entry& which,
                                                             const calendar_reading& with);

/// `{"status":"taken","timezone","inTheWay","alternatives"}`.
[[nodiscard]] nlohmann::json taken_json(const runtime::time_refused& why,
                                        const std::string& timezone);

}  // namespace perin::actors
