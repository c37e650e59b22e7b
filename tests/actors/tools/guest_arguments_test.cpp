#include "actors/tools/guest_arguments.hpp"

#include "domain/json_schema.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::actors;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

timestamp at(const std::string& text) {
    const auto found = from_rfc3339(text);
    REQUIRE(found);
    return *found;
}

/// A Monday, 8:00 in Vienna.
calendar_reading in_vienna() {
    const auto now = at("2026-11-30T07:00:00Z");
    return {now, now, "Europe/Vienna"};
}

json meeting(const std::string& start) {
    return {{"start", start}, {"name", "Bob Ray"}, {"email", "bob@ray.example"}};
}

failure refused(const auto& read) {
    REQUIRE_FALSE(read);
    return read.error();
}

}  // namespace

TEST_CASE("free times are asked for in the guest's own words") {
    const auto next = read_availability(json::object(), in_vienna());
    REQUIRE(next);
    CHECK_FALSE(next->within);
    CHECK_FALSE(next->duration);
    const auto week = read_availability({{"when", "next week"}, {"durationMins", 60}}, in_vienna());
    REQUIRE(week);
    CHECK(week->within ==
          scheduling::interval{at("2026-12-06T23:00:00Z"), at("2026-12-13T23:00:00Z")});
    CHECK(week->duration == 60min);
    const auto moment = read_availability({{"when", "tomorrow at 10"}}, in_vienna());
    REQUIRE(moment);
    CHECK(moment->within ==
          scheduling::interval{at("2026-12-01T09:00:00Z"), at("2026-12-01T09:00:00Z")});
    const auto exact = read_availability({{"when", "2026-12-01T09:00:00Z"}}, in_vienna());
    CHECK(exact->within == moment->within);
    // Of a stretch that has begun only what is to come.
    const auto today = read_availability({{"when", "today"}}, in_vienna());
    CHECK(today->within->start == at("2026-11-30T07:00:00Z"));
    for (const auto* wrong : {"whenever", "12/3 at 10", "yesterday", "2026-11-29T09:00:00Z"}) {
        CAPTURE(wrong);
        const auto why = refused(read_availability({{"when", wrong}}, in_vienna()));
        CHECK(why.code == error_code::invalid_request);
        CHECK(why.pointer == "/when");
    }
}

TEST_CASE("a meeting begins at a moment, else the guest is asked for one") {
    const auto made = read_meeting(meeting("tomorrow at 10"), in_vienna());
    REQUIRE(made);
    CHECK(made->starts_at == at("2026-12-01T09:00:00Z"));
    CHECK(made->duration == 0min);
    CHECK(made->who == guest{"Bob Ray", "bob@ray.example", "Europe/Vienna"});
    CHECK(read_meeting(meeting("tomorrow from 2pm to 3pm"), in_vienna())->duration == 60min);
    CHECK(read_meeting(meeting("tomorrow at 10 for 45 minutes"), in_vienna())->duration == 45min);
    auto said = meeting("tomorrow at 10 for 45 minutes");
    said["durationMins"] = 30;
    CHECK(read_meeting(said, in_vienna())->duration == 30min);
    struct row {
        const char* start;
        const char* asks;
    };
    for (const auto& [start, asks] : {row{"tomorrow", "At what time of that day?"},
                                      row{"Tuesday afternoon", "At what time of that day?"},
                                      row{"next week", "On which day, and at what time?"},
                                      row{"2026-11-29T09:00:00Z", "this time is over"}}) {
        CAPTURE(start);
        const auto why = refused(read_meeting(meeting(start), in_vienna()));
        CHECK(why.code == error_code::invalid_request);
        CHECK(why.detail == asks);
        CHECK(why.pointer == "/start");
    }
    CHECK(refused(read_meeting(meeting("12/3 at 10"), in_vienna())).detail.starts_with("Do you"));
}

TEST_CASE("words count from when they were said") {
    auto later = in_vienna();
    later.now += 24h * 1;
    CHECK(read_meeting(meeting("tomorrow at 10"), later)->starts_at == at("2026-12-01T09:00:00Z"));
}

TEST_CASE("a guest's arguments name no link, no user and no conversation") {
    for (const auto& schema : {check_availability_schema(), schedule_meeting_schema()}) {
        CHECK(schema["additionalProperties"] == false);
        for (const auto* id : {"delegationId", "userId", "conversationId", "id"})
            CHECK_FALSE(schema["properties"].contains(id));
    }
}

TEST_CASE("the nearest times are told by time") {
    const auto monday = at("2026-11-30T09:00:00Z");
    std::vector<scheduling::interval> times;
    for (int i = 0; i < 10; ++i) times.push_back({monday + i * 30min, monday + (i + 1) * 30min});
    const auto near = nearest_times(times, monday + 2h, 3);
    REQUIRE(near.size() == 3);
    CHECK(near[0].start == monday + 1h);
    CHECK(near[1].start == monday + 90min);
    CHECK(near[2].start == monday + 150min);
    CHECK(nearest_times({}, monday, 3).empty());
}
