#include "actors/workflow/orchestration_flow.hpp"

#include "actors/workflow/step_attempt.hpp"
#include "actors/workflow/workflow_orders.hpp"
#include "domain/workflow/replay.hpp"
#include "domain/workflow/telling.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/log.hpp"
#include "runtime/supervision/end_reason.hpp"
#include "runtime/upstream/jitter.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <utility>

namespace perin::actors {

using namespace runtime;
using std::chrono::milliseconds;

namespace {

/// Before an attempt to tell a conversation is made again.
constexpr milliseconds tell_again{1'000};
constexpr milliseconds longest_tell_again{60'000};

failure no_such_workflow() { return {error_code::not_found, "there is no such workflow"}; }

failure too_much_waits() { return {error_code::unavailable, "too much waits for this workflow"}; }

failure store_silent() { return {error_code::unavailable, "the store does not answer"}; }

}  // namespace

orchestration_flow::~orchestration_flow() {
    // An attempt that goes on alone would act beside the next one.
    if (attempt_) caf::anon_send_exit(attempt_->actor, caf::exit_reason::kill);
}

// ---------------------------------------------------------------------------------- beginning

void orchestration_flow::begin(pointer self, std::shared_ptr<const workflows_parts> parts,
                               std::string id, workflows_parent parent, bool fresh) {
    self_ = self;
    parts_ = std::move(parts);
    id_ = std::move(id);
    parent_ = std::move(parent);
    self_->set_down_handler([this](const caf::down_msg& message) { on_down(message); });
    if (fresh) return;
    // `await`: messages wait until the state is there.
    self_->request(parts_->reader.load(), parts_->store_timeout, load_workflow{id_})
        .await(
            [this](result<loaded_workflow>& loaded) {
                if (loaded) return take_up(std::move(*loaded));
                if (loaded.error().code != error_code::not_found) return give_up(loaded.error());
                rest();
            },
            [this](const caf::error&) { give_up(store_silent()); });
}

void orchestration_flow::take_up(loaded_workflow loaded) {
    is_ = std::move(loaded.is);
    version_ = loaded.version;
    told_ = loaded.told;
    const auto history = workflow::history_of(loaded.records);
    history_ = history.events;
    auto replayed =
        workflow::replay(is_, parts_->book->find(is_.kind, is_.definition_version), history);
    if (!replayed) {
        unknown_ = replayed.error();
        log(log_level::error, "workflow.unknown", "a workflow cannot go on with this program",
            {{"workflowId", id_}, {"kind", is_.kind}, {"version", is_.definition_version}});
        return rest();
    }
    state_.emplace(std::move(replayed->state));
    wakes_at_ = state_->due_at();
    tell();
    go_on({});
}

void orchestration_flow::give_up(const failure& why) {
    // The state in memory has gone on past what is on disk: a new actor begins from the journal.
    log(log_level::warning, "workflow.gave_up", "a workflow begins anew from the journal",
        {{"workflowId", id_}, {"code", to_string(why.code)}, {"detail", why.detail}});
    self_->quit(caf::make_error(caf::sec::runtime_error, to_string(why.code)));
}

// ------------------------------------------------------------------------------------- messages

void orchestration_flow::in_turn(std::function<void()> what) {
    if (committing_)
        later_.push_back(std::move(what));
    else
        what();
}

void orchestration_flow::handled() {
    ++handled_;
    rest();
}

std::optional<failure> orchestration_flow::refusal(const std::string& user_id) const {
    if (!state_ && !unknown_) return no_such_workflow();
    if (!user_id.empty() && user_id != is_.user_id) return no_such_workflow();
    return std::nullopt;
}

caf::result<orchestration_flow::reply> orchestration_flow::on_begin(begin_workflow& wanted) {
    if (later_.size() >= parts_->most_waiting) return reply{too_much_waits()};
    auto owed = owe<reply>(self_);
    auto what = std::make_shared<begin_workflow>(std::move(wanted));
    in_turn([this, owed, what] {
        if (state_ || unknown_) {
            const bool same = is_.user_id == what->user_id && is_.kind == what->kind &&
                              (!state_ || state_->input() == what->input);
            if (!same)
                return owed.deliver(
                    failure{error_code::conflict, "the id is that of another workflow"});
            return answer(owed, what->until_it_rests);
        }
        const auto* definition = parts_->book->newest(what->kind);
        if (!definition)
            return owed.deliver(
                failure{error_code::invalid_request, "there is no such kind of workflow", "/kind"});
        is_ = {id_, what->user_id, what->kind, definition->version};
        state_.emplace(*definition);
        go_on({workflow::begun{is_.kind, is_.definition_version, what->input, what->origin}},
              [this, owed, wait = what->until_it_rests] { answer(owed, wait); });
    });
    return owed;
}

caf::result<orchestration_flow::reply> orchestration_flow::on_find(const find_workflow& wanted) {
    if (later_.size() >= parts_->most_waiting) return reply{too_much_waits()};
    auto owed = owe<reply>(self_);
    in_turn([this, owed, user = wanted.user_id, wait = wanted.until_it_rests] {
        if (auto why = refusal(user)) return owed.deliver(*why);
        answer(owed, wait);
    });
    return owed;
}

caf::result<orchestration_flow::reply> orchestration_flow::on_command(command_workflow& wanted) {
    if (later_.size() >= parts_->most_waiting) return reply{too_much_waits()};
    auto owed = owe<reply>(self_);
    auto what = std::make_shared<command_workflow>(std::move(wanted));
    in_turn([this, owed, what] { order(owed, *what); });
    return owed;
}

void orchestration_flow::order(const promise& owed, command_workflow& wanted) {
    if (auto why = refusal(wanted.user_id)) return owed.deliver(*why);
    if (unknown_) return owed.deliver(*unknown_);
    if (auto why = refusal_to_guest(wanted)) return owed.deliver(*why);
    auto follows = event_of(wanted.order, *state_, *parts_->book);
    if (!follows) return owed.deliver(follows.error());
    const bool cancels = std::holds_alternative<cancel_workflow>(wanted.order);
    if (!cancels && version_ >= parts_->most_events)
        return owed.deliver(
            failure{error_code::conflict, "the workflow has come to its most events"});
    if (cancels) {
        undoing_failed_ = 0;
        undo_after_.reset();
    }
    go_on({std::move(*follows)},
          [this, owed, wait = wanted.until_it_rests] { answer(owed, wait); });
}

std::optional<failure> orchestration_flow::refusal_to_guest(const command_workflow& wanted) const {
    if (!wanted.by_guest) return std::nullopt;
    const auto& origin = state_->origin();
    if (!origin || std::ranges::find(wanted.conversations, origin->conversation_id) ==
                       wanted.conversations.end())
        return no_such_workflow();
    // A guest answers what guests are asked, and nothing else.
    const auto* step = state_->current();
    const bool approves =
        step && step->waiting && step->waiting->what == workflow::waits_for::approval;
    if (approves || !std::holds_alternative<answer_step>(wanted.order))
        return failure{error_code::forbidden, "only the owner may do this"};
    return std::nullopt;
}

void orchestration_flow::answer(const promise& owed, milliseconds until_it_rests) {
    if (!state_ || until_it_rests <= milliseconds{0} || patients_.size() >= parts_->most_waiting)
        return owed.deliver(account());
    patients_.push_back({owed, self_->clock().now() + until_it_rests});
}

void orchestration_flow::on_forget(const forget_user& what) {
    if (what.user_id == is_.user_id) self_->quit();
}

// ----------------------------------------------------------------------------------- going on

void orchestration_flow::go_on(std::vector<workflow::event> events,
                               std::function<void()> committed) {
    const auto version = history_.size();
    for (const auto& one : events) record(one);
    const auto starts = follow();
    if (history_.size() == version) {
        if (starts) begin_attempt(*starts);
        return rest();
    }
    commit([this, starts, committed = std::move(committed)] {
        crash_point("workflow.committed");
        if (committed) committed();
        if (starts) begin_attempt(*starts);
    });
}

std::optional<orchestration_flow::attempt_wanted> orchestration_flow::follow() {
    if (history_.size() >= parts_->most_events && !state_->is_over() && !attempt_ &&
        !state_->is_cancelling()) {
        const auto* step = state_->current();
        record(workflow::failed{step ? step->is.id : std::string(), error_code::too_large});
    }
    for (;;) {
        const auto next = state_->next(now(), attempt_.has_value());
        if (const auto* one = std::get_if<workflow::conclude>(&next)) {
            record(one->with);
        } else if (const auto* start = std::get_if<workflow::start_step>(&next)) {
            record(workflow::step_started{start->step_id, start->attempt});
            return attempt_wanted{start->step_id, start->attempt};
        } else if (const auto* again = std::get_if<workflow::repeat_step>(&next)) {
            return attempt_wanted{again->step_id, again->attempt};
        } else if (const auto* undo = std::get_if<workflow::compensate_step>(&next)) {
            if (attempt_ || (undo_after_ && self_->clock().now() < *undo_after_))
                return std::nullopt;
            return attempt_wanted{undo->step_id, 0, true};
        } else {
            return std::nullopt;
        }
    }
}

void orchestration_flow::record(const workflow::event& what) {
    const auto at = now();
    state_->apply(what, at);
    history_.push_back({history_.size() + 1, what, at});
}

void orchestration_flow::commit(std::function<void()> then) {
    committing_ = true;
    append_records write{workflow::stream_of(id_), version_, {}};
    for (auto i = static_cast<std::size_t>(version_); i < history_.size(); ++i)
        write.records.push_back(record_of(history_[i].what, history_[i].at));
    write.state = row_of(workflow::summarize(is_, *state_, history_));
    const auto due = state_->due_at();
    if (due != wakes_at_) write.wake = wake_change{due};
    crash_point("workflow.decided");
    self_->request(parts_->store.load(), parts_->store_timeout, std::move(write))
        .then(
            [this, due, then = std::move(then)](const result<std::uint64_t>& done) {
                if (!done) return give_up(done.error());
                committing_ = false;
                version_ = *done;
                wakes_at_ = due;
                tell();
                then();
                drain();
            },
            [this](const caf::error&) { give_up(store_silent()); });
}

void orchestration_flow::drain() {
    while (!committing_ && !later_.empty()) {
        auto next = std::move(later_.front());
        later_.pop_front();
        next();
    }
    rest();
}

// ------------------------------------------------------------------------------------- attempts

void orchestration_flow::begin_attempt(const attempt_wanted& wanted) {
    const auto* step = state_->find(wanted.step_id);
    const auto* kind = parts_->book->find_step(step->is.kind);
    const auto number = ++attempts_made_;
    attempt_ = running_attempt{number, wanted.step_id, wanted.compensates, {}, {}};
    const bool nothing_to_undo = kind && wanted.compensates && !kind->compensate;
    if (!kind || nothing_to_undo) {
        step_end how = step_ok{};
        if (!kind)
            how = failure{error_code::invalid_request,
                          "this program cannot carry out steps of the kind " + step->is.kind};
        return settle_attempt(std::move(how));
    }
    attempt_start start{number, wanted.compensates, {}};
    auto& context = start.context;
    context.workflow_id = id_;
    context.user_id = is_.user_id;
    context.step_id = wanted.step_id;
    context.attempt = wanted.attempt;
    context.idempotency_key = workflow::idempotency_key(id_, wanted.step_id);
    context.origin = state_->origin();
    context.input = state_->input();
    for (const auto& each : state_->steps())
        if (each.status == workflow::step_status::ok) context.outcomes[each.is.id] = each.outcome;
    context.answer = step->answer;
    context.now = now();
    attempt_->actor = spawn_attempt(self_->system(), parts_->book, *kind, std::move(start),
                                    orchestration_actor(self_));
    attempt_->deadline = self_->clock().now() + kind->deadline;
    self_->monitor(attempt_->actor);
    self_->send(attempt_->actor, begin_step{});
}

void orchestration_flow::on_progress(attempt_progressed& what) {
    if (!attempt_ || attempt_->number != what.number || attempt_->compensates) return;
    if (++attempt_->progress > parts_->most_progress) return;
    in_turn([this, step = attempt_->step_id, said = std::move(what.message)] {
        if (state_->is_over()) return;
        go_on({workflow::step_progress{step, said}});
    });
}

void orchestration_flow::on_end(attempt_ended& what) {
    if (!attempt_ || attempt_->number != what.number) return;
    crash_point("workflow.step_ran");
    attempt_->told = true;
    self_->demonitor(attempt_->actor.address());
    in_turn([this, number = what.number, how = std::move(what.how)] {
        if (attempt_ && attempt_->number == number) settle_attempt(how);
    });
}

void orchestration_flow::on_down(const caf::down_msg& message) {
    // One that has told how it ended may be gone before that is settled.
    if (!attempt_ || attempt_->told || message.source != attempt_->actor.address()) return;
    log(log_level::warning, "workflow.step_died", "an attempt of a workflow's step died",
        {{"workflowId", id_},
         {"step", attempt_->step_id},
         {"reason", reason_text(message.reason)}});
    in_turn([this, number = attempt_->number] {
        if (attempt_ && attempt_->number == number)
            settle_attempt(failure{error_code::internal, "the step failed"});
    });
}

void orchestration_flow::settle_attempt(step_end how) {
    const auto ended = std::move(*attempt_);
    attempt_.reset();
    if (const auto* one = std::get_if<step_ok>(&how);
        one && one->outcome.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size() >
                   parts_->most_outcome_bytes)
        how = failure{error_code::too_large, "the step came to more than may be kept"};
    if (ended.compensates) return go_on(undone(ended, how));
    std::vector<workflow::event> events;
    if (auto* done = std::get_if<step_ok>(&how)) {
        events.emplace_back(workflow::step_done{ended.step_id, std::move(done->outcome)});
    } else if (auto* waits = std::get_if<step_must_wait>(&how)) {
        if (!waits->because.empty())
            events.emplace_back(workflow::step_progress{ended.step_id, waits->because});
        events.emplace_back(workflow::step_waits{ended.step_id, waits->what, waits->until,
                                                 std::move(waits->shown)});
    } else {
        const auto& why = std::get<failure>(how);
        const auto* step = state_->find(ended.step_id);
        const auto* kind = parts_->book->find_step(step->is.kind);
        const auto wait = kind ? backoff(*kind, step->attempts, why) : milliseconds{0};
        events = state_->failed_attempt(ended.step_id, why.code, why.detail,
                                        kind && may_help(why.code), now() + wait);
    }
    go_on(std::move(events));
}

std::vector<workflow::event> orchestration_flow::undone(const running_attempt& ended,
                                                        const step_end& how) {
    if (std::holds_alternative<step_ok>(how)) {
        undoing_failed_ = 0;
        undo_after_.reset();
        return {workflow::step_compensated{ended.step_id}};
    }
    const auto why = std::holds_alternative<failure>(how)
                         ? std::get<failure>(how)
                         : failure{error_code::internal, "what undoes a step may not wait"};
    const auto* step = state_->find(ended.step_id);
    const auto* kind = parts_->book->find_step(step->is.kind);
    if (may_help(why.code) && ++undoing_failed_ < step->is.most_attempts) {
        const auto wait = backoff(*kind, undoing_failed_, why);
        undo_after_ = self_->clock().now() + wait;
        return {};
    }
    undoing_failed_ = 0;
    log(log_level::error, "workflow.not_undone", "a step of a workflow could not be undone",
        {{"workflowId", id_}, {"step", ended.step_id}, {"code", to_string(why.code)}});
    return {workflow::failed{ended.step_id, why.code}};
}

milliseconds orchestration_flow::backoff(const step_kind& kind, std::uint32_t attempts,
                                         const failure& why) const {
    const auto doublings = std::min<std::uint32_t>(attempts == 0 ? 0 : attempts - 1, 20);
    const auto most =
        std::min(kind.longest_backoff, kind.first_backoff * (std::int64_t{1} << doublings));
    const auto wait = jitter(most, *parts_->entropy);
    return std::max(wait, why.retry_after.value_or(milliseconds{0}));
}

void orchestration_flow::on_tick() {
    const auto at = self_->clock().now();
    std::erase_if(patients_, [&](const patient& one) {
        if (one.until > at) return false;
        one.owed.deliver(account());
        return true;
    });
    if (tell_after_ && *tell_after_ <= at) {
        tell_after_.reset();
        tell();
    }
    if (attempt_ && attempt_->actor && !attempt_->told && attempt_->deadline <= at) {
        self_->demonitor(attempt_->actor.address());
        self_->send_exit(attempt_->actor, caf::exit_reason::kill);
        in_turn([this, number = attempt_->number] {
            if (attempt_ && attempt_->number == number)
                settle_attempt(failure{error_code::upstream_timeout, "the step took too long"});
        });
    }
    if (state_ && !committing_ && !attempt_) return go_on({});
    rest();
}

// -------------------------------------------------------------------------------------- telling

void orchestration_flow::tell() {
    if (!state_ || !state_->origin() || telling_ || untold_ || tell_after_ || told_ >= version_)
        return;
    const auto conversations = parts_->conversations.load();
    if (!conversations) {
        tell_after_ = self_->clock().now() + tell_again;
        return;
    }
    const auto& origin = *state_->origin();
    tell_workflow wanted{{is_.user_id, origin.conversation_id},
                         origin.turn_id,
                         workflow::stream_of(id_),
                         version_,
                         {},
                         told_};
    auto before = told_state();
    for (auto i = static_cast<std::size_t>(told_); i < version_; ++i) {
        const auto& one = history_[i];
        for (auto& body : workflow::told_of(id_, before, one.what))
            wanted.bodies.push_back(std::move(body));
        before.apply(one.what, one.at);
    }
    telling_ = true;
    self_->request(conversations, parts_->tell_timeout, std::move(wanted))
        .then(
            [this, version = version_](const result<void>& done) {
                telling_ = false;
                if (done) return told(version);
                if (done.error().code == error_code::conflict) return ask_told();
                if (done.error().code == error_code::not_found) {
                    untold_ = true;
                    return rest();
                }
                told(told_);
            },
            [this](const caf::error&) { ask_told(); });
}

const workflow::workflow_state& orchestration_flow::told_state() {
    if (!told_state_) told_state_.emplace(*parts_->book->find(is_.kind, is_.definition_version));
    for (; folded_ < told_; ++folded_)
        told_state_->apply(history_[folded_].what, history_[folded_].at);
    return *told_state_;
}

void orchestration_flow::ask_told() {
    // It was told further than is known here: by an earlier try that was not answered.
    telling_ = true;
    self_->request(parts_->reader.load(), parts_->store_timeout, load_workflow{id_})
        .then(
            [this](const result<loaded_workflow>& loaded) {
                telling_ = false;
                told(loaded ? loaded->told : told_);
            },
            [this](const caf::error&) {
                telling_ = false;
                told(told_);
            });
}

void orchestration_flow::told(std::uint64_t version) {
    if (version > told_) {
        crash_point("workflow.told");
        told_ = version;
        telling_failed_ = 0;
        tell();
        return rest();
    }
    const auto wait = std::min(longest_tell_again,
                               tell_again * (1 << std::min<std::size_t>(telling_failed_++, 6)));
    tell_after_ = self_->clock().now() + wait;
    rest();
}

// --------------------------------------------------------------------------------------- resting

void orchestration_flow::rest() {
    if (committing_ || attempt_ || !later_.empty()) return;
    const bool undoes = state_ && !state_->is_over() && state_->is_cancelling();
    if (undoes) return;
    const bool tells = state_ && state_->origin() && !untold_ && told_ < version_;
    // Whoever waits sees first what is told, unless that has to be tried again later.
    if (!tells || (tell_after_ && !telling_))
        for (const auto& one : std::exchange(patients_, {})) one.owed.deliver(account());
    if (tells) return;
    const bool over = !state_ || state_->is_over();
    self_->send(parent_,
                workflow_rests{id_, handled_, over, state_ ? state_->due_at() : std::nullopt});
}

workflow::account_of orchestration_flow::account() const {
    if (!state_) return {is_, {}, history_};
    return workflow::account(is_, *state_, history_);
}

}  // namespace perin::actors
