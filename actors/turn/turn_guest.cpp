#include "actors/turn/turn_flow.hpp"
#include "domain/delegation.hpp"
#include "domain/guest_prompt.hpp"

#include <caf/actor_system.hpp>

#include <utility>

/// The part of a turn that is a guest's alone.
namespace perin::actors {

using namespace runtime;

void turn_flow::load_link() {
    look_at_link([this] {
        if (!input_.rounds.empty()) return decide();
        analyse();
    });
}

/// Goes on once it is known how the link and the guest's booking stand; a link that has died
/// meanwhile ends the turn.
void turn_flow::look_at_link(std::function<void()> then) {
    const auto keeper = parts_->delegations.load();
    const auto lost = [this] { fail(error_code::unavailable, "the link cannot be read", true); };
    if (!keeper) return lost();
    self_
        ->request(
            keeper, parts_->link_timeout,
            guest_standing{input_.delegation_id, input_.key.user_id, input_.key.conversation_id})
        .then(
            [this, then = std::move(then), lost](result<guest_stand>& found) {
                teller at_end{*this};
                if (!found && found.error().code == error_code::unavailable) return lost();
                if (!found) return fail(found.error().code, found.error().detail, false);
                link_ = std::move(found->link);
                then();
            },
            [this, lost](const caf::error&) {
                teller at_end{*this};
                lost();
            });
}

// ----------------------------------------------------------------------------------- AI_ANALYSIS

void turn_flow::analyse() {
    const bool under_way = link_.progress == meeting_progress::choosing ||
                           link_.progress == meeting_progress::under_way ||
                           link_.progress == meeting_progress::awaiting_approval;
    if (under_way || !link_.open) {
        say(stage_changed{stage_name::ai_analysis, stage_status::skipped, std::nullopt});
        return decide();
    }
    call_model({stage_name::ai_analysis, prompt_phase::planner, false});
}

void turn_flow::on_analysis(const multi_step_analysis& found) {
    if (begins_multi_step(found)) return begin_multi_step(found);
    decide();
}

void turn_flow::begin_multi_step(const multi_step_analysis& found) {
    tell();
    // Whatever comes of it: how the booking stands is what the model is told.
    const auto go_on = [this] { look_at_link([this] { decide(); }); };
    self_
        ->request(parts_->delegations.load(), parts_->link_timeout,
                  begin_guest_booking{input_.delegation_id, input_.key.user_id,
                                      input_.key.conversation_id, turn_id(), found.reasoning,
                                      found.confidence})
        .then([go_on](const result<workflow::account_of>&) { go_on(); },
              [go_on](const caf::error&) { go_on(); });
}

// ----------------------------------------------------------------------------------------- model

model_request turn_flow::guest_request(const call_plan& plan) const {
    const auto& options = input_.turn.options;
    guest_prompt_state prompt;
    if (!options.perin_name.empty()) prompt.perin_name = options.perin_name;
    if (!options.tone.empty()) prompt.tone = options.tone;
    prompt.link = link_;
    prompt.timezone = timezone();
    prompt.now = parts_->clock->now();
    prompt.phase = plan.phase;

    model_request out;
    out.context.perin_name = prompt.perin_name;
    out.context.timezone = prompt.timezone;
    out.context.now = prompt.now;
    out.context.link = link_;
    out.max_tokens =
        std::min(parts_->max_tokens.value_or(parts_->guest_max_tokens), parts_->guest_max_tokens);
    if (plan.stage == stage_name::ai_analysis) {
        out.messages.push_back({chat_role::system, analysis_prompt(prompt)});
        out.response = analysis_format();
        return out;
    }
    if (plan.phase == prompt_phase::planner) prompt.tools_available = tools().names();
    out.messages.push_back({chat_role::system, guest_prompt(prompt)});
    return out;
}

void turn_flow::estimate_tokens(const model_request& request) {
    call_tokens_ = 0;
    // The built-in assistant costs nobody anything.
    if (parts_->offline || rung_ > parts_->other_models.size()) return;
    for (const auto& one : request.messages) call_tokens_ += estimated_tokens(one);
    spent_tokens_ += call_tokens_;
}

void turn_flow::correct_tokens(const model_reply& reply) {
    if (call_tokens_ == 0) return;
    if (reply.usage && reply.usage->total_tokens > 0)
        spent_tokens_ +=
            static_cast<std::uint64_t>(reply.usage->total_tokens) - std::exchange(call_tokens_, 0);
    else
        spent_tokens_ += estimated_tokens({chat_role::assistant, reply.text, reply.tool_calls});
}

/// At the turn's end, whatever that is.
void turn_flow::count_tokens() const {
    const auto keeper = parts_->delegations.load();
    const auto counted = least_turn_tokens(input_.turn.message);
    if (keeper && spent_tokens_ > counted)
        self_->send(keeper, spend_guest_tokens{input_.delegation_id, spent_tokens_ - counted});
}

}  // namespace perin::actors
