#include "actors/tools/registry.hpp"
#include "domain/json_schema.hpp"
#include "tests/actors/delegation/guest_world.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;
using nlohmann::json;

namespace {

/// The guest's tools as a turn calls them.
struct guest_tools_world : guest_world {
    actor_slot<delegations_actor> links;
    created_link link_made;
    int calls = 0;

    guest_tools_world() { open(); }

    void use(json more = json::object()) {
        link_made = link(std::move(more));
        links.put(delegations);
    }

    actors::tool_context context(const std::string& call_id) const {
        actors::tool_context out;
        out.turn_id = "trn_1";
        out.call_id = call_id;
        out.timezone = "America/New_York";
        out.asked_at = clock->time;
        out.guest = guest_call{link_made.link.id, anna.id, conversation};
        return out;
    }

    result<json> call(const std::string& name, json arguments, actors::tool_context from) {
        const actors::tool_registry tools(actors::guest_tools(links, clock));
        const auto* one = tools.find(name);
        REQUIRE(one);
        auto actor = one->spawn(system, std::move(from));
        return ask<result<json>>(actor, tool_run{std::move(arguments)});
    }
    json done(const std::string& name, json arguments, const std::string& id = {}) {
        auto answer = call(name, std::move(arguments),
                           context(id.empty() ? "call_" + std::to_string(++calls) : id));
        INFO((answer ? "" : answer.error().detail));
        REQUIRE(answer);
        return *answer;
    }
    failure refused(const std::string& name, json arguments) {
        const auto answer =
            call(name, std::move(arguments), context("call_" + std::to_string(++calls)));
        REQUIRE_FALSE(answer);
        return answer.error();
    }
    static json meeting(const std::string& start) {
        return {{"start", start}, {"name", "Gustav"}, {"email", "Gustav@Example.org"}};
    }
};

constexpr auto check = "delegation_check_availability";
constexpr auto schedule = "delegation_schedule_meeting";

}  // namespace

TEST_CASE_METHOD(guest_tools_world, "a guest's tool tells free times in the guest's zone") {
    use({{"maxBookings", 3}});
    const auto next = done(check, json::object());
    CHECK(next["free"].is_null());
    CHECK(next["durationMins"] == 30);
    CHECK(next["timezone"] == "America/New_York");
    CHECK(next["slots"].size() == 20);
    booked(event("Lunch", "2026-12-01T11:00:00Z", "2026-12-01T12:00:00Z"));
    // 6:00 in New York is noon in Vienna.
    const auto taken = done(check, {{"when", "tomorrow at 6 am"}, {"durationMins", 60}});
    CHECK(taken["free"] == false);
    CHECK(taken["durationMins"] == 60);
    REQUIRE_FALSE(taken["slots"].empty());
    for (const auto& each : taken["slots"]) {
        const scheduling::interval slot{at(each["start"].get<std::string>()),
                                        at(each["end"].get<std::string>())};
        CHECK_FALSE(overlap(slot, {at("2026-12-01T11:00:00Z"), at("2026-12-01T12:00:00Z")}));
    }
    const auto free = done(check, {{"when", "tomorrow at 7 am"}});
    CHECK(free["free"] == true);
    CHECK(free["slots"].size() == 20);
    const auto day = done(check, {{"when", "tomorrow"}});
    CHECK(day["free"].is_null());
    CHECK(day["slots"][0]["startLocal"] == "2026-12-01T03:00:00-05:00");
    const auto none = done(check, {{"when", "on Saturday"}});
    CHECK(none["slots"].empty());
    const auto wrong = refused(check, {{"durationMins", 45}});
    CHECK(wrong.code == error_code::invalid_request);
    CHECK(wrong.detail == "the meeting can last 30 or 60 minutes");
}

TEST_CASE_METHOD(guest_tools_world, "a guest's tool books a meeting, once for each call") {
    use({{"maxBookings", 3}});
    const auto made = done(schedule, meeting("tomorrow at 7 am"), "call_a");
    CHECK(made["status"] == "confirmed");
    CHECK(made["start"] == "2026-12-01T12:00:00Z");
    CHECK(made["startLocal"] == "2026-12-01T07:00:00-05:00");
    CHECK(made["endLocal"] == "2026-12-01T07:30:00-05:00");
    CHECK(made["bookingId"].is_string());
    CHECK(done(schedule, meeting("tomorrow at 7 am"), "call_a") == made);
    CHECK(events() == 1);
    REQUIRE(stands(link_made).bookings.size() == 1);
    CHECK(stands(link_made).bookings[0].who ==
          guest{"Gustav", "gustav@example.org", "America/New_York"});
    const auto taken = done(schedule, meeting("tomorrow at 7 am"));
    CHECK(taken["status"] == "taken");
    REQUIRE(taken["alternatives"].size() == 5);
    CHECK(done(schedule, meeting(taken["alternatives"][0]["start"]))["status"] == "confirmed");
    CHECK(refused(schedule, meeting("tomorrow at 3 pm")).code == error_code::invalid_request);
    CHECK(refused(schedule, meeting("tomorrow")).detail == "At what time of that day?");
    // A long id of a call is as good as any.
    const auto long_one = meeting("tomorrow at 8 am");
    const auto first = done(schedule, long_one, std::string(500, 'x'));
    CHECK(done(schedule, long_one, std::string(500, 'x')) == first);
    CHECK(refused(schedule, meeting("tomorrow at 9 am")).code == error_code::gone);
}

TEST_CASE_METHOD(guest_tools_world, "a meeting that the owner decides on awaits the owner") {
    use({{"approval", true}});
    CHECK(done(schedule, meeting("tomorrow at 7 am"))["status"] == "awaiting_approval");
    CHECK(refused(schedule, meeting("tomorrow at 8 am")).code == error_code::conflict);
    CHECK(refused(check, {{"when", "tomorrow"}}).code == error_code::gone);
}

TEST_CASE_METHOD(guest_tools_world, "whose link it is only the context says") {
    use();
    for (const auto* name : {check, schedule}) {
        auto owner = context("call_1");
        owner.guest.reset();
        owner.caller = anna;
        const auto answer = call(name, meeting("tomorrow at 7 am"), owner);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == error_code::forbidden);
    }
    const auto other = link();
    auto arguments = meeting("tomorrow at 7 am");
    arguments["delegationId"] = other.link.id;
    for (const auto& each : actors::guest_tools(links, clock))
        CHECK_FALSE(check_schema(each.definition.parameters, arguments));
    done(schedule, arguments);
    CHECK(stands(other).bookings.empty());
}
