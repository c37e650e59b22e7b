#pragma once

#include "actors/store/store.hpp"
#include "actors/workflow/workflows.hpp"
#include "domain/workflow/summary.hpp"
#include "persistence/accounts.hpp"
#include "persistence/journal.hpp"
#include "runtime/supervision/owed_reply.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/persistence/test_store.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <catch2/catch.hpp>

#include <map>

namespace perin::test {

using namespace std::chrono_literals;

/// What the outside sees of the steps: how often each was begun, and which effects there are, by
/// their keys.
struct step_log {
    std::vector<std::string> begun;
    std::map<std::string, int> effects;
    /// Attempts of this step fail so often before one goes well.
    std::map<std::string, int> failures;
    error_code fails_with = error_code::unavailable;
    /// Attempts that have not been told to end, and the number of each.
    std::map<std::string, runtime::owed_reply<result<nlohmann::json>>> held;
    std::map<std::string, std::uint32_t> held_attempts;

    [[nodiscard]] long count(const std::string& step) const {
        return std::count(begun.begin(), begun.end(), step);
    }
};

/// What a step waits for that is held: its name.
struct hold_step {
    std::string name;
};
using gate_actor = caf::typed_actor<caf::replies_to<hold_step>::with<result<nlohmann::json>>>;

}  // namespace perin::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::test::hold_step)

namespace perin::test {

inline gate_actor::behavior_type gate(gate_actor::pointer self, std::shared_ptr<step_log> log) {
    return {[self, log](const hold_step& one) -> caf::result<result<nlohmann::json>> {
        return log->held[one.name] = runtime::owe<result<nlohmann::json>>(self);
    }};
}

/// Workflows in virtual time, on a database of either kind, with steps that the test sees.
struct workflow_world : virtual_system {
    std::shared_ptr<fixed_clock> clock = std::make_shared<fixed_clock>();
    std::shared_ptr<counted_entropy> entropy = std::make_shared<counted_entropy>();
    gate_actor doorkeeper;
    std::shared_ptr<step_log> steps = std::make_shared<step_log>();
    std::shared_ptr<actors::workflow_book> book = std::make_shared<actors::workflow_book>();
    user anna{"usr_00000000-0000-7000-8000-000000000001", "anna@example.org", "Anna", "UTC"};
    std::unique_ptr<persistence::test::test_store> kept;
    actors::workflows_parts parts;
    runtime::store_actor store;
    runtime::reader_actor reader;
    runtime::workflows_actor workflows;

