#pragma once

#include "actors/tools/registry.hpp"
#include "actors/turn/turn.hpp"
#include "domain/link_context.hpp"
#include "domain/multi_step_analysis.hpp"
#include "domain/prompt.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <set>

namespace perin::actors {

/// The stages of a running turn, in their order:
///
///     LOAD_MEMORY, LOAD_NOTIFICATIONS_CONTEXT ─► NOTIFICATIONS_ACTION where one is answered
///                   ┌────────────────────────────────────┘
///                   ▼
///          DECIDE_EXECUTION_MODE ─► DIRECT ──────────────────────────► finished
///                   │        └────► PLANNER ─► TOOL_EXECUTION ─┐
///                   │                 ▲  └─► RESPONDER ────────┼────► finished
///                   │                 └────────────────────────┘ up to six rounds
///                   └─ decided by the user ─► TOOL_EXECUTION ─► RESPONDER ──► finished
///
/// A guest's turn knows nothing of its owner but the link, has tools of its own, and may begin a
/// workflow:
///
///     the link ─► AI_ANALYSIS ─► where it begins one: until that rests ─► DECIDE_EXECUTION_MODE
///                     └─ where one is under way, or nothing can be booked: skipped
///
/// A call that has to be approved first opens a notification in its place; the turn then responds.
///
/// Each method that asks something of another actor or of the model names the one that goes on.
class turn_flow {
  public:
    static constexpr const char* name = "turn";
    using pointer = runtime::turn_actor::stateful_pointer<turn_flow>;

    ~turn_flow();

    void begin(pointer self, std::shared_ptr<const turn_parts> parts, runtime::turn_input input,
               runtime::conversation_actor owner);
    void on_progress(runtime::model_progress& progress);

  private:
    using clock_point = caf::actor_clock::time_point;

    /// What is asked of the model, and which stage it is.
    struct call_plan {
        stage_name stage;
        prompt_phase phase;
        bool stream;
    };

    void load_context();
    void load_notifications();
    void context_loaded();

    [[nodiscard]] bool is_guests() const { return !input_.delegation_id.empty(); }
    void load_link();
    void look_at_link(std::function<void()> then);
    void analyse();
    void on_analysis(const multi_step_analysis& found);
    void begin_multi_step(const multi_step_analysis& found);
    [[nodiscard]] model_request guest_request(const call_plan& plan) const;
    void estimate_tokens(const model_request& request);
    void correct_tokens(const model_reply& reply);
    void count_tokens() const;
    void decide();
    void next_round();
    void respond();
    void call_model(call_plan plan);
    [[nodiscard]] runtime::shared_model_request make_request(const call_plan& plan);
    [[nodiscard]] model_request owner_request(const call_plan& plan) const;
    /// What was said, and what this turn has done, behind the prompt.
    void add_messages(model_request& to) const;
    [[nodiscard]] const tool_registry& tools() const {
        return is_guests() ? *parts_->guest_tools : *parts_->tools;
    }

    void on_delta(model_delta& delta);
    void on_reply(model_reply& reply);
    void on_failure(const model_failure& why);

    [[nodiscard]] runtime::chat_model& answering_model() const;
    bool fall_back(const model_failure& why);
    [[nodiscard]] std::string answer_key() const;
    [[nodiscard]] std::optional<std::string> answer_given_before() const;
    void keep_answer(const model_reply& reply) const;
    void answer_whole(std::string text);

    void plan_calls(std::vector<tool_call> calls);
    void run_tools();
    void run_tool(std::size_t index);
    void ask_first(std::size_t index, const tool& of, const nlohmann::json& arguments);
    void round_done();
    [[nodiscard]] bool awaits_approval() const;
    [[nodiscard]] bool is_decided(const tool_call& call) const;
    [[nodiscard]] const std::string& timezone() const;
    [[nodiscard]] std::optional<tool_outcome> refuse(const tool_call& call,
                                                     nlohmann::json& arguments) const;
    void tool_done(std::size_t index, tool_outcome outcome);
    void tool_written(std::size_t index, tool_outcome outcome);

    /// Adds an event; those of one handler go out together.
    void say(event_body body);
    /// Sends what was said.
    void tell();
    /// Tells at the end of a handler, whichever way that takes.
    struct teller {
        turn_flow& flow;
        ~teller() { flow.tell(); }
    };
    void enter(stage_name stage);
    void leave(stage_name stage, stage_status status);
    void finish(turn_end end);
    void fail(error_code code, std::string detail, bool retryable);
    [[nodiscard]] std::int64_t overhead_ms() const;
    [[nodiscard]] const std::string& turn_id() const { return input_.turn.turn_id; }

    pointer self_ = nullptr;
    std::shared_ptr<const turn_parts> parts_;
    runtime::turn_input input_;
    runtime::conversation_actor owner_;

    std::vector<event_body> said_;
    clock_point began_;
    std::map<stage_name, clock_point> stages_;
    std::chrono::microseconds model_time_{0};
    runtime::relevant_memory memory_;
    std::vector<open_notification> open_;
    /// Of a guest's turn.
    link_context link_;
    /// The one that the user's message decides, by the rules alone.
    std::optional<notification_answer> answered_;
    /// Answers that the stages before the mode still wait for.
    std::size_t context_open_ = 0;

    call_plan plan_{};
    /// How far down the ladder the turn is: 0 is the first model, past the configured ones the
    /// cached answer, then the offline assistant.
    std::size_t rung_ = 0;
    std::uint64_t call_number_ = 0;
    std::shared_ptr<runtime::model_call> call_;
    bool text_shown_ = false;
    bool limit_reached_ = false;
    bool history_told_ = false;
    std::size_t window_ = 0;
    bool shortened_once_ = false;
    std::optional<token_usage> usage_;
    /// Of the calls to models that are paid for: as they tell, else as it is estimated.
    std::uint64_t spent_tokens_ = 0;
    /// What of that is the estimate for the call that runs.
    std::uint64_t call_tokens_ = 0;

    std::set<std::string> call_ids_;
    std::size_t tools_open_ = 0;
    std::set<caf::actor_addr> running_tools_;
};

}  // namespace perin::actors
