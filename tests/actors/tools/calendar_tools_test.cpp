#include "actors/tools/registry.hpp"
#include "tests/actors/calendar/calendar_world.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;
using nlohmann::json;

namespace {

/// The calendar's tools as a turn calls them.
struct tools_world : calendar_world {
    memory_actor memory;
    std::unique_ptr<actors::tool_registry> tools;
    int calls = 0;

    tools_world() {
        begin("sqlite");
        open();
    }
    ~tools_world() { close(); }

    void open() {
        memory = actors::spawn_memories(system, {sides[0].store, sides[0].reader, clock});
        tools = std::make_unique<actors::tool_registry>(
            actors::calendar_tools(calendars(), memory, clock));
    }
    void close() {
        caf::anon_send_exit(memory, caf::exit_reason::user_shutdown);
        settle();
        memory = nullptr;
        tools.reset();
    }

    result<json> call(const std::string& name, json arguments, std::string id = {}) {
        const auto* one = tools->find(name);
        REQUIRE(one);
        if (id.empty()) id = "call_" + std::to_string(++calls);
        auto actor = one->spawn(system, {anna, "trn_1", id, anna.timezone});
        return ask<result<json>>(actor, tool_run{std::move(arguments)});
    }

    json done(const std::string& name, json arguments, const std::string& id = {}) {
        auto answer = call(name, std::move(arguments), id);
        INFO((answer ? "" : answer.error().detail));
        REQUIRE(answer);
        return *answer;
    }

    json create(const std::string& title, const std::string& when) {
        return done("calendar_create_solo_event", {{"title", title}, {"when", when}});
    }

    error_code refused(const std::string& name, json arguments) {
        auto answer = call(name, std::move(arguments));
        REQUIRE_FALSE(answer);
        return answer.error().code;
    }
};

}  // namespace

TEST_CASE_METHOD(tools_world, "a tool puts an event where it is free and names other times else") {
    const auto made = create("Lunch", "tomorrow at noon");
    CHECK(made["status"] == "created");
    CHECK(made["event"]["startLocal"] == "2026-12-01T12:00:00+01:00");
    CHECK(made["event"]["endLocal"] == "2026-12-01T13:00:00+01:00");
    const auto taken = create("Dentist", "tomorrow at 12:30");
    CHECK(taken["status"] == "taken");
    CHECK(taken["inTheWay"][0]["title"] == "Lunch");
    REQUIRE(taken["alternatives"].size() == 5);
    const auto first = taken["alternatives"][0]["start"].get<std::string>();
    CHECK(create("Dentist", first)["status"] == "created");
    const auto asked = create("Tea", "12/3 at noon");
    CHECK(asked["status"] == "ambiguous");
    CHECK(asked["choices"].size() == 2);
}

TEST_CASE_METHOD(tools_world, "a call that is made again has one event") {
    const json arguments{{"title", "Lunch"}, {"when", "tomorrow at noon"}};
    const auto first = done("calendar_create_solo_event", arguments, "call_a");
    const auto again = done("calendar_create_solo_event", arguments, "call_a");
    CHECK(first == again);
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").size() == 1);
}

TEST_CASE_METHOD(tools_world, "free times are those of the usual hours, ranked by what is liked") {
    const auto found = done("calendar_find_time", {{"when", "tomorrow"}, {"limit", 20}});
    REQUIRE(found["slots"].size() == 16);
    CHECK(found["slots"][0]["startLocal"] == "2026-12-01T09:00:00+01:00");
    CHECK(found["slots"][15]["endLocal"] == "2026-12-01T17:00:00+01:00");
    create("Lunch", "tomorrow at noon");
    CHECK(done("calendar_find_time", {{"when", "tomorrow at 12:30"}})["slots"].empty());
    CHECK(done("calendar_find_time", {{"when", "tomorrow at 1pm"}})["slots"].size() == 1);
    CHECK(done("calendar_find_time", {{"when", "tomorrow at 8pm"}})["slots"].size() == 1);
    // On Saturday only for who wants it.
    CHECK(done("calendar_find_time", {{"when", "on Saturday"}})["slots"].empty());
    CHECK_FALSE(
        done("calendar_find_time", {{"when", "on Saturday"}, {"anyHour", true}})["slots"].empty());
    memory_write liking;
    liking.user_id = anna.id;
    liking.entry.key = "meetings";
    liking.entry.content = "I prefer meetings in the afternoon";
    REQUIRE(ask<result<memory_written>>(memory, liking));
    const auto ranked =
        done("calendar_find_time", {{"when", "tomorrow"}, {"durationMins", 60}, {"limit", 3}});
    for (const auto& slot : ranked["slots"])
        CHECK(slot["startLocal"].get<std::string>() >= "2026-12-01T12:00:00+01:00");
}

