#pragma once

#include "domain/calendar/content_line.hpp"
#include "domain/calendar/event.hpp"
#include "domain/calendar/zone_clock.hpp"
#include "domain/calendar/zone_definition.hpp"
#include "domain/result.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace perin::calendar {

/// Bounds on one event of an imported file: code points of texts, and how many of the rest.
inline constexpr std::size_t longest_title = 1'000;
inline constexpr std::size_t longest_description = 20'000;
inline constexpr std::size_t longest_location = 1'000;
inline constexpr std::size_t longest_uid = 1'000;
inline constexpr std::size_t most_dates = 5'000;
inline constexpr std::size_t most_attendees = 500;

/// The time zones of one file.
class file_zones {
  public:
    void define(zone_definition definition);

    /// The moment that a DATE or DATE-TIME value with its TZID is. `fixed` is set where the zone is
    /// known by the file alone, so that it could only be put down in UTC.
    [[nodiscard]] result<moment> read(const property& from, std::string_view value, bool& fixed);

    /// The clock of a zone, kept for the next question.
    [[nodiscard]] zone_clock& clock(const std::string& timezone);

  private:
    std::unordered_map<std::string, zone_definition> definitions_;
    // By TZID and year: the same definition may mean another zone in another decade.
    std::map<std::pair<std::string, int>, std::optional<std::string>> names_;
    std::unordered_map<std::string, zone_clock> clocks_;
    std::size_t defined_times_ = 0;
};

/// What an event was read as, and what of it was not taken as it stood.
struct event_read {
    event what;
    std::vector<std::string> remarks;
};

/// Reads the properties of one VEVENT, without what stands in components within it. Attachments and
/// what is not known are left out; no address in it is ever looked at. `recurrence_id` is on the
/// clock that the file wrote it on. `invalid_request` says why it is no event.
[[nodiscard]] result<event_read> read_event(const std::vector<property>& properties,
                                            file_zones& zones);

/// Reads a DURATION value (RFC 5545 section 3.3.6) that is not negative: its days, which follow the
/// wall clock, and its time. Nothing where it is none.
struct length_of_time {
    std::chrono::days days{};
    seconds time{};
};
[[nodiscard]] std::optional<length_of_time> parse_duration(std::string_view text);

}  // namespace perin::calendar
