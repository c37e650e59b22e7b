#include "actors/turn/turn_flow.hpp"

#include "actors/turn/turn_record.hpp"
#include "domain/json.hpp"
#include "domain/json_schema.hpp"
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
    window_ = parts_->window;
    meters().turns_running.add();
    self_->set_exit_handler([this](caf::exit_msg& message) {
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
    // Told with the next stage: memory answers at once or not at all.
    load_memory();
}

// ------------------------------------------------------------------------------------- memory

void turn_flow::load_memory() {
    enter(stage_name::load_memory);
    self_
        ->request(parts_->memory.load(), parts_->memory_timeout,
                  memory_query_relevant{input_.key.user_id, input_.turn.message, 5, true})
        .then(
            [this](result<relevant_memory>& found) {
                teller at_end{*this};
                leave(stage_name::load_memory, found ? stage_status::done : stage_status::failed);
                if (found) memory_ = std::move(*found);
                decide();
            },
            [this](const caf::error&) {
                teller at_end{*this};
                leave(stage_name::load_memory, stage_status::failed);
                decide();
            });
}

void turn_flow::decide() {
    enter(stage_name::decide_execution_mode);
    leave(stage_name::decide_execution_mode, stage_status::done);
    if (input_.mode == execution_mode::direct)
        return call_model({stage_name::direct, prompt_phase::direct, true});
    if (!input_.rounds.empty()) return run_tools();
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

shared_model_request turn_flow::make_request(const call_plan& plan) {
    const auto& options = input_.turn.options;
    prompt_state prompt;
    if (!options.perin_name.empty()) prompt.perin_name = options.perin_name;
    if (!options.tone.empty()) prompt.tone = options.tone;
    if (!options.specialization.empty()) prompt.specialization = options.specialization;
    prompt.user_name = input_.account.name;
    prompt.timezone = options.timezone.empty() ? input_.account.timezone : options.timezone;
    prompt.now = parts_->clock->now();
    prompt.memories = memory_.items;
    prompt.phase = plan.phase;

    auto made = std::make_shared<model_request>();
    auto& request = *made;
    if (plan.phase == prompt_phase::planner) {
        request.tools = parts_->tools->definitions();
        prompt.tools_available = parts_->tools->names();
    }
    request.messages.push_back({chat_role::system, system_prompt(prompt)});
    request.messages.insert(request.messages.end(), input_.history.begin(), input_.history.end());
    request.messages.push_back({chat_role::user, input_.turn.message});
    for (const auto& round : input_.rounds) {
        request.messages.push_back({chat_role::assistant, "", round.calls});
        for (std::size_t i = 0; i < round.calls.size(); ++i)
            request.messages.push_back({chat_role::tool,
                                        told_to_model(round.outcomes[i].value_or(tool_outcome{})),
                                        {},
                                        round.calls[i].id});
    }
    auto reserved = static_cast<std::size_t>(parts_->max_tokens.value_or(4'096));
    auto room = window_ > 2 * reserved ? window_ - reserved : window_ / 2;
    auto shortened = shorten_history(std::move(request.messages), room);
    request.messages = std::move(shortened.messages);
    if (shortened.shortened && !history_told_) {
        history_told_ = true;
        say(turn_notice{"history_shortened",
                        "the oldest messages were left out to fit the model's window"});
    }
    request.stream = plan.stream;
    request.max_tokens = parts_->max_tokens;
    request.origin = {input_.key.conversation_id, turn_id(), input_.turn.origin.request_id,
                      input_.turn.origin.trace};
    request.context = {prompt.perin_name, prompt.user_name, prompt.timezone,
                       prompt.now,        memory_.items,    memory_.total};
    return made;
}

void turn_flow::call_model(call_plan plan) {
    plan_ = plan;
    enter(plan.stage);
    auto request = make_request(plan);
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
    // A planner's words are for itself.
    if (plan_.stage == stage_name::planner || delta.text.empty()) return;
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
    if (reply.usage) {
        if (!usage_) usage_ = token_usage{};
        usage_->prompt_tokens += reply.usage->prompt_tokens;
        usage_->completion_tokens += reply.usage->completion_tokens;
        usage_->total_tokens += reply.usage->total_tokens;
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
    if (!parts_->answers || !input_.rounds.empty()) return std::nullopt;
    return parts_->answers->find(answer_key(), self_->clock().now());
}

void turn_flow::keep_answer(const model_reply& reply) const {
    auto of_a_model = rung_ <= parts_->other_models.size() && !parts_->offline;
    if (!parts_->answers || !of_a_model || !input_.rounds.empty()) return;
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

// -------------------------------------------------------------------------------------- tools

void turn_flow::plan_calls(std::vector<tool_call> calls) {
    if (calls.size() > most_calls_a_round) calls.resize(most_calls_a_round);
    for (auto& call : calls) {
        // Some servers number the calls of each reply anew; ids key what has been done.
        auto wished = call.id.empty() ? "call" : call.id;
        for (int n = 2; call.id.empty() || !call_ids_.insert(call.id).second; ++n)
            call.id = wished + "-" + std::to_string(n);
    }
    tell();
    self_->request(owner_, parts_->journal_timeout, turn_planned{turn_id(), calls})
        .then(
            [this, calls](const result<void>& written) {
                teller at_end{*this};
                if (!written)
                    return fail(error_code::unavailable, "the plan could not be written", true);
                planner_round round{calls, {}};
                round.outcomes.resize(calls.size());
                input_.rounds.push_back(std::move(round));
                run_tools();
            },
            [this](const caf::error&) {
                teller at_end{*this};
                fail(error_code::unavailable, "the plan could not be written", true);
            });
}

void turn_flow::run_tools() {
    enter(stage_name::tool_execution);
    const auto& round = input_.rounds.back();
    tools_open_ = 0;
    for (const auto& outcome : round.outcomes) tools_open_ += outcome ? 0 : 1;
    if (tools_open_ == 0) {
        leave(stage_name::tool_execution, stage_status::done);
        return next_round();
    }
    for (std::size_t i = 0; i < round.calls.size(); ++i)
        if (!round.outcomes[i]) run_tool(i);
}

std::optional<tool_outcome> turn_flow::refuse(const tool_call& call,
                                              nlohmann::json& arguments) const {
    auto refused = [](std::string code, std::string message) {
        return tool_outcome{tool_status::failed, nullptr, std::move(code), std::move(message)};
    };
    const auto* tool = parts_->tools->find(call.name);
    auto text = call.arguments.empty() ? std::string_view{"{}"} : std::string_view{call.arguments};
    auto parsed = parse_json(text);
    if (parsed && parsed->is_object()) arguments = *parsed;
    if (!tool) return refused("not_found", "there is no tool of that name here");
    if (!parsed) return refused("invalid_request", "the arguments are not JSON");
    if (!parsed->is_object()) return refused("invalid_request", "the arguments must be an object");
    if (auto checked = check_schema(tool->definition.parameters, *parsed); !checked)
        return refused(to_string(checked.error().code),
                       checked.error().pointer + ": " + checked.error().detail);
    return std::nullopt;
}

void turn_flow::run_tool(std::size_t index) {
    const auto& call = input_.rounds.back().calls[index];
    nlohmann::json arguments = nlohmann::json::object();
    auto refused = refuse(call, arguments);
    say(tool_started{call.id, call.name, arguments});
    if (refused) return tool_done(index, std::move(*refused));
    const auto* tool = parts_->tools->find(call.name);
    auto actor = tool->spawn(self_->system(), {input_.account, turn_id(), call.id});
    running_tools_.insert(actor.address());
    self_->request(actor, parts_->tool_timeout, tool_run{std::move(arguments)})
        .then(
            [this, index, actor](result<nlohmann::json>& answer) {
                teller at_end{*this};
                running_tools_.erase(actor.address());
                // The effect is there, its result is not on disk yet.
                crash_point("tool.after_effect");
                if (answer) return tool_done(index, {tool_status::ok, std::move(*answer)});
                tool_done(index, {tool_status::failed, nullptr, to_string(answer.error().code),
                                  answer.error().detail});
            },
            [this, index, actor](const caf::error& why) {
                teller at_end{*this};
                running_tools_.erase(actor.address());
                self_->send_exit(actor, caf::exit_reason::user_shutdown);
                if (why == caf::sec::request_timeout)
                    return tool_done(index, {tool_status::timed_out, nullptr, "upstream_timeout",
                                             "the tool did not answer in time"});
                tool_done(index, {tool_status::failed, nullptr, "internal", "the tool failed"});
            });
}

void turn_flow::tool_done(std::size_t index, tool_outcome outcome) {
    const auto& [call_id, tool, arguments] = input_.rounds.back().calls[index];
    record_tool(input_.key, input_.turn, parts_->tools->find(tool) ? tool : "unknown", outcome);
    tell();
    self_->request(owner_, parts_->journal_timeout, turn_tool_finished{turn_id(), call_id, outcome})
        .then(
            [this, index, outcome](const result<void>& written) {
                teller at_end{*this};
                if (!written)
                    return fail(error_code::unavailable, "a result could not be written", true);
                tool_written(index, outcome);
            },
            [this](const caf::error&) {
                teller at_end{*this};
                fail(error_code::unavailable, "a result could not be written", true);
            });
}

void turn_flow::tool_written(std::size_t index, tool_outcome outcome) {
    input_.rounds.back().outcomes[index] = std::move(outcome);
    if (--tools_open_ > 0) return;
    leave(stage_name::tool_execution, stage_status::done);
    next_round();
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
