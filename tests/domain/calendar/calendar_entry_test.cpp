#include "domain/calendar/calendar_entry.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace perin;
using namespace perin::calendar;
using nlohmann::json;

namespace {

calendar_entry lunch() {
    return {.id = "evt_1",
            .title = "Lunch",
            .location = "Caf\xC3\xA9",
            .description = "",
            .starts_at = *from_rfc3339("2026-12-01T11:00:00Z"),
            .ends_at = *from_rfc3339("2026-12-01T11:45:00.500Z"),
            .all_day = false,
            .busy = true,
            .status = event_status::tentative,
            .recurrence_id = "20261201T110000Z"};
}

}  // namespace

TEST_CASE("an entry is written with null for what is empty") {
    CHECK(to_json(lunch()) == json::parse(R"({"id": "evt_1", "title": "Lunch",
        "start": "2026-12-01T11:00:00Z", "end": "2026-12-01T11:45:00.500Z", "allDay": false,
        "busy": true, "status": "tentative", "location": "Café", "description": null,
        "recurrenceId": "20261201T110000Z"})"));
}

TEST_CASE("an entry is read as it was written") {
    CHECK(entry_of(to_json(lunch())) == lunch());
    auto other = lunch();
    other.recurrence_id.reset();
    other.description = "with Anna";
    other.status = event_status::cancelled;
    other.all_day = true;
    other.busy = false;
    CHECK(entry_of(to_json(other)) == other);
}

TEST_CASE("what is no entry is not read as one") {
    for (const auto& other : {json(), json(1), json("x"), json::array(), json::object()})
        CHECK_FALSE(entry_of(other));
    const auto whole = to_json(lunch());
    for (const auto& [name, value] : whole.items()) {
        CAPTURE(name);
        auto broken = whole;
        broken[name] = 7;
        CHECK_FALSE(entry_of(broken));
    }
    auto broken = to_json(lunch());
    broken["status"] = "maybe";
    CHECK_FALSE(entry_of(broken));
    broken = to_json(lunch());
    broken["start"] = "tomorrow";
    CHECK_FALSE(entry_of(broken));
}
