#pragma once

#include "actors/workflow/orchestration.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <string>
#include <unordered_map>

namespace perin::actors {

/// Which workflows are in the process, and when the next one of the others is due.
class workflows_flow {
  public:
    static constexpr const char* name = "workflows";
    using pointer = workflows_parent::stateful_pointer<workflows_flow>;
    using reply = result<workflow::account_of>;

    ~workflows_flow();

    void begin(pointer self, workflows_parts parts);
    caf::result<reply> on_begin(runtime::begin_workflow& wanted);
    caf::result<reply> on_command(runtime::command_workflow& wanted);
    caf::result<reply> on_find(runtime::find_workflow& wanted);
    void on_rests(const workflow_rests& what);
    void on_forget(const runtime::forget_user& what);
    void on_tick();
    void on_look();
    void revive(const std::string& id) { wake(id); }
    [[nodiscard]] result<runtime::actor_report> describe(
        const runtime::describe_actors& what) const;

  private:
    using clock_point = caf::actor_clock::time_point;
    struct entry {
        orchestration_actor actor;
        /// Messages sent to it.
        std::uint64_t sent = 0;
        std::optional<clock_point> rests_since;
    };
    struct deaths_of {
        std::size_t deaths = 0;
        clock_point last;
    };

    /// To the workflow, which is started where it is not in the process.
    template <class Message>
    caf::result<reply> pass(Message& what, bool fresh = false);
    entry& resident(const std::string& id, bool fresh = false);
    orchestration_actor& sent_to(entry& one);
    [[nodiscard]] bool full() const { return entries_.size() >= parts_->most_resident; }
    void wake(const std::string& id);
    void let_go(const std::string& id);
    void on_down(const caf::down_msg& message);

    /// Takes up what goes on by itself, page by page as there is room.
    void take_up(bool untold, const std::string& after_id);
    void look();
    void look_in(std::chrono::milliseconds wait);

    pointer self_ = nullptr;
    std::shared_ptr<const workflows_parts> parts_;
    std::unordered_map<std::string, entry> entries_;
    std::map<caf::actor_addr, std::string> by_actor_;
    std::unordered_map<std::string, deaths_of> dead_;
    /// A page of those to be taken up waits for room: whether it is of the untold, and after which.
    std::optional<std::pair<bool, std::string>> to_take_up_;
    std::optional<clock_point> next_look_;
    bool looking_ = false;
};

}  // namespace perin::actors
