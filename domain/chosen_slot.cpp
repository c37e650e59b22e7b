#include "domain/chosen_slot.hpp"

#include "domain/account_rules.hpp"
#include "domain/json.hpp"

namespace perin {

using nlohmann::json;
using std::chrono::minutes;

namespace {

failure invalid(const char* pointer, std::string why) {
    return {error_code::invalid_request, std::move(why), pointer};
}

}  // namespace

result<chosen_slot> chosen_slot_of(const json& body) {
    json_reader fields(body);
    const auto start = fields.required_text("start", 1, 40);
    const auto length = fields.optional_integer("durationMins", 1, 1'440);
    auto name = fields.required_text("name", 1, 200);
    const auto email = fields.required_text("email", 1, 320);
    auto zone = fields.required_text("timezone", 1, 100);
    auto note = fields.optional_text("note", 0, 1'000);
    if (fields.error()) return *fields.error();
    if (!length) return invalid("/durationMins", "is missing");
    const auto at = from_rfc3339(start);
    if (!at) return invalid("/start", "is not a time");
    if (const auto fits = check_name(name); !fits) return invalid("/name", fits.error().detail);
    auto address = normalized_email(email);
    if (!address) return invalid("/email", address.error().detail);
    if (!is_timezone(zone)) return invalid("/timezone", "is not a known time zone");
    return chosen_slot{*at,
                       minutes{*length},
                       {std::move(name), std::move(*address), std::move(zone)},
                       note.value_or("")};
}

json to_json(const chosen_slot& slot) {
    return {{"start", to_rfc3339(slot.starts_at)},
            {"durationMins", slot.duration.count()},
            {"name", slot.who.name},
            {"email", slot.who.email},
            {"timezone", slot.who.timezone},
            {"note", slot.note}};
}

}  // namespace perin
