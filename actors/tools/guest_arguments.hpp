#pragma once

#include "actors/tools/calendar_arguments.hpp"
#include "domain/chosen_slot.hpp"

#include <nlohmann/json.hpp>

#include <optional>

namespace perin::actors {

// The arguments of a guest's tools. `calendar_reading::timezone` is the guest's.

/// Definitions, JSON Schema.
[[nodiscard]] nlohmann::json check_availability_schema();
[[nodiscard]] nlohmann::json schedule_meeting_schema();

/// Which free times a guest asks for.
struct availability_asked {
    /// Nothing: the next ones. Empty (`is_empty`): whether a meeting can begin at this moment.
    std::optional<scheduling::interval> within = {};
    /// Nothing: the link's shortest.
    std::optional<std::chrono::minutes> duration = {};
};

/// `{"when","durationMins"}`. `invalid_request` where the words name no time, one that is over, or
/// may mean several: its text is what is to be asked back.
[[nodiscard]] result<availability_asked> read_availability(const nlohmann::json& arguments,
                                                           const calendar_reading& with);

/// `{"start","durationMins","name","email","note"}`; a length that is not said is zero.
/// `invalid_request` also where the words name a day, or a part of one, and no moment of it.
[[nodiscard]] result<chosen_slot> read_meeting(const nlohmann::json& arguments,
                                               const calendar_reading& with);

/// Up to `most` of these times around a moment, the nearest; that moment itself is none of them.
/// By time.
[[nodiscard]] std::vector<scheduling::interval> nearest_times(
    std::vector<scheduling::interval> times, timestamp around, std::size_t most);

}  // namespace perin::actors
