#include "domain/workflow/replay.hpp"
#include "tests/actors/workflow/workflow_world.hpp"

#include <cstdlib>
#include <random>

namespace perin::test {

using namespace runtime;

namespace {

std::uint64_t seeds() {
    const char* wanted = std::getenv("PERIN_SEEDS");
    return wanted ? std::strtoull(wanted, nullptr, 10) : 150;
}

/// What may be done with a workflow by what is told of it: the rules of the protocol in plain
/// words, without the state's own.
struct plain_model {
    const workflow::account_of& told;
    bool cancelling = false;

    [[nodiscard]] bool over() const {
        return told.is.status == workflow::status::completed ||
               told.is.status == workflow::status::cancelled;
    }
    [[nodiscard]] bool failed() const { return told.is.status == workflow::status::failed; }
    [[nodiscard]] workflow::step_status step(const std::string& id) const {
        for (const auto& each : told.steps)
            if (each.is.id == id) return each.status;
        FAIL("no step " << id);
        return {};
    }
    [[nodiscard]] bool may_pause() const {
        return !over() && !failed() && !cancelling && told.is.status != workflow::status::paused;
    }
    [[nodiscard]] bool may_resume() const { return told.is.status == workflow::status::paused; }
    [[nodiscard]] bool may_cancel() const { return !over() && !cancelling; }
    [[nodiscard]] bool may_retry(const std::string& id) const {
        return !cancelling && step(id) == workflow::step_status::failed;
    }
    [[nodiscard]] bool may_answer(const std::string& id) const {
        return !over() && !failed() && !cancelling && step(id) == workflow::step_status::waiting;
    }
};

struct seeded_world : workflow_world {
    std::mt19937_64 random;

    std::size_t pick(std::size_t below) { return random() % below; }
    /// Lets a part of what is to happen happen.
    void settle_some() {
        for (auto left = pick(60); left > 0 && scheduler.try_run_once();) --left;
    }
    [[nodiscard]] static bool cancelling(const workflow::account_of& told) {
        bool out = false;
        for (const auto& each : told.history) {
            if (std::holds_alternative<workflow::cancel_asked>(each.what)) out = true;
            if (std::holds_alternative<workflow::failed>(each.what)) out = false;
        }
        return out;
    }

    /// One command, whose answer is what the model says.
    void command(const std::string& id) {
        settle();
        const auto told = now(id);
        const plain_model model{told, cancelling(told)};
        const auto name = "s" + std::to_string(1 + pick(told.steps.size()));
        const auto check = [&](bool allowed, const reply& got) {
            CAPTURE(name, to_json(told.is).dump());
            CHECK(static_cast<bool>(got) == allowed);
            if (!got) CHECK(got.error().code == error_code::conflict);
        };
        switch (pick(5)) {
            case 0:
                return check(model.may_pause(), order(id, pause_workflow{}));
            case 1:
                return check(model.may_resume(), order(id, resume_workflow{}));
            case 2:
                if (pick(3) != 0) return;
                return check(model.may_cancel(), order(id, cancel_workflow{}));
            case 3:
                return check(model.may_retry(name), order(id, retry_step{name}));
            default:
                return check(model.may_answer(name), order(id, answer_step{name, 5}));
        }
    }

    /// Brings a workflow to its end: nothing fails any more, and somebody does what is to be done.
    void finish(const std::string& id) {
        steps->failures.clear();
        for (int i = 0; i < 60; ++i) {
            pass(61s);
            const auto told = now(id);
            const plain_model model{told, cancelling(told)};
            if (model.over()) return;
            if (model.may_resume()) REQUIRE(order(id, resume_workflow{}));
            for (const auto& each : told.steps) {
                if (model.failed() && each.status == workflow::step_status::failed)
                    REQUIRE(order(id, retry_step{each.is.id}));
                if (model.may_answer(each.is.id)) REQUIRE(order(id, answer_step{each.is.id, 5}));
            }
            // What could not be undone.
            if (model.failed() && now(id).is.status == workflow::status::failed)
                REQUIRE(order(id, cancel_workflow{}));
        }
        FAIL("the workflow does not end: " << to_json(now(id)).dump(1));
    }

    void check_end(const std::string& id) {
        const auto told = now(id);
        std::map<std::string, int> done;
        std::string last;
        for (const auto& each : told.history) {
            if (const auto* one = std::get_if<workflow::step_done>(&each.what)) {
                CHECK(++done[one->step_id] == 1);
                CHECK(last < one->step_id);
                last = one->step_id;
            }
        }
        const bool whole = told.is.status == workflow::status::completed;
        for (const auto& each : told.steps) {
            CAPTURE(each.is.id, std::string(to_string(each.status)));
            const auto key = workflow::idempotency_key(id, each.is.id);
            const bool there = steps->effects.contains(key);
            if (whole)
                CHECK((each.status == workflow::step_status::ok ||
                       each.status == workflow::step_status::skipped));
            if (each.is.kind == "work") CHECK(there == (each.status == workflow::step_status::ok));
        }
        // What is on disk comes to the same.
        const auto loaded = ask<result<loaded_workflow>>(reader, load_workflow{id, {}});
        REQUIRE(loaded);
        const auto again = workflow::replay(loaded->is, book->find(told.is.kind, 1),
                                            workflow::history_of(loaded->records));
        REQUIRE(again);
        CHECK(to_json(workflow::account(loaded->is, again->state, again->history)) ==
              to_json(told));
        CHECK(loaded->is == told.is);
    }
};

void begin_in(seeded_world& world) {
    auto& of = world.define("mixed", {"work", "ask", "work", "work", "ask", "work"});
    of.steps.at(3).required = false;
    for (auto& each : of.steps) each.compensates = each.kind == "work";
    world.begin_on("sqlite");
}

void run(seeded_world& world, std::uint64_t seed) {
    world.random.seed(seed);
    world.steps->effects.clear();
    world.steps->begun.clear();
    world.steps->failures.clear();
    for (const char* step : {"s1", "s3", "s4", "s6", "undo s1", "undo s3"})
        if (world.pick(3) == 0) world.steps->failures[step] = static_cast<int>(world.pick(6));
    const auto made = world.begin("mixed", {{"seed", seed}});
    REQUIRE(made);
    const auto id = made->is.id;
    for (auto left = 3 + world.pick(12); left > 0; --left) {
        switch (world.pick(4)) {
            case 0:
                world.settle_some();
                world.crash();
                break;
            case 1:
                world.pass(std::chrono::seconds{1 + world.pick(90)});
                break;
            default:
                world.command(id);
        }
    }
    world.settle();
    world.finish(id);
    world.check_end(id);
    world.crash();
    world.check_end(id);
}

}  // namespace

TEST_CASE("whatever is commanded and whenever it crashes, a workflow ends with each effect once") {
    // A world is left behind before what its requests did not need any more, their timeouts, is
    // most of what it does.
    constexpr std::uint64_t seeds_of_a_world = 100;
    std::optional<seeded_world> world;
    for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
        CAPTURE(seed);
        if (seed % seeds_of_a_world == 1) begin_in(world.emplace());
        run(*world, seed);
    }
}

}  // namespace perin::test
