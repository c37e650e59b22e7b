#include "domain/workflow/workflow_state.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

using namespace perin;
using namespace perin::workflow;
using nlohmann::json;

namespace {

const timestamp now = *from_rfc3339("2026-12-01T10:00:00Z");

definition three_steps() {
    return {"test",
            1,
            {{.id = "a", .name = "A", .compensates = true},
             {.id = "b", .name = "B", .required = false, .most_attempts = 2},
             {.id = "c", .name = "C", .compensates = true}}};
}

struct running_workflow {
    workflow_state state{three_steps()};
    std::vector<event> history;

    void say(const event& what) {
        history.push_back(what);
        state.apply(what, now);
    }
    void run(const std::string& step, std::uint32_t attempt = 1) {
        say(step_started{step, attempt});
    }
    void finish(const std::string& step) {
        run(step);
        say(step_done{step, {{"of", step}}});
    }
};

error_code code_of(const result<event>& what) {
    REQUIRE_FALSE(what);
    return what.error().code;
}

}  // namespace

TEST_CASE("steps are done one after the other, to the end") {
    running_workflow flow;
    flow.say(begun{"test", 1, {{"for", "anna"}}});
    CHECK(flow.state.status() == status::running);
    CHECK(flow.state.input()["for"] == "anna");
    for (const auto* step : {"a", "b", "c"}) {
        CHECK(flow.state.next(now, false) == action{start_step{step, 1}});
        flow.run(step);
        CHECK(flow.state.next(now, true) == action{rest{}});
        flow.say(step_done{step, {{"of", step}}});
    }
    CHECK(flow.state.next(now, false) == action{conclude{completed{}}});
    flow.say(completed{});
    CHECK(flow.state.status() == status::completed);
    CHECK(flow.state.next(now, false) == action{rest{}});
    CHECK(flow.state.steps()[2].outcome["of"] == "c");
    CHECK(code_of(flow.state.pause("")) == error_code::conflict);
    CHECK(code_of(flow.state.cancel("")) == error_code::conflict);
}

TEST_CASE("an attempt that a crash cut off is made again, under its own number") {
    running_workflow flow;
    flow.run("a");
    CHECK(flow.state.next(now, false) == action{repeat_step{"a", 1}});
    CHECK(idempotency_key("wfl_1", "a") == idempotency_key("wfl_1", "a"));
    CHECK(idempotency_key("wfl_1", "a") != idempotency_key("wfl_1", "b"));
}

TEST_CASE("a step that waits goes on with its answer or at its time") {
    running_workflow flow;
    flow.run("a");
    flow.say(step_waits{"a", waits_for::answer, now + std::chrono::hours{1}});
    CHECK(flow.state.status() == status::waiting);
    CHECK(flow.state.next(now, false) == action{rest{now + std::chrono::hours{1}}});
    CHECK(code_of(flow.state.answer("b", 1)) == error_code::conflict);
    CHECK(code_of(flow.state.answer("x", 1)) == error_code::not_found);
    SECTION("answered") {
        auto answered = flow.state.answer("a", {{"start", "tomorrow"}});
        REQUIRE(answered);
        flow.say(*answered);
        CHECK(flow.state.next(now, false) == action{start_step{"a", 1}});
        CHECK((*flow.state.steps()[0].answer)["start"] == "tomorrow");
        CHECK(code_of(flow.state.answer("a", 1)) == error_code::conflict);
    }
    SECTION("its time has come") {
        const auto later = now + std::chrono::hours{2};
        CHECK(flow.state.next(later, false) == action{conclude{step_answered{"a", nullptr}}});
    }
    SECTION("answered while paused: kept until it is resumed") {
        flow.say(*flow.state.pause("holiday"));
        CHECK(flow.state.status() == status::paused);
        flow.say(*flow.state.answer("a", 7));
        CHECK(flow.state.next(now, false) == action{rest{}});
        flow.say(*flow.state.resume());
        CHECK(flow.state.next(now, false) == action{start_step{"a", 1}});
        CHECK(flow.state.steps()[0].answer == 7);
    }
}

