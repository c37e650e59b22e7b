#include "actors/turn/turn_flow.hpp"

#include "domain/notification_talk.hpp"
#include "domain/turn_failure.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/metrics.hpp"

#include <caf/actor_system.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// Numbers of the rungs below those of the configured models.
constexpr std::size_t rungs_without_model = 2;

/// Open notifications that a turn looks at, the newest.
constexpr std::size_t most_notifications = 20;

open_notification known_to_turn(const notification& one, const std::string& conversation_id) {
    const auto payload = nlohmann::json::parse(one.payload, nullptr, false);
    const auto of =
        payload.is_object() ? payload.value("conversationId", nlohmann::json()) : nlohmann::json();
    return {one.id, one.type, one.title, actions_of(one), of.is_string() && of != conversation_id};
}

}  // namespace

turn_flow::~turn_flow() {
    if (self_) meters().turns_running.add(-1);
    if (call_) call_->cancel();
}

void turn_flow::begin(pointer self, std::shared_ptr<const turn_parts> parts, turn_input input,
                      conversation_actor owner) {
    self_ = self;
    parts_ = std::move(parts);
    input_ = std::move(input);
    owner_ = std::move(owner);
    began_ = self_->clock().now();
    window_ = is_guests() ? std::min(parts_->window, parts_->guest_window) : parts_->window;
    meters().turns_running.add();
    self_->set_exit_handler([this](caf::exit_msg& message) {
        if (is_guests()) count_tokens();
        if (call_) call_->cancel();
        for (const auto& tool : running_tools_)
            if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(tool))
                caf::anon_send_exit(strong, caf::exit_reason::user_shutdown);
        self_->quit(message.reason);
    });
    for (const auto& round : input_.rounds)
        for (const auto& call : round.calls) call_ids_.insert(call.id);
    if (parts_->offline)
        say(turn_notice{"offline",
                        "no model service is configured: the built-in offline assistant answers"});
    // Told with the next stage: they answer at once or not at all.
    if (is_guests()) return load_link();
    load_context();
}

// ------------------------------------------------------------------------------------ context

/// Memory and notifications are asked side by side; the turn goes on once both have answered.
void turn_flow::load_context() {
    enter(stage_name::load_memory);
    context_open_ = 1;
    self_
        ->request(parts_->memory.load(), parts_->memory_timeout,
                  memory_query_relevant{input_.key.user_id, input_.turn.message, 5, true})
        .then(
            [this](result<relevant_memory>& found) {
                teller at_end{*this};
                leave(stage_name::load_memory, found ? stage_status::done : stage_status::failed);
                if (found) memory_ = std::move(*found);
                context_loaded();
            },
            [this](const caf::error&) {
                teller at_end{*this};
                leave(stage_name::load_memory, stage_status::failed);
                context_loaded();
            });
    load_notifications();
}

void turn_flow::load_notifications() {
    const auto keeper = parts_->notifications.load();
    if (!keeper) return;
    enter(stage_name::load_notifications_context);
    ++context_open_;
    self_
        ->request(keeper, parts_->notifications_timeout,
                  list_notifications{input_.key.user_id, notification_state::open,
                                     most_notifications, std::nullopt})
        .then(
            [this](const result<notification_page>& found) {
                teller at_end{*this};
                leave(stage_name::load_notifications_context,
                      found ? stage_status::done : stage_status::failed);
                if (found)
                    for (const auto& one : found->items)
                        open_.push_back(known_to_turn(one, input_.key.conversation_id));
                context_loaded();
            },
            [this](const caf::error&) {
                teller at_end{*this};
                leave(stage_name::load_notifications_context, stage_status::failed);
                context_loaded();
            });
}

void turn_flow::context_loaded() {
    if (--context_open_ > 0) return;
    // What a decision began says nothing by its own message.
    if (!input_.turn.decided) answered_ = answer_in(input_.turn.message, open_, input_.history);
    if (answered_) {
        enter(stage_name::notifications_action);
        leave(stage_name::notifications_action, stage_status::done);
    }
    decide();
}

void turn_flow::decide() {
    enter(stage_name::decide_execution_mode);
    leave(stage_name::decide_execution_mode, stage_status::done);
    if (!input_.rounds.empty()) return run_tools();
    if (is_guests()) return next_round();
    if (input_.turn.decided) return plan_calls({input_.turn.decided->call});
    if (input_.mode != execution_mode::tools && !answered_)
        return call_model({stage_name::direct, prompt_phase::direct, true});
    next_round();
}

// -------------------------------------------------------------------------------------- model

void turn_flow::next_round() {
    if (input_.rounds.size() >= most_planner_rounds) {
        limit_reached_ = true;
        return respond();
    }
    call_model({stage_name::planner, prompt_phase::planner, false});
}

void turn_flow::respond() { call_model({stage_name::responder, prompt_phase::responder, true}); }

