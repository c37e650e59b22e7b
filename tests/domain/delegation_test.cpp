#include "domain/delegation.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace perin;
using nlohmann::json;
using std::chrono::minutes;

namespace {

const timestamp now = *from_rfc3339("2026-11-30T23:30:00Z");
/// Where it is the next day already.
const user anna{"usr_anna", "anna@example.org", "Anna", "Europe/Vienna"};

json least() { return {{"title", "Intro call"}, {"durationsMins", {30}}}; }

json full() {
    return json::parse(R"({"title":"Intro call", "durationsMins":[60,30,30],
        "windowStart":"2026-12-01", "windowEnd":"2026-12-14", "timezone":"America/New_York",
        "workingHours":{"mon":[["09:00","12:00"],["13:00","24:00"]], "tue":[["09:00","17:00"]]},
        "bufferBeforeMins":10, "bufferAfterMins":15, "minimumNoticeMins":60, "slotStepMins":15,
        "maxPerDay":4, "approval":true, "expiresAt":"2026-12-14T00:00:00Z", "maxBookings":3,
        "maxTurns":20})");
}

date::local_days day(const char* text) {
    const auto at = *from_rfc3339(std::string(text) + "T00:00:00Z");
    return date::local_days{date::days{at.time_since_epoch() / std::chrono::hours{24}}};
}

}  // namespace

TEST_CASE("a link of the least that is needed has the defaults of its owner") {
    const auto link = delegation_of(least(), anna, now);
    REQUIRE(link);
    CHECK(link->title == "Intro call");
    CHECK(link->rules.durations == std::vector{minutes{30}});
    CHECK(link->rules.timezone == "Europe/Vienna");
    CHECK(link->rules.first_day == day("2026-12-01"));
    CHECK(link->rules.last_day == day("2026-12-14"));
    CHECK(link->rules.hours == scheduling::office_hours());
    CHECK(link->rules.notice == minutes{120});
    CHECK(link->rules.step == minutes{30});
    CHECK_FALSE(link->rules.most_a_day);
    CHECK_FALSE(link->approval);
    CHECK(to_rfc3339(link->expires_at) == "2026-12-07T23:30:00Z");
    CHECK(link->most_uses == 1);
    CHECK(link->most_turns == 50);
}

TEST_CASE("every field of a link is taken as it is given") {
    const auto link = delegation_of(full(), anna, now);
    REQUIRE(link);
    CHECK(link->rules.durations == std::vector{minutes{30}, minutes{60}});
    CHECK(link->rules.hours.days[0] ==
          std::vector<scheduling::daily_hours>{{minutes{540}, minutes{720}},
                                               {minutes{780}, minutes{1440}}});
    CHECK(link->rules.hours.days[2].empty());
    CHECK(link->rules.around == scheduling::buffers{minutes{10}, minutes{15}});
    CHECK(link->rules.most_a_day == 4);
    CHECK(link->approval);
    CHECK(link->most_uses == 3);
    CHECK(link->most_turns == 20);
    const auto who = person_of(link->rules);
    CHECK(who.timezone == "America/New_York");
    CHECK(who.most.a_day == 4);
    CHECK(who.first_day == day("2026-12-01"));
    // What is written is read as the same.
    const auto again = link_rules_of(to_json(link->rules), "UTC", day("2020-01-01"));
    REQUIRE(again);
    CHECK(*again == link->rules);
}

TEST_CASE("a link that cannot be is refused at its field") {
    struct row {
        const char* pointer;
        json change;
    };
    for (const auto& [pointer, change] : std::vector<row>{
             {"/title", {{"title", ""}}},
             {"/title", {{"title", 3}}},
             {"/durationsMins", {{"durationsMins", json::array()}}},
             {"/durationsMins", {{"durationsMins", 30}}},
             {"/durationsMins/0", {{"durationsMins", {4}}}},
             {"/durationsMins/1", {{"durationsMins", {30, 721}}}},
             {"/durationsMins/0", {{"durationsMins", {"30"}}}},
             {"/durationsMins/0", {{"durationsMins", {30.5}}}},
             {"/windowStart", {{"windowStart", "soon"}}},
             {"/windowStart", {{"windowStart", "2026-02-30"}}},
             {"/windowEnd", {{"windowEnd", "2026-11-30"}}},
             {"/windowEnd", {{"windowEnd", "2028-12-30"}}},
             {"/windowEnd", {{"windowStart", "2026-11-01"}, {"windowEnd", "2026-11-02"}}},
             {"/timezone", {{"timezone", "Mars/Olympus"}}},
             {"/timezone", {{"timezone", 1}}},
             {"/workingHours", {{"workingHours", json::object()}}},
             {"/workingHours", {{"workingHours", 9}}},
             {"/workingHours/mon", {{"workingHours", {{"mon", "09:00"}}}}},
             {"/workingHours/mon/0", {{"workingHours", {{"mon", {"09:00", "17:00"}}}}}},
             {"/workingHours/mon/0/1",
              {{"workingHours", json::parse(R"({"mon":[["09:00","24:01"]]})")}}},
             {"/workingHours/mon/0/0",
              {{"workingHours", json::parse(R"({"mon":[["9:00","17:00"]]})")}}},
             {"/workingHours/mon/0/1",
              {{"workingHours", json::parse(R"({"mon":[["17:00","09:00"]]})")}}},
             {"/bufferBeforeMins", {{"bufferBeforeMins", -1}}},
             {"/bufferAfterMins", {{"bufferAfterMins", 721}}},
             {"/minimumNoticeMins", {{"minimumNoticeMins", "60"}}},
             {"/slotStepMins", {{"slotStepMins", 4}}},
             {"/maxPerDay", {{"maxPerDay", 0}}},
             {"/approval", {{"approval", "yes"}}},
             {"/expiresAt", {{"expiresAt", "2026-11-30T23:00:00Z"}}},
             {"/expiresAt", {{"expiresAt", "tomorrow"}}},
             {"/maxBookings", {{"maxBookings", 0}}},
             {"/maxTurns", {{"maxTurns", 1.5}}},
         }) {
        auto body = least();
        body.update(change);
        INFO(body.dump());
        const auto link = delegation_of(body, anna, now);
        REQUIRE_FALSE(link);
        CHECK(link.error().code == error_code::invalid_request);
        CHECK(link.error().pointer == pointer);
    }
}

TEST_CASE("a link says what it is: revoked before expired before spent") {
    auto link = *delegation_of(least(), anna, now);
    CHECK(status_of(link, now) == link_status::active);
    link.uses = 1;
    CHECK(status_of(link, now) == link_status::spent);
    CHECK(status_of(link, link.expires_at) == link_status::expired);
    link.revoked_at = now;
    CHECK(status_of(link, link.expires_at) == link_status::revoked);
    CHECK(to_string(link_status::revoked) == "revoked");
}
