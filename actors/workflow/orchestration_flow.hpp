#pragma once

#include "actors/workflow/orchestration.hpp"
#include "runtime/supervision/owed_reply.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace perin::actors {

/// A workflow as an actor. One thing after the other: what comes while a commit is under way waits
/// for it.
///
///     an order, an attempt's end, a time ──► events ──► what follows at once (the next step's
///       beginning, the end) ──► one commit ──► the attempt runs, it is told, answers go out
///
/// Where a commit fails, the state is ahead of the disk: the actor ends, and its parent starts
/// another from the journal.
class orchestration_flow {
  public:
    static constexpr const char* name = "workflow";
    using pointer = orchestration_actor::stateful_pointer<orchestration_flow>;
    using reply = result<workflow::account_of>;

    ~orchestration_flow();

    void begin(pointer self, std::shared_ptr<const workflows_parts> parts, std::string id,
               workflows_parent parent, bool fresh);

    caf::result<reply> on_begin(runtime::begin_workflow& wanted);
    caf::result<reply> on_command(runtime::command_workflow& wanted);
    caf::result<reply> on_find(const runtime::find_workflow& wanted);
    void on_progress(attempt_progressed& what);
    void on_end(attempt_ended& what);
    void on_forget(const runtime::forget_user& what);
    void on_tick();
    /// A message of the parent's is done with.
    void handled();

  private:
    using promise = runtime::owed_reply<reply>;
    using clock_point = caf::actor_clock::time_point;

    struct running_attempt {
        std::uint64_t number = 0;
        std::string step_id;
        bool compensates = false;
        step_actor actor;
        clock_point deadline;
        std::size_t progress = 0;
        /// It has told how it ended.
        bool told = false;
    };
    struct attempt_wanted {
        std::string step_id;
        std::uint32_t attempt = 1;
        bool compensates = false;
    };
    /// Somebody waits until the workflow rests and is told.
    struct patient {
        promise owed;
        clock_point until;
    };

    [[nodiscard]] timestamp now() const { return parts_->clock->now(); }
    void take_up(runtime::loaded_workflow loaded);
    void give_up(const failure& why);
    /// Does it now, or after the commit that is under way.
    void in_turn(std::function<void()> what);
    void order(const promise& owed, runtime::command_workflow& wanted);
    [[nodiscard]] std::optional<failure> refusal(const std::string& user_id) const;
    /// Why a guest may not give the order; nothing where it is none of a guest's.
    [[nodiscard]] std::optional<failure> refusal_to_guest(
        const runtime::command_workflow& wanted) const;
    void answer(const promise& owed, std::chrono::milliseconds until_it_rests);

    /// Writes the events with what follows from them at once, then does what comes next.
    void go_on(std::vector<workflow::event> events, std::function<void()> committed = {});
    /// Records what follows, up to where an attempt has to be made.
    [[nodiscard]] std::optional<attempt_wanted> follow();
    /// Writes what is recorded and not on disk.
    void commit(std::function<void()> then);
    void record(const workflow::event& what);
    void drain();
    void begin_attempt(const attempt_wanted& wanted);
    void settle_attempt(step_end how);
    [[nodiscard]] std::vector<workflow::event> undone(const running_attempt& ended,
                                                      const step_end& how);
    void on_down(const caf::down_msg& message);
    [[nodiscard]] std::chrono::milliseconds backoff(const step_kind& kind, std::uint32_t attempts,
                                                    const failure& why) const;

    void tell();
    /// The state that the events which are told come to.
    [[nodiscard]] const workflow::workflow_state& told_state();
    void ask_told();
    void told(std::uint64_t version);
    void rest();
    [[nodiscard]] workflow::account_of account() const;

    pointer self_ = nullptr;
    std::shared_ptr<const workflows_parts> parts_;
    std::string id_;
    workflows_parent parent_;

    /// Whose it is, and of which kind; its state is that of `state_`, where there is one.
    workflow::summary is_;
    /// Nothing: there is no such workflow, or `unknown_` says why it cannot go on.
    std::optional<workflow::workflow_state> state_;
    std::optional<failure> unknown_;
    std::vector<workflow::past_event> history_;
    /// On disk is the history up to here.
    std::uint64_t version_ = 0;
    std::optional<timestamp> wakes_at_;

    bool committing_ = false;
    std::deque<std::function<void()>> later_;
    std::optional<running_attempt> attempt_;
    std::uint64_t attempts_made_ = 0;
    /// Of undoing one step.
    std::uint32_t undoing_failed_ = 0;
    std::optional<clock_point> undo_after_;
    std::vector<patient> patients_;

    /// Events up to this version are told.
    std::uint64_t told_ = 0;
    /// What the first `folded_` events come to, which are told.
    std::optional<workflow::workflow_state> told_state_;
    std::size_t folded_ = 0;
    bool telling_ = false;
    /// There is nobody to tell.
    bool untold_ = false;
    std::size_t telling_failed_ = 0;
    std::optional<clock_point> tell_after_;

    std::uint64_t handled_ = 0;
};

}  // namespace perin::actors