TEST_CASE("a pause lets end what runs and begins nothing; two resumes are one") {
    running_workflow flow;
    flow.run("a");
    flow.say(*flow.state.pause(""));
    CHECK(code_of(flow.state.pause("")) == error_code::conflict);
    CHECK(flow.state.next(now, true) == action{rest{}});
    // A crash while it runs: its effect may be half done, so it is ended first.
    CHECK(flow.state.next(now, false) == action{repeat_step{"a", 1}});
    flow.say(step_done{"a", 1});
    CHECK(flow.state.next(now, false) == action{rest{}});
    flow.say(*flow.state.resume());
    CHECK(code_of(flow.state.resume()) == error_code::conflict);
    CHECK(flow.state.next(now, false) == action{start_step{"b", 1}});
}

TEST_CASE("a failed attempt is tried again, then skipped or failed, as the step is required") {
    running_workflow flow;
    const auto later = now + std::chrono::seconds{5};
    flow.run("a");
    for (std::uint32_t attempt = 1; attempt < 4; ++attempt) {
        const auto told = flow.state.failed_attempt("a", error_code::unavailable, "", true, later);
        REQUIRE(told.size() == 1);
        flow.say(told[0]);
        CHECK(flow.state.status() == status::waiting);
        CHECK(flow.state.next(now, false) == action{rest{later}});
        CHECK(flow.state.next(later, false) == action{start_step{"a", attempt + 1}});
        flow.run("a", attempt + 1);
    }
    for (const auto& each :
         flow.state.failed_attempt("a", error_code::unavailable, "gone", true, later))
        flow.say(each);
    CHECK(flow.state.status() == status::failed);
    CHECK(code_of(flow.state.skip("a")) == error_code::conflict);
    CHECK(code_of(flow.state.retry("b")) == error_code::conflict);
    flow.say(*flow.state.retry("a"));
    CHECK(flow.state.next(now, false) == action{start_step{"a", 1}});
    flow.finish("a");
    flow.run("b");
    for (const auto& each : flow.state.failed_attempt("b", error_code::conflict, "", false, later))
        flow.say(each);
    CHECK(flow.state.steps()[1].status == step_status::skipped);
    CHECK(flow.state.next(now, false) == action{start_step{"c", 1}});
}

TEST_CASE("a cancelled workflow undoes what it has done, the last first") {
    running_workflow flow;
    flow.finish("a");
    flow.finish("b");
    flow.run("c");
    flow.say(*flow.state.cancel("changed my mind"));
    CHECK(code_of(flow.state.cancel("")) == error_code::conflict);
    // What runs ends first: it may have done something.
    CHECK(flow.state.next(now, true) == action{rest{}});
    CHECK(flow.state.next(now, false) == action{repeat_step{"c", 1}});
    flow.say(step_done{"c", 1});
    CHECK(flow.state.next(now, false) == action{compensate_step{"c"}});
    flow.say(step_compensated{"c"});
    // B has nothing that could be undone.
    CHECK(flow.state.next(now, false) == action{compensate_step{"a"}});
    flow.say(step_compensated{"a"});
    CHECK(flow.state.next(now, false) == action{conclude{cancelled{}}});
    flow.say(cancelled{});
    CHECK(flow.state.status() == status::cancelled);
    CHECK(code_of(flow.state.resume()) == error_code::conflict);
}

TEST_CASE("a step is skipped where it is not required and has not ended") {
    running_workflow flow;
    CHECK(code_of(flow.state.skip("a")) == error_code::conflict);
    CHECK(code_of(flow.state.skip("nobody")) == error_code::not_found);
    flow.finish("a");
    flow.run("b");
    CHECK(code_of(flow.state.skip("b")) == error_code::conflict);
    flow.say(step_waits{"b", waits_for::approval, std::nullopt});
    flow.say(*flow.state.skip("b"));
    CHECK(flow.state.next(now, false) == action{start_step{"c", 1}});
    CHECK(code_of(flow.state.skip("b")) == error_code::conflict);
}

