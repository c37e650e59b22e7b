#pragma once

#include "domain/booking.hpp"
#include "domain/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <string>

namespace perin {

/// A time that a guest has chosen.
struct chosen_slot {
    timestamp starts_at = {};
    std::chrono::minutes duration{0};
    guest who;
    std::string note = {};
    friend bool operator==(const chosen_slot&, const chosen_slot&) = default;
};

/// `{"start","durationMins","name","email","timezone","note"}`, all but the note required; the mail
/// address is normalized. `invalid_request` with the pointer of the field that is wrong.
[[nodiscard]] result<chosen_slot> chosen_slot_of(const nlohmann::json& body);

/// What `chosen_slot_of` reads.
[[nodiscard]] nlohmann::json to_json(const chosen_slot& slot);

}  // namespace perin
