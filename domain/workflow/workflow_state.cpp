#include "domain/workflow/workflow_state.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace perin::workflow {

namespace {

constexpr std::array statuses{"running", "waiting", "paused", "completed", "failed", "cancelled"};
constexpr std::array step_statuses{"pending", "running", "waiting",    "ok",
                                   "failed",  "skipped", "compensated"};

failure not_now(std::string why) { return {error_code::conflict, std::move(why)}; }

failure no_such_step() { return {error_code::not_found, "there is no such step"}; }

bool has_ended(const step_state& step) {
    return step.status == step_status::ok || step.status == step_status::skipped ||
           step.status == step_status::compensated;
}

}  // namespace

std::string_view to_string(status what) noexcept {
    return statuses[static_cast<std::size_t>(what)];
}

std::string_view to_string(step_status what) noexcept {
    return step_statuses[static_cast<std::size_t>(what)];
}

std::string idempotency_key(const std::string& workflow_id, const std::string& step_id) {
    return workflow_id + "/" + step_id;
}

workflow_state::workflow_state(definition of) : of_(std::move(of)) {
    for (const auto& each : of_.steps) steps_.push_back({.is = each});
}

const step_state* workflow_state::find(const std::string& step_id) const {
    const auto found = std::find_if(steps_.begin(), steps_.end(),
                                    [&](const auto& each) { return each.is.id == step_id; });
    return found == steps_.end() ? nullptr : &*found;
}

step_state* workflow_state::mutable_step(const std::string& step_id) {
    return const_cast<step_state*>(std::as_const(*this).find(step_id));
}

// ---------------------------------------------------------------------------------------- fold

void workflow_state::apply(const event& what, timestamp at) {
    auto* step = mutable_step(step_of(what));
    if (const auto* one = std::get_if<begun>(&what)) {
        input_ = one->input;
        origin_ = one->origin;
    } else if (std::holds_alternative<paused>(what)) {
        paused_ = true;
    } else if (std::holds_alternative<resumed>(what)) {
        paused_ = false;
    } else if (std::holds_alternative<cancel_asked>(what)) {
        cancelling_ = true;
        paused_ = false;
        ended_.reset();
    } else if (std::holds_alternative<cancelled>(what)) {
        ended_ = workflow::status::cancelled;
    } else if (std::holds_alternative<completed>(what)) {
        ended_ = workflow::status::completed;
    } else if (std::holds_alternative<failed>(what)) {
        ended_ = workflow::status::failed;
        // What could not be undone is undone by another command to cancel.
        cancelling_ = false;
    }
    if (!step) return;
    if (const auto* one = std::get_if<step_started>(&what)) {
        step->status = step_status::running;
        step->attempts = one->attempt;
        step->under_way = true;
        step->retry_at.reset();
        step->failed_with.reset();
        if (!step->started_at) step->started_at = at;
    } else if (const auto* waits = std::get_if<step_waits>(&what)) {
        step->status = step_status::waiting;
        step->waiting = *waits;
        // It has taken the answer of before.
        step->answer.reset();
        step->answered_by.clear();
    } else if (const auto* answered = std::get_if<step_answered>(&what)) {
        step->status = step_status::pending;
        step->waiting.reset();
        step->answer = answered->answer;
        step->answered_by = answered->by;
        step->attempts = 0;
    } else if (const auto* done = std::get_if<step_done>(&what)) {
        step->status = step_status::ok;
        step->outcome = done->outcome;
        step->under_way = false;
        step->ended_at = at;
    } else if (const auto* failure_of = std::get_if<step_failed>(&what)) {
        step->status = failure_of->retry_at ? step_status::pending : step_status::failed;
        step->retry_at = failure_of->retry_at;
        step->failed_with = failure_of->code;
        if (!failure_of->retry_at) {
            step->under_way = false;
            step->ended_at = at;
        }
    } else if (std::holds_alternative<step_skipped>(what)) {
        step->status = step_status::skipped;
        step->under_way = false;
        step->waiting.reset();
        step->retry_at.reset();
        step->ended_at = at;
        if (ended_ == workflow::status::failed) ended_.reset();
    } else if (std::holds_alternative<step_retried>(what)) {
        step->status = step_status::pending;
        step->attempts = 0;
        step->retry_at.reset();
        step->ended_at.reset();
        ended_.reset();
    } else if (std::holds_alternative<step_compensated>(what)) {
        step->status = step_status::compensated;
    }
}

// -------------------------------------------------------------------------------------- questions

bool workflow_state::is_over() const noexcept { return ended_.has_value(); }