    workflow_world() {
        doorkeeper = system.spawn(gate, steps);
        add("work", [](const auto& run) {
            run->end(actors::step_ok{{{"step", run->context().step_id}}});
        });
        add("ask", [](const auto& run) {
            const auto& answer = run->context().answer;
            if (!answer)
                return run->end(
                    actors::step_must_wait{workflow::waits_for::answer, {}, {{"choose", 3}}});
            run->end(actors::step_ok{{{"chosen", *answer}}});
        });
        kind("ask").check_answer = [](const nlohmann::json& said) -> result<nlohmann::json> {
            if (said.is_number()) return said;
            return failure{error_code::invalid_request, "must be a number", "/answer"};
        };
        add("sleep", [](const auto& run) {
            const auto& context = run->context();
            if (!context.answer)
                return run->end(
                    actors::step_must_wait{workflow::waits_for::time, context.now + 24h * 21});
            run->end(actors::step_ok{});
        });
        add("hold", [this](const auto& run) {
            const auto& context = run->context();
            steps->held_attempts[context.step_id] = context.attempt;
            run->self()
                ->request(doorkeeper, 86'400s, hold_step{context.step_id})
                .then(
                    [run](const result<nlohmann::json>& said) {
                        run->end(said ? actors::step_end{actors::step_ok{*said}}
                                      : actors::step_end{said.error()});
                    },
                    [](const caf::error&) {});
        });
        add("die", [](const auto&) { throw std::runtime_error("a defect"); });
        book->kinds.back().first_backoff = 1s;
        define("five", {"work", "work", "work", "work", "work"});
    }
    ~workflow_world() {
        stop();
        caf::anon_send_exit(doorkeeper, caf::exit_reason::user_shutdown);
        doorkeeper = nullptr;
        settle();
    }

    /// Steps of this kind note that they began and had their effect, fail as often as the log says,
    /// and then do `what`. What they had done can be undone.
    void add(const std::string& name,
             std::function<void(const std::shared_ptr<actors::step_run>&)> what) {
        actors::step_kind made;
        made.name = name;
        made.run = [log = steps, what](std::shared_ptr<actors::step_run> run) {
            const auto& context = run->context();
            log->begun.push_back(context.step_id);
            if (log->failures[context.step_id] > 0) {
                --log->failures[context.step_id];
                return run->end(failure{log->fails_with, "not now"});
            }
            log->effects[context.idempotency_key] = 1;
            what(run);
        };
        made.compensate = [log = steps](std::shared_ptr<actors::step_run> run) {
            log->begun.push_back("undo " + run->context().step_id);
            if (log->failures["undo " + run->context().step_id]-- > 0)
                return run->end(failure{error_code::unavailable, "not now"});
            log->effects.erase(run->context().idempotency_key);
            run->end(actors::step_ok{});
        };
        book->kinds.push_back(std::move(made));
    }
    actors::step_kind& kind(const std::string& name) {
        return *std::ranges::find_if(book->kinds,
                                     [&](const auto& one) { return one.name == name; });
    }

    workflow::definition& define(const std::string& name, const std::vector<std::string>& kinds,
                                 std::uint32_t version = 1) {
        workflow::definition made{name, version, {}};
        for (const auto& each : kinds) {
            workflow::step_definition step{"s" + std::to_string(made.steps.size() + 1), "Step"};
            step.kind = each;
            step.compensates = true;
            made.steps.push_back(step);
        }
        book->definitions.push_back(std::move(made));
        return book->definitions.back();
    }

    void begin_on(const std::string& driver) {
        stop();
        kept = std::make_unique<persistence::test::test_store>(driver);
        auto db = kept->open();
        REQUIRE(persistence::account_repository(*db).create(anna, "x"));
        start();
    }

    void start() {
        store = actors::spawn_store(system, kept->open_empty(), {}, false);
        reader = actors::spawn_reader(system, kept->open_empty(), false);
        parts.store.put(store);
        parts.reader.put(reader);
        parts.book = book;
        parts.clock = clock;
        parts.entropy = entropy;
        workflows = actors::spawn_workflows(system, parts);
        settle();
    }

    /// As a process that is killed: what is not on disk is gone.
    void stop() {
        if (!workflows) return;
        caf::anon_send_exit(workflows, caf::exit_reason::kill);
        settle();
        caf::anon_send_exit(store, caf::exit_reason::kill);
        caf::anon_send_exit(reader, caf::exit_reason::kill);
        settle();
        workflows = nullptr;
        store = nullptr;
        reader = nullptr;
        steps->held.clear();
    }
    void crash() {
        stop();
        start();
    }

    /// Both clocks.
    void pass(std::chrono::milliseconds time) {
        clock->time += time;
        advance(time);
    }

    /// Ends the attempt of a step that is held.
    void release(const std::string& step, nlohmann::json outcome = nullptr) {
        REQUIRE(steps->held.contains(step));
        steps->held.extract(step).mapped().deliver(std::move(outcome));
        settle();
    }

    using reply = result<workflow::account_of>;

    reply begin(const std::string& kind_name, nlohmann::json input = nullptr) {
        runtime::begin_workflow wanted;
        wanted.user_id = anna.id;
        wanted.kind = kind_name;
        wanted.input = std::move(input);
        return ask<reply>(workflows, std::move(wanted));
    }
    reply order(const std::string& id, runtime::workflow_order what) {
        runtime::command_workflow wanted{id, anna.id, {}, std::move(what), {}};
        auto out = ask<reply>(workflows, std::move(wanted));
        settle();
        return out;
    }
    workflow::account_of now(const std::string& id) {
        auto found = ask<reply>(workflows, runtime::find_workflow{id, anna.id});
        REQUIRE(found);
        return *found;
    }
    std::string status(const std::string& id) {
        return std::string(workflow::to_string(now(id).is.status));
    }
    /// The kinds of what happened, in order.
    std::vector<std::string> history(const std::string& id) {
        std::vector<std::string> out;
        for (const auto& one : now(id).history) {
            std::string line(workflow::kind_of(one.what));
            const auto step = workflow::step_of(one.what);
            if (!step.empty()) line += " " + step;
            out.push_back(line);
        }
        return out;
    }
};

}  // namespace perin::test
