#pragma once

#include "domain/result.hpp"
#include "domain/scheduling/interval.hpp"
#include "domain/time_phrases.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perin {

/// RFC 3339 with the offset that the zone has then: `2026-12-01T09:00:00+01:00`. UTC where the
/// system does not know the zone.
[[nodiscard]] std::string to_rfc3339(timestamp at, const std::string& timezone);

/// A time that was said, in words or as RFC 3339 writes it.
struct meant_time {
    timestamp start = {};
    /// Nothing where only a moment was said.
    std::optional<timestamp> end = {};
    enum time_phrase::precision precision = time_phrase::precision::minute;
    /// Said by itself, as in "for 45 minutes".
    std::optional<std::chrono::minutes> length = {};
};

/// Words that can mean more than one time.
struct time_question {
    /// To be put to the user.
    std::string question;
    /// All that can be meant; of a moment without an end and a length the end is the start.
    std::vector<scheduling::interval> choices;
};

using heard_time = std::variant<meant_time, time_question, failure>;

/// What somebody means by `words` who speaks at `now` in a zone (IANA). `invalid_request` where
/// they name no time.
[[nodiscard]] heard_time hear_time(std::string_view words, timestamp now,
                                   const std::string& timezone);

/// As `hear_time`, of something that is at `current` now and is to be moved: a time of the day
/// alone is meant on its day.
[[nodiscard]] heard_time hear_new_time(std::string_view words, timestamp now,
                                       const std::string& timezone, timestamp current);

/// Whether words name a day ("tomorrow", "on Friday", "the 3rd") and not just a time of it.
[[nodiscard]] bool names_a_day(std::string_view words);

}  // namespace perin
