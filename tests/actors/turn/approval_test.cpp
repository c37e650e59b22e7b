#include "domain/notification_talk.hpp"
#include "persistence/notifications.hpp"
#include "persistence/timers.hpp"
#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;
using namespace std::chrono_literals;

namespace {

constexpr auto conv = "cnv_12345678";

/// A world in which a memory is kept only once its user has approved it.
struct asking_world : actor_world {
    asking_world() {
        stop();
        approvals = {"memory_remember=always"};
        start();
    }

    void remember(const connected_client& client, const std::string& text = "remember my sister") {
        const auto calls = model->calls.size();
        send(client, message(text, conv));
        REQUIRE(model->calls.size() == calls + 1);
        model->calls.back()->end(
            "", {{"call_1", "memory_remember", R"({"key":"sister","content":"Her name is Ida"})"}});
        settle();
    }
    /// The responder answers.
    void respond(const std::string& text) {
        REQUIRE(model->calls.back()->request.stream);
        model->calls.back()->end(text);
        settle();
    }
    std::vector<notification> open_ones() {
        auto page = ask<result<notification_page>>(
            notifications.load(), list_notifications{anna.id, notification_state::open, 20, {}});
        REQUIRE(page);
        return std::move(page->items);
    }
    result<notification> resolve(const std::string& id, const std::string& action) {
        resolve_notification wanted;
        wanted.user_id = anna.id;
        wanted.id = id;
        wanted.action = action;
        return ask<result<notification>>(notifications.load(), std::move(wanted));
    }
    std::size_t kept() {
        auto all = ask<result<std::vector<memory_entry>>>(memory, memory_query_all{anna.id});
        REQUIRE(all);
        return all->size();
    }
    std::size_t decisions_left() {
        auto db = open(persistence::sqlite_mode::read_only);
        auto due = persistence::timer_repository(*db).due(clock->time + 24h, 10);
        REQUIRE(due);
        return due->size();
    }
    [[nodiscard]] const std::string& system_prompt_of(std::size_t call) const {
        return model->calls.at(call)->request.messages.front().content;
    }
};

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_METHOD(asking_world,
                 "a call that has to be approved opens a notification and does not run") {
    auto client = connect();
    remember(client);
    const auto results = client.news->all<tool_finished>();
    REQUIRE(results.size() == 1);
    CHECK(results[0].outcome.status == tool_status::ok);
    CHECK(results[0].outcome.result["status"] == "awaiting_approval");
    CHECK(results[0].outcome.result["title"] == "Remember sister: Her name is Ida");
    CHECK(kept() == 0);
    const auto open = open_ones();
    REQUIRE(open.size() == 1);
    CHECK(open[0].id == results[0].outcome.result["notificationId"]);
    CHECK(open[0].type == tool_approval);
    CHECK(actions_of(open[0]) == std::vector<std::string>{"approve", "refuse"});
    CHECK(open[0].expires_at == clock->time + 7 * 24h);
    const auto payload = nlohmann::json::parse(open[0].payload);
    CHECK(payload["conversationId"] == conv);
    CHECK(payload["tool"] == "memory_remember");
    CHECK(payload["arguments"]["key"] == "sister");
    // No further round: the responder tells, and is told how.
    REQUIRE(model->calls.size() == 2);
    CHECK(says(system_prompt_of(1), "awaiting_approval"));
    respond("I wait for your yes.");
    CHECK(client.news->all<turn_completed>().size() == 1);
    leave(client);
}

TEST_CASE_METHOD(asking_world, "what is approved runs in a turn of its own, which tells") {
    auto client = connect();
    remember(client);
    respond("I wait for your yes.");
    const auto id = open_ones().at(0).id;
    REQUIRE(resolve(id, "approve"));
    settle();
    CHECK(decisions_left() == 0);
    CHECK(kept() == 1);
    // No planner: the approved call is the round.
    REQUIRE(model->calls.size() == 3);
    const auto& asked = model->calls[2]->request;
    CHECK(asked.stream);
    CHECK(says(asked.messages.front().content, "has approved"));
    CHECK(asked.messages.back().role == chat_role::tool);
    const auto started = client.news->all<turn_started>();
    REQUIRE(started.size() == 2);
    CHECK(started[1].message == "Approved: Remember sister: Her name is Ida");
    CHECK(started[1].mode == execution_mode::tools);
    respond("Done.");
    CHECK(client.news->all<turn_completed>().size() == 2);
    CHECK(resolve(id, "approve").error().code == error_code::conflict);
    settle();
    CHECK(model->calls.size() == 3);
    CHECK(open_ones().empty());
    leave(client);
}

TEST_CASE_METHOD(asking_world, "what is refused does not run, and the responder is told") {
    auto client = connect();
    remember(client);
    respond("I wait for your yes.");
    REQUIRE(resolve(open_ones().at(0).id, "refuse"));
    settle();
    CHECK(kept() == 0);
    const auto results = client.news->all<tool_finished>();
    REQUIRE(results.size() == 2);
    CHECK(results[1].outcome.error_code == "forbidden");
    CHECK(results[1].outcome.error_message == "the user refused it");
    CHECK(client.news->all<turn_started>().at(1).message ==
          "Refused: Remember sister: Her name is Ida");
    CHECK(says(system_prompt_of(2), "refused"));
    respond("I left it.");
    leave(client);
}

TEST_CASE_METHOD(asking_world, "a plain yes in chat approves, by way of the tool") {
    auto client = connect();
    remember(client);
    respond("I wait for your yes.");
    const auto id = open_ones().at(0).id;
    send(client, message("Yes, please.", conv));
    // The message alone would have been answered directly.
    REQUIRE(model->calls.size() == 3);
    const auto& planner = model->calls[2]->request;
    CHECK_FALSE(planner.stream);
    CHECK(says(planner.messages.front().content, "call notifications_resolve with them"));
    REQUIRE(planner.context.notifications.size() == 1);
    CHECK(planner.context.answered == notification_answer{id, "approve"});
    model->calls[2]->end("", {{"call_1", "notifications_resolve",
                               R"({"notificationId":")" + id + R"(","action":"approve"})"}});
    settle();
    CHECK(client.news->all<tool_finished>().back().outcome.result["status"] == "resolved");
    model->calls[3]->end("");
    settle();
    respond("Approved.");
    // The decision was queued behind this turn.
    CHECK(kept() == 1);
    respond("Done.");
    CHECK(client.news->all<turn_completed>().size() == 3);
    std::vector<stage_name> seen;
    for (const auto& one : client.news->all<stage_changed>())
        if (one.status == stage_status::done) seen.push_back(one.name);
    CHECK(std::count(seen.begin(), seen.end(), stage_name::notifications_action) == 1);
    CHECK(std::count(seen.begin(), seen.end(), stage_name::load_notifications_context) == 3);
    leave(client);
}

TEST_CASE_METHOD(asking_world, "a model that approves what the user did not say is refused") {
    auto client = connect();
    remember(client);
    respond("I wait for your yes.");
    const auto id = open_ones().at(0).id;
    const auto [said, action] = GENERATE(table<std::string, std::string>(
        {{"remember what I like to eat", "approve"}, {"no", "approve"}, {"yes", "refuse"}}));
    send(client, message(said, conv));
    REQUIRE(model->calls.size() == 3);
    model->calls[2]->end("",
                         {{"call_1", "notifications_resolve",
                           R"({"notificationId":")" + id + R"(","action":")" + action + R"("})"}});
    settle();
    CHECK(client.news->all<tool_finished>().back().outcome.error_code == "forbidden");
    CHECK(open_ones().size() == 1);
    model->calls[3]->end("");
    settle();
    respond("That is yours to decide.");
    CHECK(kept() == 0);
    leave(client);
}

TEST_CASE_METHOD(asking_world, "a turn that runs again asks no second time") {
    auto client = connect();
    remember(client);
    const auto id = open_ones().at(0).id;
    SECTION("its result was on disk") {}
    SECTION("its result was not: the same notification is found") {
        auto db = open(persistence::sqlite_mode::read_write);
        REQUIRE(db->execute("DELETE FROM journal WHERE kind = 'turn.tool'"));
    }
    leave(client);
    crash();
    auto again = connect();
    subscribe(again, conv, 0);
    REQUIRE(model->calls.size() == 1);
    CHECK(model->calls[0]->request.stream);
    respond("I wait for your yes.");
    REQUIRE(open_ones().size() == 1);
    CHECK(open_ones()[0].id == id);
    leave(again);
}

TEST_CASE_METHOD(asking_world, "a decision survives a crash before anybody was told") {
    auto client = connect();
    remember(client);
    respond("I wait for your yes.");
    const auto id = open_ones().at(0).id;
    leave(client);
    stop();
    {
        // As the store wrote it, with nothing after it.
        auto db = open(persistence::sqlite_mode::read_write);
        REQUIRE(persistence::notification_repository(*db).resolve(
            anna.id, id, R"({"action":"approve","data":null})", clock->time));
        REQUIRE(
            persistence::timer_repository(*db).put({"approval.decided/" + id, "approval.decided",
                                                    id, anna.id, clock->time, "{}", clock->time}));
    }
    start();
    advance(1ms);
    REQUIRE(model->calls.size() == 1);
    CHECK(kept() == 1);
    CHECK(decisions_left() == 0);
    SECTION("and a second one within the turn that carries it out") {
        crash();
        CHECK(kept() == 1);
        REQUIRE(model->calls.size() == 1);
    }
    CHECK(says(system_prompt_of(0), "has approved"));
    respond("Done.");
    crash();
    CHECK(model->calls.empty());
    CHECK(kept() == 1);
}

TEST_CASE_METHOD(asking_world, "a decision that waits in a queue is carried out after a crash") {
    auto client = connect();
    remember(client);
    respond("I wait for your yes.");
    send(client, message("tell me a story", conv));
    REQUIRE(resolve(open_ones().at(0).id, "approve"));
    settle();
    CHECK(kept() == 0);
    leave(client);
    crash();
    REQUIRE(model->calls.size() == 1);
    model->calls[0]->end("Once upon a time");
    settle();
    CHECK(kept() == 1);
    CHECK(says(system_prompt_of(1), "has approved"));
    respond("Done.");
}

TEST_CASE_METHOD(asking_world, "the conversation is full: the decision is told later") {
    auto client = connect();
    remember(client);
    respond("I wait for your yes.");
    const auto id = open_ones().at(0).id;
    for (int i = 0; i < 6; ++i) send(client, message("tell me a story", conv));
    REQUIRE(resolve(id, "approve"));
    settle();
    CHECK(decisions_left() == 1);
    for (int i = 0; i < 6; ++i) {
        model->calls.back()->end("Once upon a time");
        settle();
    }
    CHECK(kept() == 0);
    clock->time += 5s;
    advance(5s);
    CHECK(kept() == 1);
    CHECK(decisions_left() == 0);
    respond("Done.");
    leave(client);
}

TEST_CASE_METHOD(asking_world, "a decision for a conversation that was deleted is dropped") {
    auto client = connect();
    remember(client);
    respond("I wait for your yes.");
    const auto id = open_ones().at(0).id;
    REQUIRE(ask<result<void>>(conversations, chat_erase{{anna.id, conv}}));
    REQUIRE(resolve(id, "approve"));
    settle();
    CHECK(decisions_left() == 0);
    CHECK(kept() == 0);
    leave(client);
}

TEST_CASE_METHOD(asking_world, "an approval that has expired is gone") {
    auto client = connect();
    remember(client);
    respond("I wait for your yes.");
    const auto id = open_ones().at(0).id;
    clock->time += 7 * 24h;
    CHECK(resolve(id, "approve").error().code == error_code::gone);
    CHECK(kept() == 0);
    leave(client);
}

TEST_CASE_METHOD(asking_world,
                 "the notifications are away: the turn goes on, the call does not run") {
    auto client = connect();
    caf::anon_send_exit(notifications.load(), caf::exit_reason::kill);
    settle();
    remember(client);
    CHECK(kept() == 0);
    CHECK(client.news->all<tool_finished>().at(0).outcome.error_code == "unavailable");
    model->calls.back()->end("");
    settle();
    respond("It could not be asked for.");
    auto failed = false;
    for (const auto& one : client.news->all<stage_changed>())
        failed = failed || (one.name == stage_name::load_notifications_context &&
                            one.status == stage_status::failed);
    CHECK(failed);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "nothing is asked first where nothing says so") {
    auto client = connect();
    send(client, message("remember my sister", conv));
    model->calls[0]->end("", {{"call_1", "memory_remember", R"({"key":"a","content":"b"})"}});
    settle();
    auto kept = ask<result<std::vector<memory_entry>>>(memory, memory_query_all{anna.id});
    REQUIRE(kept);
    CHECK(kept->size() == 1);
    model->calls[1]->end("");
    settle();
    model->calls[2]->end("Done.");
    settle();
    leave(client);
}

TEST_CASE("rules of approval must name tools that are there") {
    auto tools = actors::memory_tools({});
    const nlohmann::json arguments{{"key", "a"}, {"content", "b"}};
    REQUIRE(actors::require_approvals(tools, std::vector<std::string>{"memory_forget=always"}));
    CHECK_FALSE(actors::asks_first(tools[0], arguments));
    CHECK(actors::asks_first(tools[1], arguments));
    REQUIRE(actors::require_approvals(tools, std::vector<std::string>{"memory_forget=external"}));
    CHECK_FALSE(actors::asks_first(tools[1], arguments));
    tools[1].reaches_others = [](const nlohmann::json& of) { return of.contains("attendees"); };
    CHECK_FALSE(actors::asks_first(tools[1], arguments));
    CHECK(actors::asks_first(tools[1], {{"attendees", 1}}));
    const auto unknown =
        actors::require_approvals(tools, std::vector<std::string>{"no_such_tool=always"});
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().detail == "tool_approval: there is no tool no_such_tool");
}

TEST_CASE("a call is described in a sentence of its tool, or by its name and arguments") {
    auto tools = actors::memory_tools({});
    CHECK(actors::description_of(tools[0], {{"key", "a"}, {"content", "b\nc"}}) ==
          "Remember a: b c");
    tools[0].describe = nullptr;
    CHECK(actors::description_of(tools[0], {{"key", "a"}, {"importance", 0.5}}) ==
          "memory_remember (importance: 0.5, key: a)");
    CHECK(actors::description_of(tools[0], nlohmann::json::object()) == "memory_remember");
    CHECK(actors::description_of(tools[0], {{"key", std::string(500, 'x')}}) ==
          "memory_remember (key: " + std::string(60, 'x') + "...)");
}
