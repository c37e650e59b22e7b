#pragma once

#include "domain/calendar/calendar_reader.hpp"
#include "runtime/calendar_messages.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::net {

/// The type of an iCalendar text (RFC 5545 section 8.1).
inline constexpr auto calendar_type = "text/calendar; charset=utf-8";

/// `{"timezone","from","until","items":[...],"more"}`, each item the entry with `startLocal` and
/// `endLocal`.
[[nodiscard]] nlohmann::json listed_json(const runtime::list_entries& wanted,
                                         const runtime::listed_entries& found);

/// `{"status":"created","timezone","event"}`, or `{"status":"taken","timezone","reason",
/// "inTheWay":[...],"alternatives":[...]}`.
[[nodiscard]] nlohmann::json booked_json(const runtime::booking_outcome& outcome,
                                         const std::string& timezone);

/// `{"added","replaced","unchanged","problems":[{"line","uid","what"}],"problemsLeftOut"}`.
[[nodiscard]] nlohmann::json imported_json(const runtime::events_imported& done,
                                           const calendar::imported& from);

/// The owner's own event, which is put where nothing else of the owner's is, or anywhere.
[[nodiscard]] runtime::book_time own_event(const user& owner, calendar::event what,
                                           bool overlap_allowed);

/// All events of an owner as a file, always in the same order.
[[nodiscard]] std::string calendar_file(std::vector<calendar::event> events, timestamp stamp);

/// `begin`, `replace` or `end`.
[[nodiscard]] std::optional<runtime::feed_change> feed_change_of(std::string_view word);
[[nodiscard]] std::string_view to_string(runtime::feed_change change) noexcept;

/// Where a calendar is read by a token, below `base`.
[[nodiscard]] std::string feed_url(const std::string& base, const std::string& token);

}  // namespace perin::net
