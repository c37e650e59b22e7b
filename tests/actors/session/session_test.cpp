#include "tests/actors/actor_fixture.hpp"

#include <caf/typed_event_based_actor.hpp>

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;

TEST_CASE_METHOD(actor_world, "a session lets go of its sink when it ends, however it does") {
    auto client = connect();
    send(client, message("hello"));
    REQUIRE(client.news.use_count() == 2);
    SECTION("as it is told to") { caf::anon_send(client.session, session_stop{}); }
    SECTION("by a kill") { caf::anon_send_exit(client.session, caf::exit_reason::kill); }
    SECTION("by an error") {
        caf::anon_send_exit(client.session, caf::exit_reason::unhandled_exception);
    }
    settle();
    // The connection still has the actor's handle: it learns of the end by its sink's.
    CHECK(client.session);
    CHECK(client.news.use_count() == 1);
}

namespace {

/// Refuses what is asked of it, and says what that was.
workflows_actor::behavior_type reciting_workflows(
    std::shared_ptr<std::vector<command_workflow>> asked) {
    const auto nobody = [] { return failure{error_code::internal, "nobody was to ask this"}; };
    return {
        [nobody](const begin_workflow&) -> result<workflow::account_of> { return nobody(); },
        [asked](const command_workflow& what) -> result<workflow::account_of> {
            asked->push_back(what);
            if (what.id == "wfl_over") return failure{error_code::conflict, "it is over"};
            return workflow::account_of{};
        },
        [nobody](const find_workflow&) -> result<workflow::account_of> { return nobody(); },
        [](const forget_user&) {},
        [](tick) {},
        [nobody](const describe_actors&) -> result<actor_report> { return nobody(); },
    };
}

}  // namespace

TEST_CASE_METHOD(actor_world,
                 "a session hands on what is wanted of a workflow, and the answer back") {
    auto asked = std::make_shared<std::vector<command_workflow>>();
    const auto order = [&](const connected_client& from, const std::string& id) {
        command_workflow wanted{id, anna.id, {}, answer_step{"slot", {{"start", 1}}}};
        caf::anon_send(from.session, session_command{session_workflow{"\"r1\"", wanted}});
        settle();
    };
    auto client = connect();
    SECTION("nobody carries out workflows") {
        order(client, "wfl_1");
        REQUIRE(client.news->failures.size() == 1);
        CHECK(client.news->failures[0].code == error_code::unavailable);
    }
    SECTION("somebody does") {
        auto workflows = system.spawn(reciting_workflows, asked);
        sessions->workflows.put(workflows);
        order(client, "wfl_1");
        CHECK(client.news->finished == std::vector<std::string>{"\"r1\""});
        REQUIRE(asked->size() == 1);
        CHECK(asked->front().user_id == anna.id);
        CHECK(std::get<answer_step>(asked->front().order).answer == nlohmann::json{{"start", 1}});
        order(client, "wfl_over");
        REQUIRE(client.news->failures.size() == 1);
        CHECK(client.news->failures[0].code == error_code::conflict);
        sessions->workflows.clear();
        caf::anon_send_exit(workflows, caf::exit_reason::user_shutdown);
        settle();
    }
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a message that is refused takes no events from the next one") {
    auto first = connect();
    send(first, message("hello"));
    const auto id = first.news->accepted_turns.at(0).conversation_id;
    auto second = connect();
    auto rude = message("now!", id);
    rude.on_busy = busy_policy::reject;
    for (const auto& each : {rude, message("later", id)})
        caf::anon_send(second.session, session_command{session_send{"1", each}});
    settle();
    CHECK(second.news->failures.size() == 1);
    REQUIRE(second.news->accepted_turns.size() == 1);
    model->calls.back()->end("one");
    settle();
    model->calls.back()->end("two");
    settle();
    CHECK(second.news->text().find("two") != std::string::npos);
    CHECK(second.news->all<turn_completed>().size() == 2);
}

TEST_CASE_METHOD(actor_world, "a message that begins what was subscribed too early is followed") {
    auto client = connect();
    const std::string id = "cnv_begunlater1";
    caf::anon_send(client.session,
                   session_command{session_subscribe{"1", {anna.id, id}, 0, 0, {}}});
    caf::anon_send(client.session, session_command{session_send{"2", message("hello", id)}});
    settle();
    REQUIRE(client.news->accepted_turns.size() == 1);
    model->calls.back()->end("here");
    settle();
    CHECK(client.news->text() == "here");
    CHECK(client.news->all<turn_completed>().size() == 1);
}
