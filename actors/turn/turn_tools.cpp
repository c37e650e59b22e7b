#include "actors/notifications/decision.hpp"
#include "actors/turn/turn_flow.hpp"
#include "actors/turn/turn_record.hpp"
#include "domain/json.hpp"
#include "domain/json_schema.hpp"
#include "runtime/crash_point.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>

/// The part of a turn that carries out what its model asked for.
namespace perin::actors {

using namespace runtime;

namespace {

constexpr auto awaiting_approval = "awaiting_approval";

}  // namespace

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
    if (tools_open_ == 0) return round_done();
    for (std::size_t i = 0; i < round.calls.size(); ++i)
        if (!round.outcomes[i]) run_tool(i);
}

std::optional<tool_outcome> turn_flow::refuse(const tool_call& call,
                                              nlohmann::json& arguments) const {
    auto refused = [](std::string code, std::string message) {
        return tool_outcome{tool_status::failed, nullptr, std::move(code), std::move(message)};
    };
    const auto* tool = tools().find(call.name);
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

/// Approval is bound to exactly this tool and these arguments.
bool turn_flow::is_decided(const tool_call& call) const {
    return input_.turn.decided && input_.rounds.size() == 1 && call == input_.turn.decided->call;
}

const std::string& turn_flow::timezone() const {
    const auto& asked = input_.turn.options.timezone;
    if (!asked.empty()) return asked;
    return is_guests() ? link_.timezone : input_.account.timezone;
}

/// Opens a notification in place of the call, which runs in a turn of its own once approved.
void turn_flow::ask_first(std::size_t index, const tool& of, const nlohmann::json& arguments) {
    auto call = input_.rounds.back().calls[index];
    call.arguments = arguments.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const waiting_call waiting{input_.key,           turn_id(),
                               timezone(),           std::move(call),
                               parts_->clock->now(), description_of(of, arguments)};
    self_
        ->request(parts_->notifications.load(), parts_->tool_timeout,
                  notify_user{approval_of(waiting)})
        .then(
            [this, index](const result<notification>& asked) {
                teller at_end{*this};
                if (!asked)
                    return tool_done(index,
                                     {tool_status::failed, nullptr, to_string(asked.error().code),
                                      "the user could not be asked to approve it"});
                tool_done(index, {tool_status::ok,
                                  {{"status", awaiting_approval},
                                   {"notificationId", asked->id},
                                   {"title", asked->title}}});
            },
            [this, index](const caf::error&) {
                teller at_end{*this};
                tool_done(index, {tool_status::failed, nullptr, "unavailable",
                                  "the user could not be asked to approve it"});
            });
}

void turn_flow::run_tool(std::size_t index) {
    const auto& call = input_.rounds.back().calls[index];
    nlohmann::json arguments = nlohmann::json::object();
    auto refused = refuse(call, arguments);
    say(tool_started{call.id, call.name, arguments});
    const bool decided = is_decided(call);
    if (decided && !input_.turn.decided->approved)
        return tool_done(index, {tool_status::failed, nullptr, "forbidden", "the user refused it"});
    if (refused) return tool_done(index, std::move(*refused));
    const auto& tool = *tools().find(call.name);
    if (!decided && asks_first(tool, arguments)) return ask_first(index, tool, arguments);
    tool_context context{input_.account,
                         turn_id(),
                         call.id,
                         timezone(),
                         decided ? input_.turn.decided->asked_at : input_.turn.accepted_at,
                         answered_};
    if (is_guests())
        context.guest =
            guest_call{input_.delegation_id, input_.key.user_id, input_.key.conversation_id};
    auto actor = tool.spawn(self_->system(), std::move(context));
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
    record_tool(input_.key, input_.turn, tools().find(tool) ? tool : "unknown", outcome);
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
    if (--tools_open_ == 0) round_done();
}

/// Another round, but not where the user has to speak first, or has spoken.
void turn_flow::round_done() {
    leave(stage_name::tool_execution, stage_status::done);
    if (awaits_approval() || input_.turn.decided) return respond();
    next_round();
}

bool turn_flow::awaits_approval() const {
    if (input_.rounds.empty()) return false;
    return std::ranges::any_of(input_.rounds.back().outcomes, [](const auto& outcome) {
        return outcome && outcome->status == tool_status::ok && outcome->result.is_object() &&
               outcome->result.value("status", nlohmann::json()) == awaiting_approval;
    });
}

}  // namespace perin::actors
