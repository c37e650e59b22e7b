#pragma once

#include "runtime/supervision/child_spec.hpp"
#include "runtime/supervision/supervisor_rules.hpp"

#include <caf/actor_addr.hpp>
#include <caf/system_messages.hpp>

#include <unordered_map>

namespace perin::runtime {

/// What an operator is told of a tree, apart from `GET /actors`: for logs and metrics.
struct supervision_event {
    enum class kind {
        /// A child ended with an error, or could not be started.
        died,
        started_again,
        /// It did not end though it was killed, and is no longer waited for.
        abandoned,
        /// It died more often than its own intensity allows.
        given_up,
        /// Children died more often than the supervisor's intensity allows: it fails itself.
        failed_upward,
    };
    kind what;
    std::string supervisor;
    std::string child;
    std::string reason;
};

using supervision_observer = std::function<void(const supervision_event&)>;

/// The children of an actor, started and ended as `supervisor_rules` decides. A part of that
/// actor's state: used only within it, and it passes on what it receives (`on_down`, `on_wake`). As
/// it is destroyed with children left, because its actor was killed or threw, those are killed.
class supervised_children {
  public:
    struct parts {
        std::string name;
        restart_rules rules = {};
        /// Gives numbers of [0, 1), for waits.
        std::function<double()> jitter;
        /// Asks the actor's clock for a call of `on_wake`.
        std::function<void(std::chrono::nanoseconds)> wake_after;
        /// No child is left: as asked from above, or (`failed`) because they died too often.
        std::function<void(bool failed)> ended;
        /// May be null.
        supervision_observer observer = {};
    };

    struct record {
        child_spec spec;
        /// Null while it does not run.
        caf::strong_actor_ptr running;
        /// Why it ended last, in words; empty where it never did with an error.
        std::string last_error;
    };

    supervised_children(caf::local_actor* self, parts given);
    supervised_children(const supervised_children&) = delete;
    supervised_children& operator=(const supervised_children&) = delete;
    ~supervised_children();

    /// A child of the beginning. Before `start`.
    child_id add(child_spec spec);
    void start();
    /// A child that comes later; 0 where the supervisor is ending.
    child_id add_later(child_spec spec);
    void remove(child_id id);
    /// Ends all in order, then calls `ended`.
    void stop();

    /// `true` where it was of a child.
    bool on_down(const caf::down_msg& message);
    void on_wake();

    /// Null where no such child is there.
    [[nodiscard]] const record* find(child_id id) const;
    [[nodiscard]] const supervisor_rules& rules() const noexcept { return rules_; }
    [[nodiscard]] const std::string& name() const noexcept { return parts_.name; }
    /// Why it failed upward: the child and the reason of its last death.
    [[nodiscard]] const std::string& failure_text() const noexcept { return failure_text_; }

  private:
    using decisions = supervisor_rules::decisions;

    void carry_out(decisions todo);
    void carry_out_one(const supervisor_decision& one, decisions& more);
    void launch(child_id id, decisions& more);
    void ended_badly(child_id id, const std::string& why);
    void let_go(record& one);
    void tell(supervision_event::kind what, const record& about, const std::string& why);
    void arm();
    [[nodiscard]] supervisor_rules::time_point now() const;

    caf::local_actor* self_;
    parts parts_;
    supervisor_rules rules_;
    std::unordered_map<child_id, record> records_;
    std::unordered_map<caf::actor_addr, child_id> by_address_;
    std::string failure_text_;
    std::optional<supervisor_rules::time_point> armed_;
};

}  // namespace perin::runtime
