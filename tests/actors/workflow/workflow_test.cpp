#include "tests/actors/workflow/workflow_world.hpp"

namespace perin::test {

using namespace runtime;
using persistence::test::drivers;
using list = std::vector<std::string>;

namespace {

/// Each test on both databases.
struct world : workflow_world {
    world() { driver = GENERATE(from_range(drivers())); }
    std::string driver;
    void begin_world() { begin_on(driver); }

    std::string began(const std::string& kind_name) {
        const auto made = begin(kind_name);
        REQUIRE(made);
        settle();
        return made->is.id;
    }
    std::size_t resident() {
        const auto report = ask<result<actor_report>>(workflows, describe_actors{});
        REQUIRE(report);
        return report->children.size();
    }
};

error_code code_of(const workflow_world::reply& answer) {
    REQUIRE_FALSE(answer);
    return answer.error().code;
}

}  // namespace

TEST_CASE_METHOD(world, "a workflow does its steps in order, each once") {
    begin_world();
    const auto id = began("five");
    CHECK(steps->begun == list{"s1", "s2", "s3", "s4", "s5"});
    CHECK(status(id) == "completed");
    CHECK(history(id) == list{"begun", "step.started s1", "step.done s1", "step.started s2",
                              "step.done s2", "step.started s3", "step.done s3", "step.started s4",
                              "step.done s4", "step.started s5", "step.done s5", "completed"});
    const auto done = now(id);
    CHECK(done.steps.at(4).outcome == nlohmann::json{{"step", "s5"}});
    crash();
    CHECK(status(id) == "completed");
    CHECK(steps->begun.size() == 5);
}

TEST_CASE_METHOD(world, "the answer to a beginning can wait until the workflow rests") {
    define("asks", {"work", "ask"});
    begin_world();
    begin_workflow wanted;
    wanted.user_id = anna.id;
    wanted.kind = "asks";
    wanted.until_it_rests = 10s;
    const auto resting = ask<reply>(workflows, wanted);
    REQUIRE(resting);
    CHECK(resting->is.status == workflow::status::waiting);
    CHECK(resting->steps.at(1).waiting->shown == nlohmann::json{{"choose", 3}});

    define("holds", {"hold"});
    stop();
    start();
    wanted.kind = "holds";
    auto pending = self->request(workflows, 60s, wanted);
    settle();
    CHECK_FALSE(has_mail());
    pass(9s);
    CHECK_FALSE(has_mail());
    pass(2s);
    pending.receive([&](reply& late) { CHECK(late->is.status == workflow::status::running); },
                    [&](const caf::error& why) { FAIL(system.render(why)); });
}

TEST_CASE_METHOD(world, "a second beginning of the same id is the first") {
    begin_world();
    begin_workflow wanted;
    wanted.id = "wfl_00000000-0000-7000-8000-000000000009";
    wanted.user_id = anna.id;
    wanted.kind = "five";
    wanted.input = {{"a", 1}};
    REQUIRE(ask<reply>(workflows, wanted));
    settle();
    const auto again = ask<reply>(workflows, wanted);
    REQUIRE(again);
    CHECK(again->is.id == wanted.id);
    CHECK(steps->begun.size() == 5);
    wanted.input = {{"a", 2}};
    CHECK(code_of(ask<reply>(workflows, wanted)) == error_code::conflict);
    wanted.id.clear();
    wanted.kind = "none";
    CHECK(code_of(ask<reply>(workflows, wanted)) == error_code::invalid_request);
}

TEST_CASE_METHOD(world,
                 "a step waits for an answer, also across a restart, and takes a right one") {
    define("asks", {"work", "ask", "work"});
    begin_world();
    const auto id = began("asks");
    CHECK(status(id) == "waiting");
    crash();
    CHECK(status(id) == "waiting");
    CHECK(code_of(order(id, answer_step{"s2", "text"})) == error_code::invalid_request);
    CHECK(code_of(order(id, answer_step{"s1", 7})) == error_code::conflict);
    CHECK(code_of(order(id, answer_step{"s9", 7})) == error_code::not_found);
    REQUIRE(order(id, answer_step{"s2", 7}));
    CHECK(status(id) == "completed");
    CHECK(now(id).steps.at(1).outcome == nlohmann::json{{"chosen", 7}});
    CHECK(code_of(order(id, answer_step{"s2", 7})) == error_code::conflict);
}

TEST_CASE_METHOD(world, "an answer to a paused workflow is kept for when it is resumed") {
    define("asks", {"ask", "work"});
    begin_world();
    const auto id = began("asks");
    REQUIRE(order(id, pause_workflow{"lunch"}));
    CHECK(code_of(order(id, answer_step{"s1", "text"})) == error_code::invalid_request);
    REQUIRE(order(id, answer_step{"s1", 4}));
    CHECK(status(id) == "paused");
    crash();
    CHECK(status(id) == "paused");
    CHECK(steps->count("s2") == 0);
    REQUIRE(order(id, resume_workflow{}));
    CHECK(status(id) == "completed");
    CHECK(now(id).steps.at(0).outcome == nlohmann::json{{"chosen", 4}});
}

TEST_CASE_METHOD(world, "of two who resume at once one does") {
    define("asks", {"ask"});
    begin_world();
    const auto id = began("asks");
    REQUIRE(order(id, pause_workflow{}));
    command_workflow wanted{id, anna.id, {}, resume_workflow{}, {}};
    auto first = self->request(workflows, 60s, wanted);
    auto second = self->request(workflows, 60s, wanted);
    settle();
    int resumed = 0;
    const auto count = [&](const reply& answer) {
        if (answer)
            ++resumed;
        else
            CHECK(answer.error().code == error_code::conflict);
    };
    const auto lost = [&](const caf::error& why) { FAIL(system.render(why)); };
    first.receive(count, lost);
    second.receive(count, lost);
    CHECK(resumed == 1);
}

TEST_CASE_METHOD(world, "a workflow is paused at every step, restarted, and goes on") {
    define("holds", {"hold", "hold", "hold", "hold", "hold"});
    begin_world();
    for (int at = 1; at <= 5; ++at) {
        CAPTURE(driver, at);
        steps->begun.clear();
        const auto id = began("holds");
        const auto end_step = [&](int step) { release("s" + std::to_string(step), step); };
        for (int step = 1; step < at; ++step) end_step(step);
        REQUIRE(order(id, pause_workflow{}));
        // What runs may end; nothing begins.
        end_step(at);
        CHECK(status(id) == "paused");
        crash();
        CHECK(status(id) == "paused");
        CHECK(steps->begun.size() == static_cast<std::size_t>(at));
        REQUIRE(order(id, resume_workflow{}));
        for (int step = at + 1; step <= 5; ++step) end_step(step);
        CHECK(status(id) == "completed");
        CHECK(steps->begun.size() == 5);
    }
}

TEST_CASE_METHOD(world, "a step that runs as the process dies is made again with the same key") {
    define("holds", {"work", "hold", "work"});
    begin_world();
    const auto id = began("holds");
    CHECK(steps->count("s2") == 1);
    crash();
    CHECK(steps->begun == list{"s1", "s2", "s2"});
    CHECK(steps->effects.size() == 2);
    CHECK(steps->held_attempts.at("s2") == 1);
    release("s2");
    CHECK(status(id) == "completed");
}

TEST_CASE_METHOD(world,
                 "a failed attempt is made again, later each time, until there are no more") {
    begin_world();
    steps->failures["s2"] = 2;
    const auto id = began("five");
    CHECK(status(id) == "waiting");
    CHECK(steps->count("s2") == 1);
    for (int i = 0; i < 200 && status(id) != "completed"; ++i) pass(100ms);
    CHECK(status(id) == "completed");
    CHECK(steps->count("s2") == 3);

    steps->failures["s3"] = 100;
    const auto hopeless = began("five");
    for (int i = 0; i < 20 && status(hopeless) != "failed"; ++i) {
        pass(60s);
        // Also where the process goes meanwhile.
        if (i % 2 == 0) crash();
    }
    CHECK(status(hopeless) == "failed");
    CHECK(now(hopeless).steps.at(2).attempts == 4);
    CHECK(now(hopeless).steps.at(2).failed_with == error_code::unavailable);

    // Somebody has it tried again: it goes on from there.
    steps->failures["s3"] = 0;
    const auto before = steps->count("s1");
    REQUIRE(order(hopeless, retry_step{"s3"}));
    CHECK(status(hopeless) == "completed");
    CHECK(steps->count("s1") == before);
    CHECK(code_of(order(hopeless, retry_step{"s3"})) == error_code::conflict);
}

TEST_CASE_METHOD(world, "what cannot help is not tried again") {
    begin_world();
    steps->fails_with = error_code::invalid_request;
    steps->failures["s1"] = 1;
    const auto id = began("five");
    CHECK(status(id) == "failed");
    CHECK(steps->count("s1") == 1);
}

TEST_CASE_METHOD(world, "a step that need not be is skipped, by somebody or as it fails") {
    auto& made = define("optional", {"ask", "work"});
    made.steps.at(0).required = false;
    made.steps.at(1).required = false;
    begin_world();
    const auto id = began("optional");
    REQUIRE(order(id, skip_step{"s1"}));
    CHECK(status(id) == "completed");
    CHECK(now(id).steps.at(0).status == workflow::step_status::skipped);

    steps->fails_with = error_code::invalid_request;
    steps->failures["s2"] = 1;
    const auto other = began("optional");
    REQUIRE(order(other, answer_step{"s1", 1}));
    CHECK(status(other) == "completed");
    CHECK(now(other).steps.at(1).status == workflow::step_status::skipped);

    define("strict", {"ask"});
    stop();
    start();
    const auto strict = began("strict");
    CHECK(code_of(order(strict, skip_step{"s1"})) == error_code::conflict);
}

TEST_CASE_METHOD(world, "a cancelled workflow undoes what it did, the last first") {
    define("asks", {"work", "work", "ask"});
    begin_world();
    const auto id = began("asks");
    CHECK(steps->effects.size() == 3);
    steps->failures["undo s2"] = 1;
    REQUIRE(order(id, cancel_workflow{"no longer"}));
    for (int i = 0; i < 100 && status(id) != "cancelled"; ++i) pass(100ms);
    CHECK(status(id) == "cancelled");
    // The step that waited has done nothing that it has told of.
    CHECK(steps->begun == list{"s1", "s2", "s3", "undo s2", "undo s2", "undo s1"});
    CHECK(code_of(order(id, cancel_workflow{})) == error_code::conflict);
    CHECK(code_of(order(id, resume_workflow{})) == error_code::conflict);
}

TEST_CASE_METHOD(world, "a step that runs as the workflow is cancelled ends first, and is undone") {
    define("holds", {"work", "hold"});
    begin_world();
    const auto id = began("holds");
    REQUIRE(order(id, cancel_workflow{}));
    CHECK(status(id) == "running");
    // The process dies over it: it is made again, to know what there is to undo.
    crash();
    CHECK(status(id) == "running");
    release("s2");
    CHECK(status(id) == "cancelled");
    CHECK(steps->effects.empty());
}

TEST_CASE_METHOD(world, "what cannot be undone fails the workflow, until somebody cancels again") {
    define("asks", {"work", "ask"});
    begin_world();
    const auto id = began("asks");
    steps->failures["undo s1"] = 100;
    REQUIRE(order(id, cancel_workflow{}));
    for (int i = 0; i < 100 && status(id) != "failed"; ++i) pass(10s);
    CHECK(status(id) == "failed");
    steps->failures["undo s1"] = 0;
    REQUIRE(order(id, cancel_workflow{}));
    CHECK(status(id) == "cancelled");
    CHECK_FALSE(steps->effects.contains(workflow::idempotency_key(id, "s1")));
}

TEST_CASE_METHOD(world, "a workflow sleeps for three weeks, out of the process") {
    define("sleeps", {"sleep", "work"});
    parts.tick_every = 60s;
    begin_world();
    const auto id = began("sleeps");
    CHECK(status(id) == "waiting");
    pass(120s);
    CHECK(resident() == 0);
    pass(24h * 20);
    crash();
    pass(120s);
    CHECK(resident() == 0);
    CHECK(steps->count("s2") == 0);
    pass(24h);
    CHECK(steps->count("s2") == 1);
    CHECK(status(id) == "completed");
}

TEST_CASE_METHOD(world, "a workflow that is paused past its time goes on once it is resumed") {
    define("sleeps", {"sleep"});
    parts.tick_every = 60s;
    begin_world();
    const auto id = began("sleeps");
    REQUIRE(order(id, pause_workflow{}));
    pass(24h * 30);
    CHECK(status(id) == "paused");
    REQUIRE(order(id, resume_workflow{}));
    settle();
    CHECK(status(id) == "completed");
}

TEST_CASE_METHOD(world, "a step that dies or does not end is a failed attempt") {
    define("dies", {"die"});
    define("hangs", {"hold"});
    begin_world();
    const auto dead = began("dies");
    for (int i = 0; i < 100 && status(dead) != "failed"; ++i) pass(10s);
    CHECK(status(dead) == "failed");
    CHECK(steps->count("s1") == 4);
    CHECK(now(dead).steps.at(0).failed_with == error_code::internal);

    steps->begun.clear();
    const auto hung = began("hangs");
    pass(29s);
    CHECK(status(hung) == "running");
    pass(3s);
    CHECK(status(hung) == "waiting");
    for (int i = 0; i < 100 && status(hung) != "failed"; ++i) pass(10s);
    CHECK(now(hung).steps.at(0).failed_with == error_code::upstream_timeout);
    CHECK(steps->count("s1") == 4);
}

TEST_CASE_METHOD(world, "a workflow goes on by the version that it began with, or says why not") {
    define("kind", {"ask", "work"}, 1);
    begin_world();
    const auto id = began("kind");
    stop();
    define("kind", {"work"}, 2);
    start();
    REQUIRE(order(id, answer_step{"s1", 1}));
    CHECK(status(id) == "completed");
    CHECK(steps->count("s2") == 1);

    const auto newer = began("kind");
    CHECK(status(newer) == "completed");
    const auto waiting = [&] {
        stop();
        std::erase_if(book->definitions, [](const auto& one) { return one.version == 2; });
        start();
        return began("kind");
    }();
    stop();
    std::erase_if(book->definitions, [](const auto& one) { return one.kind == "kind"; });
    start();
    const auto refused = order(waiting, answer_step{"s1", 1});
    CHECK(code_of(refused) == error_code::conflict);
    CHECK(refused.error().detail ==
          "the workflow began with version 1 of kind, which this program does not have");
    CHECK(status(waiting) == "waiting");
}

TEST_CASE_METHOD(world, "a workflow is its user's alone") {
    define("asks", {"ask"});
    begin_world();
    const auto id = began("asks");
    const std::string bert = "usr_00000000-0000-7000-8000-000000000002";
    CHECK(code_of(ask<reply>(workflows, find_workflow{id, bert})) == error_code::not_found);
    CHECK(code_of(ask<reply>(workflows, command_workflow{id, bert, {}, pause_workflow{}, {}})) ==
          error_code::not_found);
    REQUIRE(ask<reply>(workflows, find_workflow{id, {}}));
    CHECK(code_of(ask<reply>(workflows, find_workflow{"wfl_none", anna.id})) ==
          error_code::not_found);
    // Those that nobody knows leave nothing behind.
    pass(60s);
    CHECK(resident() == 0);
}

TEST_CASE_METHOD(world, "a workflow's history has a bound") {
    parts.most_events = 40;
    add("chatter", [](const auto& run) {
        for (int i = 0; i < 60; ++i) run->progress("line " + std::to_string(i));
        run->end(actors::step_ok{});
    });
    define("chatters", {"chatter", "work"});
    begin_world();
    const auto id = began("chatters");
    CHECK(status(id) == "failed");
    CHECK(now(id).history.size() < 100);
}

TEST_CASE_METHOD(world, "workflows are listed, the newest first, by their state") {
    define("asks", {"ask"});
    begin_world();
    list ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(began(i % 2 == 0 ? "asks" : "five"));
        pass(1s);
    }
    list_workflows wanted{anna.id, {}, 2, {}};
    list found;
    for (;;) {
        const auto page = ask<result<workflow_page>>(reader, wanted);
        REQUIRE(page);
        for (const auto& one : page->items) found.push_back(one.id);
        if (!page->next_cursor) break;
        wanted.cursor = page->next_cursor;
    }
    std::ranges::reverse(ids);
    CHECK(found == ids);
    const auto waiting =
        ask<result<workflow_page>>(reader, list_workflows{{}, workflow::status::waiting, 20, {}});
    REQUIRE(waiting);
    CHECK(waiting->items.size() == 3);
    CHECK(waiting->items.front().waits->what == workflow::waits_for::answer);
    CHECK_FALSE(ask<result<workflow_page>>(reader, list_workflows{{}, {}, 20, "?"}));
}

}  // namespace perin::test