const step_state* workflow_state::current() const noexcept {
    const auto found = std::find_if(steps_.begin(), steps_.end(),
                                    [](const auto& each) { return !has_ended(each); });
    return found == steps_.end() ? nullptr : &*found;
}

status workflow_state::status() const noexcept {
    if (ended_) return *ended_;
    if (paused_) return workflow::status::paused;
    const auto* step = current();
    const bool waits = step && (step->status == step_status::waiting || step->retry_at);
    return waits && !cancelling_ ? workflow::status::waiting : workflow::status::running;
}

std::optional<timestamp> workflow_state::due_at() const {
    if (ended_ || paused_ || cancelling_) return std::nullopt;
    const auto* step = current();
    if (!step) return std::nullopt;
    if (step->status == step_status::waiting) return step->waiting->until;
    return step->retry_at;
}

action workflow_state::next(timestamp now, bool running) const {
    if (ended_) return rest{};
    const auto* step = current();
    // What runs has to end first: it may have done something that is to be undone.
    if (step && step->status == step_status::running) {
        if (running) return rest{};
        return repeat_step{step->is.id, step->attempts};
    }
    if (cancelling_) {
        for (auto each = steps_.rbegin(); each != steps_.rend(); ++each)
            if (each->status == step_status::ok && each->is.compensates)
                return compensate_step{each->is.id};
        return conclude{cancelled{}};
    }
    if (paused_) return rest{};
    if (!step) return conclude{completed{}};
    if (step->status == step_status::failed) {
        if (!step->is.required) return conclude{step_skipped{step->is.id}};
        return conclude{failed{step->is.id, step->failed_with.value_or(error_code::internal)}};
    }
    if (step->status == step_status::waiting) {
        const auto& until = step->waiting->until;
        if (until && *until <= now) return conclude{step_answered{step->is.id, nullptr}};
        return rest{until};
    }
    if (step->retry_at && *step->retry_at > now) return rest{step->retry_at};
    return start_step{step->is.id, step->attempts + 1};
}

// --------------------------------------------------------------------------------------- commands

result<event> workflow_state::pause(std::string reason) const {
    if (ended_) return not_now("the workflow has ended");
    if (cancelling_) return not_now("the workflow is being cancelled");
    if (paused_) return not_now("the workflow is paused already");
    return event{paused{std::move(reason)}};
}

result<event> workflow_state::resume() const {
    if (!paused_ || ended_) return not_now("the workflow is not paused");
    return event{resumed{}};
}

result<event> workflow_state::cancel(std::string reason) const {
    if (cancelling_) return not_now("the workflow is being cancelled");
    // One that has failed may still be undone.
    if (ended_ && ended_ != workflow::status::failed) return not_now("the workflow has ended");
    return event{cancel_asked{std::move(reason)}};
}

result<event> workflow_state::skip(const std::string& step_id) const {
    const auto* step = find(step_id);
    if (!step) return no_such_step();
    if (step->is.required) return not_now("the step is required");
    if (has_ended(*step)) return not_now("the step has ended");
    if (step->status == step_status::running) return not_now("the step is under way");
    if (cancelling_ || (ended_ && ended_ != workflow::status::failed))
        return not_now("the workflow has ended");
    return event{step_skipped{step_id}};
}

result<event> workflow_state::retry(const std::string& step_id) const {
    const auto* step = find(step_id);
    if (!step) return no_such_step();
    if (step->status != step_status::failed) return not_now("the step has not failed");
    if (cancelling_) return not_now("the workflow is being cancelled");
    return event{step_retried{step_id}};
}

result<event> workflow_state::answer(const std::string& step_id, nlohmann::json with,
                                     std::string by) const {
    const auto* step = find(step_id);
    if (!step) return no_such_step();
    const bool asks =
        step->status == step_status::waiting &&
        (step->waiting->what == waits_for::answer || step->waiting->what == waits_for::approval);
    if (!asks || ended_ || cancelling_) return not_now("the step does not wait for an answer");
    return event{step_answered{step_id, std::move(with), std::move(by)}};
}

std::vector<event> workflow_state::failed_attempt(const std::string& step_id, error_code code,
                                                  std::string detail, bool may_help,
                                                  timestamp retry_at) const {
    const auto* step = find(step_id);
    if (!step) return {};
    if (may_help && !cancelling_ && step->attempts < step->is.most_attempts)
        return {step_failed{step_id, code, std::move(detail), retry_at}};
    std::vector<event> out{step_failed{step_id, code, std::move(detail), std::nullopt}};
    if (cancelling_) return out;
    if (!step->is.required)
        out.emplace_back(step_skipped{step_id});
    else
        out.emplace_back(failed{step_id, code});
    return out;
}

}  // namespace perin::workflow