TEST_CASE_METHOD(tools_world, "an event is found by its words, moved and cancelled") {
    create("Lunch with Anna", "tomorrow at noon");
    create("Lunch with Bert", "on Wednesday at noon");
    const auto which = done("calendar_cancel_event", {{"event", "lunch"}});
    CHECK(which["status"] == "which");
    CHECK(which["choices"].size() == 2);
    const auto moved =
        done("calendar_reschedule_event", {{"event", "lunch with bert"}, {"when", "2pm"}});
    CHECK(moved["status"] == "moved");
    CHECK(moved["before"]["startLocal"] == "2026-12-02T12:00:00+01:00");
    CHECK(moved["event"]["startLocal"] == "2026-12-02T14:00:00+01:00");
    const auto gone = done("calendar_cancel_event", {{"event", "lunch"}, {"on", "tomorrow"}});
    CHECK(gone["status"] == "cancelled");
    CHECK(gone["event"]["title"] == "Lunch with Anna");
    const auto rest = done("calendar_list_events", {{"when", "this week"}});
    REQUIRE(rest["events"].size() == 1);
    CHECK(rest["events"][0]["title"] == "Lunch with Bert");
    const auto taken = done("calendar_reschedule_event",
                            {{"event", rest["events"][0]["id"]}, {"when", "2026-12-02T13:00:00Z"}});
    CHECK(taken["status"] == "moved");
    CHECK(refused("calendar_cancel_event", {{"event", "dinner"}}) == error_code::not_found);
    CHECK(
        refused("calendar_cancel_event", {{"event", "evt_00000000-0000-7000-8000-000000000000"}}) ==
        error_code::not_found);
}

TEST_CASE_METHOD(tools_world, "of a series one is cancelled, or all of it where that is said") {
    auto series = event("Standup", "2026-12-01T08:00:00Z", "2026-12-01T08:15:00Z");
    series.what.rule = calendar::recurrence_rule{};
    series.what.rule->count = 4;
    booked(series);
    const auto asked = done("calendar_cancel_event", {{"event", "standup"}});
    CHECK(asked["status"] == "which");
    // It is the only one, by chance.
    for (const auto* any : {"meeting", "all my meetings", "events", "every appointment"}) {
        INFO(any);
        const auto again = done("calendar_cancel_event", {{"event", any}, {"wholeSeries", true}});
        CHECK(again["status"] == "which");
        CHECK(again["question"] == "It repeats: only the next one, or the whole series?");
    }
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-10T00:00:00Z").size() == 4);
    const auto one = done("calendar_cancel_event", {{"event", "standup"}, {"on", "on Wednesday"}});
    CHECK(one["event"]["startLocal"] == "2026-12-02T09:00:00+01:00");
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-10T00:00:00Z").size() == 3);
    const auto all = done("calendar_cancel_event", {{"event", "standup"}, {"wholeSeries", true}});
    CHECK(all["status"] == "cancelled");
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-10T00:00:00Z").empty());
}

TEST_CASE_METHOD(tools_world, "another user's event is none") {
    user bert{"usr_00000000-0000-7000-8000-000000000002", "bert@example.org", "Bert", "UTC"};
    REQUIRE(persistence::account_repository(*kept->open_empty()).create(bert, "x"));
    const auto made = create("Secret", "tomorrow at noon");
    const auto* cancel = tools->find("calendar_cancel_event");
    auto actor = cancel->spawn(system, {bert, "trn_2", "call_1", "UTC"});
    const auto answer = ask<result<json>>(actor, tool_run{json{{"event", made["event"]["id"]}}});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == error_code::not_found);
    CHECK(listed("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").size() == 1);
}

TEST_CASE_METHOD(tools_world, "a calendar that does not answer is an error that names it") {
    caf::anon_send_exit(calendars(), caf::exit_reason::kill);
    settle();
    CHECK(refused("calendar_list_events", json::object()) == error_code::unavailable);
}
