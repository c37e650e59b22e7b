#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <optional>

namespace perin::test {

/// An actor system in virtual time: nothing runs but by `settle` and `advance`.
struct virtual_system {
    struct config : caf::actor_system_config {
        config() {
            set("scheduler.policy", caf::atom("testing"));
            set("logger.inline-output", true);
        }
    };

    config settings;
    caf::actor_system system{settings};
    caf::scoped_actor self{system, true};
    caf::scheduler::test_coordinator& scheduler =
        dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());

    virtual_system() { scheduler.clock().current_time += std::chrono::hours(1); }
    ~virtual_system() {
        scheduler.clock().cancel_all();
        settle();
    }

    /// Handles every message that waits; no timer.
    std::size_t settle() {
        std::size_t handled = 0;
        while (scheduler.try_run_once()) ++handled;
        return handled;
    }

    /// Lets time pass, timer by timer.
    void advance(caf::timespan time) {
        auto& clock = scheduler.clock();
        auto end = clock.now() + time;
        settle();
        while (!clock.schedule().empty() && clock.schedule().begin()->first <= end) {
            clock.trigger_timeout();
            settle();
        }
        clock.current_time = end;
        settle();
    }

    /// Whether a message waits for `self`: an answer has come, without time having passed.
    [[nodiscard]] bool has_mail() { return self->peek_at_next_mailbox_element() != nullptr; }

    /// Asks an actor and gives its answer.
    template <class Reply, class Handle, class Message>
    Reply ask(const Handle& to, Message message) {
        std::optional<Reply> answer;
        auto pending = self->request(to, std::chrono::seconds(60), std::move(message));
        settle();
        pending.receive([&](Reply& got) { answer = std::move(got); },
                        [&](const caf::error& why) { FAIL(system.render(why)); });
        return std::move(*answer);
    }
};

}  // namespace perin::test