model_request turn_flow::owner_request(const call_plan& plan) const {
    const auto& options = input_.turn.options;
    prompt_state prompt;
    if (!options.perin_name.empty()) prompt.perin_name = options.perin_name;
    if (!options.tone.empty()) prompt.tone = options.tone;
    if (!options.specialization.empty()) prompt.specialization = options.specialization;
    prompt.user_name = input_.account.name;
    prompt.timezone = timezone();
    prompt.now = parts_->clock->now();
    prompt.memories = memory_.items;
    prompt.phase = plan.phase;
    prompt.notifications = open_;
    prompt.answered = answered_;
    prompt.awaits_approval = awaits_approval();
    if (input_.turn.decided) prompt.approved = input_.turn.decided->approved;
    if (plan.phase == prompt_phase::planner) prompt.tools_available = tools().names();

    model_request out;
    out.messages.push_back({chat_role::system, system_prompt(prompt)});
    out.context = {prompt.perin_name, prompt.user_name, prompt.timezone, prompt.now,
                   memory_.items,     memory_.total,    open_,           answered_};
    out.max_tokens = parts_->max_tokens;
    return out;
}

void turn_flow::add_messages(model_request& to) const {
    to.messages.insert(to.messages.end(), input_.history.begin(), input_.history.end());
    to.messages.push_back({chat_role::user, input_.turn.message});
    for (const auto& round : input_.rounds) {
        to.messages.push_back({chat_role::assistant, "", round.calls});
        for (std::size_t i = 0; i < round.calls.size(); ++i)
            to.messages.push_back({chat_role::tool,
                                   told_to_model(round.outcomes[i].value_or(tool_outcome{})),
                                   {},
                                   round.calls[i].id});
    }
}