TEST_CASE("every event is read as it was written, and what is none is nothing") {
    const std::vector<event> all{begun{"k", 3, {{"x", 1}}},
                                 step_started{"a", 2},
                                 step_progress{"a", "half"},
                                 step_waits{"a", waits_for::event, now},
                                 step_waits{"a", waits_for::time, std::nullopt},
                                 step_answered{"a", {1, 2}},
                                 step_done{"a", "x"},
                                 step_failed{"a", error_code::upstream_failed, "why", now},
                                 step_failed{"a", error_code::internal, "", std::nullopt},
                                 step_skipped{"a"},
                                 step_retried{"a"},
                                 step_compensated{"a"},
                                 paused{"why"},
                                 resumed{},
                                 cancel_asked{""},
                                 cancelled{},
                                 completed{},
                                 failed{"a", error_code::gone}};
    for (const auto& each : all) {
        INFO(kind_of(each));
        const auto again = event_of(kind_of(each), json::parse(to_json(each).dump()));
        REQUIRE(again);
        CHECK(*again == each);
    }
    CHECK_FALSE(event_of("step.danced", json::object()));
    CHECK_FALSE(event_of("step.done", json::object()));
    CHECK_FALSE(event_of("step.waits", {{"stepId", "a"}, {"for", "godot"}, {"until", nullptr}}));
    CHECK_FALSE(event_of("begun", json::array()));
}

// Whatever people and crashes do, and whenever: a workflow ends, each step's effect is begun under
// one key, nothing begins while it is paused, and what was undone had been done.
TEST_CASE("random commands and crashes never lead a workflow astray") {
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        INFO("seed " << seed);
        std::mt19937_64 chance(seed);
        running_workflow flow;
        auto at = now;
        bool running = false;
        std::multiset<std::string> done;
        const auto one_in = [&](unsigned n) { return chance() % n == 0; };
        for (int turn = 0; turn < 400 && !flow.state.is_over(); ++turn) {
            at += std::chrono::seconds{chance() % 20};
            // Folding the history anew is the same state.
            if (one_in(8)) {
                running_workflow again;
                for (const auto& each : flow.history) again.say(each);
                REQUIRE(again.state.status() == flow.state.status());
                REQUIRE(again.state.next(at, false) == flow.state.next(at, false));
                running = false;
            }
            const auto step = three_steps().steps[chance() % 3].id;
            std::vector<result<event>> commands;
            if (one_in(10)) commands.push_back(flow.state.pause(""));
            if (one_in(4)) commands.push_back(flow.state.resume());
            if (one_in(60)) commands.push_back(flow.state.cancel(""));
            if (one_in(10)) commands.push_back(flow.state.skip(step));
            if (one_in(4)) commands.push_back(flow.state.retry(step));
            if (one_in(3)) commands.push_back(flow.state.answer(step, 1));
            // Of several at once the first decides; the others are asked anew.
            if (!commands.empty() && commands.front()) flow.say(*commands.front());
            const auto next = flow.state.next(at, running);
            if (const auto* start = std::get_if<start_step>(&next)) {
                REQUIRE(flow.state.status() != status::paused);
                flow.run(start->step_id, start->attempt);
                running = true;
            } else if (const auto* repeat = std::get_if<repeat_step>(&next)) {
                REQUIRE_FALSE(running);
                REQUIRE(flow.state.current()->is.id == repeat->step_id);
                running = true;
            } else if (const auto* undo = std::get_if<compensate_step>(&next)) {
                REQUIRE(done.count(undo->step_id) == 1);
                done.erase(undo->step_id);
                flow.say(step_compensated{undo->step_id});
            } else if (const auto* end = std::get_if<conclude>(&next)) {
                flow.say(end->with);
            } else if (running && one_in(2)) {
                const auto current = flow.state.current()->is.id;
                running = false;
                if (one_in(3)) {
                    for (const auto& each :
                         flow.state.failed_attempt(current, error_code::unavailable, "", true, at))
                        flow.say(each);
                } else if (one_in(4)) {
                    flow.say(step_waits{current, waits_for::answer, at + std::chrono::hours{1}});
                } else {
                    flow.say(step_done{current, 1});
                    done.insert(current);
                }
            }
        }
        // Left alone it ends, or waits for somebody.
        if (flow.state.status() == status::cancelled)
            for (const auto* step : {"a", "c"}) CHECK(done.count(step) == 0);
        if (flow.state.status() == status::completed)
            for (const auto* step : {"a", "c"}) CHECK(done.count(step) == 1);
    }
}