shared_model_request turn_flow::make_request(const call_plan& plan) {
    auto made =
        std::make_shared<model_request>(is_guests() ? guest_request(plan) : owner_request(plan));
    auto& request = *made;
    if (plan.stage == stage_name::planner) request.tools = tools().definitions();
    add_messages(request);
    auto reserved = static_cast<std::size_t>(request.max_tokens.value_or(4'096));
    auto room = window_ > 2 * reserved ? window_ - reserved : window_ / 2;
    auto shortened = shorten_history(std::move(request.messages), room);
    request.messages = std::move(shortened.messages);
    if (shortened.shortened && !history_told_) {
        history_told_ = true;
        say(turn_notice{"history_shortened",
                        "the oldest messages were left out to fit the model's window"});
    }
    request.stream = plan.stream;
    request.origin = {input_.key.conversation_id, turn_id(), input_.turn.origin.request_id,
                      input_.turn.origin.trace};
    return made;
}

void turn_flow::call_model(call_plan plan) {
    plan_ = plan;
    enter(plan.stage);
    auto request = make_request(plan);
    if (is_guests()) {
        estimate_tokens(*request);
        // What the owner pays for has a bound, also where it cannot be shortened.
        if (call_tokens_ > window_) {
            leave(plan.stage, stage_status::failed);
            return fail(error_code::too_large, "the message is too long for this link", false);
        }
    }
    auto number = ++call_number_;
    auto address = caf::actor_cast<turn_actor>(self_);
    call_ = answering_model().start(std::move(request), [address, number](model_event what) {
        caf::anon_send(address, model_progress{number, std::move(what)});
    });
}

void turn_flow::on_progress(model_progress& progress) {
    if (progress.number != call_number_ || !call_) return;
    if (auto* delta = std::get_if<model_delta>(&progress.what)) {
        on_delta(*delta);
        return tell();
    }
    // The call's sink holds this actor: let it go with the call.
    call_.reset();
    if (auto* reply = std::get_if<model_reply>(&progress.what))
        on_reply(*reply);
    else
        on_failure(std::get<model_failure>(progress.what));
    tell();
}

void turn_flow::on_delta(model_delta& delta) {
    // A planner's words are for itself, and so are those of an analysis.
    if (plan_.stage == stage_name::planner || plan_.stage == stage_name::ai_analysis ||
        delta.text.empty())
        return;
    if (!text_shown_) {
        meters().first_token.observe(self_->clock().now() - began_);
        enter(stage_name::stream_response);
    }
    text_shown_ = true;
    crash_point("turn.delta");
    say(text_delta{std::move(delta.text)});
}

void turn_flow::on_reply(model_reply& reply) {
    model_time_ += reply.elapsed;
    correct_tokens(reply);
    if (reply.usage) {
        if (!usage_) usage_ = token_usage{};
        usage_->prompt_tokens += reply.usage->prompt_tokens;
        usage_->completion_tokens += reply.usage->completion_tokens;
        usage_->total_tokens += reply.usage->total_tokens;
    }
    if (plan_.stage == stage_name::ai_analysis) {
        leave(plan_.stage, stage_status::done);
        return on_analysis(analysis_of(reply.text)
                               .value_or(analysis_by_rules(input_.history, input_.turn.message)));
    }
    if (plan_.stage == stage_name::planner) {
        leave(plan_.stage, stage_status::done);
        if (reply.tool_calls.empty()) return respond();
        return plan_calls(std::move(reply.tool_calls));
    }
    if (!text_shown_ && reply.text.empty())
        return on_failure({error_category::unknown, "", 0, {}, {}});
    keep_answer(reply);
    if (!text_shown_) {
        model_delta whole{std::move(reply.text)};
        on_delta(whole);
    }
    leave(plan_.stage, stage_status::done);
    leave(stage_name::stream_response, stage_status::done);
    turn_end end;
    auto fallen = rung_ > parts_->other_models.size();
    end.reason = fallen                                 ? finish_reason::fallback
                 : limit_reached_                       ? finish_reason::tool_limit
                 : reply.finish == model_finish::length ? finish_reason::length
                                                        : finish_reason::stop;
    finish(std::move(end));
}

void turn_flow::on_failure(const model_failure& why) {
    using step = failure_verdict::step;
    model_time_ += why.elapsed;
    auto verdict = verdict_of(why, text_shown_, shortened_once_);
    leave(plan_.stage, stage_status::failed);
    if (text_shown_) leave(stage_name::stream_response, stage_status::failed);
    if (verdict.what == step::shorten) {
        shortened_once_ = true;
        window_ /= 2;
        return call_model(plan_);
    }
    if (verdict.what == step::fall_back && fall_back(why)) return;
    // A service that knows no structured output refuses the analysis, and not what follows.
    if (plan_.stage == stage_name::ai_analysis && verdict.what == step::fail)
        return on_analysis(analysis_by_rules(input_.history, input_.turn.message));
    fail(verdict.code, sentence_of(why.category), verdict.retryable);
}

// ----------------------------------------------------------------------------------- fallback

chat_model& turn_flow::answering_model() const {
    if (rung_ == 0) return *parts_->model;
    if (rung_ <= parts_->other_models.size()) return *parts_->other_models[rung_ - 1];
    return *parts_->assistant;
}

/// Goes down the ladder: other models, an answer that was given before, the offline assistant.
/// False where there is no rung left.
bool turn_flow::fall_back(const model_failure& why) {
    const auto models = parts_->other_models.size();
    auto announce = [&](const std::string& who) {
        say(turn_notice{"fallback", std::string(sentence_of(why.category)) + ": " + who});
    };
    while (rung_ < models + rungs_without_model) {
        ++rung_;
        if (rung_ <= models) {
            announce(answering_model().name() + " answers instead");
            call_model(plan_);
            return true;
        }
        if (rung_ == models + 1) {
            auto known = answer_given_before();
            if (!known) continue;
            announce("this was answered before, and is answered the same again");
            answer_whole(std::move(*known));
            return true;
        }
        if (!parts_->assistant) return false;
        announce("the built-in offline assistant answers instead");
        call_model(plan_);
        return true;
    }
    return false;
}

std::string turn_flow::answer_key() const {
    return answer_cache::key_of(input_.key.user_id, input_.history, input_.turn.message,
                                input_.turn.options);
}

std::optional<std::string> turn_flow::answer_given_before() const {
    if (!parts_->answers || is_guests() || !input_.rounds.empty()) return std::nullopt;
    return parts_->answers->find(answer_key(), self_->clock().now());
}

void turn_flow::keep_answer(const model_reply& reply) const {
    auto of_a_model = rung_ <= parts_->other_models.size() && !parts_->offline;
    if (!parts_->answers || is_guests() || !of_a_model || !input_.rounds.empty()) return;
    if (reply.finish != model_finish::stop) return;
    parts_->answers->keep(answer_key(), reply.text, self_->clock().now());
}

void turn_flow::answer_whole(std::string text) {
    model_delta whole{std::move(text)};
    plan_.stage = stage_name::direct;
    on_delta(whole);
    leave(stage_name::stream_response, stage_status::done);
    turn_end end;
    end.reason = finish_reason::fallback;
    finish(std::move(end));
}

// --------------------------------------------------------------------------------------- end

void turn_flow::say(event_body body) { said_.push_back(std::move(body)); }

void turn_flow::tell() {
    if (!said_.empty()) self_->send(owner_, turn_events{turn_id(), std::exchange(said_, {})});
}

void turn_flow::enter(stage_name stage) {
    stages_[stage] = self_->clock().now();
    say(stage_changed{stage, stage_status::started, std::nullopt});
}

void turn_flow::leave(stage_name stage, stage_status status) {
    auto elapsed = self_->clock().now() - stages_[stage];
    meters().stages[stage].observe(elapsed);
    say(stage_changed{stage, status, duration_cast<milliseconds>(elapsed).count()});
}

std::int64_t turn_flow::overhead_ms() const {
    auto total = self_->clock().now() - began_;
    return std::max<std::int64_t>(0, duration_cast<milliseconds>(total - model_time_).count());
}

void turn_flow::finish(turn_end end) {
    if (is_guests()) count_tokens();
    end.usage = usage_;
    end.overhead_ms = overhead_ms();
    self_->send(owner_, turn_finished{turn_id(), std::exchange(said_, {}), std::move(end)});
    self_->quit();
}

void turn_flow::fail(error_code code, std::string detail, bool retryable) {
    turn_end end;
    end.outcome = turn_end::status::failed;
    end.failure = {code, std::move(detail), retryable};
    finish(std::move(end));
}

}  // namespace perin::actors
