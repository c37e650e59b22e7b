#include "actors/workflow/workflows_flow.hpp"

#include "runtime/log.hpp"
#include "runtime/metrics.hpp"
#include "runtime/supervision/end_reason.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>

namespace perin::actors {

using namespace runtime;
using std::chrono::milliseconds;

namespace {

/// Workflows that are taken up at once at the start.
constexpr std::size_t take_up_page = 500;
/// Deaths that lie further apart have nothing to do with each other.
constexpr std::chrono::minutes mourning{5};

}  // namespace

workflows_flow::~workflows_flow() {
    // They would go on beside those of a next incarnation.
    for (auto& [id, one] : entries_) caf::anon_send_exit(one.actor, caf::exit_reason::kill);
}

void workflows_flow::begin(pointer self, workflows_parts parts) {
    self_ = self;
    parts_ = std::make_shared<const workflows_parts>(std::move(parts));
    self_->set_down_handler([this](const caf::down_msg& message) { on_down(message); });
    self_->set_exit_handler([this](caf::exit_msg& message) {
        for (auto& [id, one] : entries_) self_->send_exit(one.actor, message.reason);
        entries_.clear();
        self_->quit(message.reason);
    });
    self_->delayed_send(self_, parts_->tick_every, tick{});
    take_up(false, {});
    look();
}

// ---------------------------------------------------------------------------------- residents

workflows_flow::entry& workflows_flow::resident(const std::string& id, bool fresh) {
    auto& one = entries_[id];
    if (one.actor) return one;
    one.actor = spawn_orchestration(self_->system(), parts_, id, workflows_parent(self_), fresh);
    one.sent = 0;
    one.rests_since.reset();
    self_->monitor(one.actor);
    by_actor_[one.actor.address()] = id;
    return one;
}

orchestration_actor& workflows_flow::sent_to(entry& one) {
    ++one.sent;
    one.rests_since.reset();
    return one.actor;
}

void workflows_flow::wake(const std::string& id) {
    auto& one = resident(id);
    self_->send(sent_to(one), wake_workflow{});
}

void workflows_flow::let_go(const std::string& id) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    const auto actor = found->second.actor;
    self_->demonitor(actor.address());
    by_actor_.erase(actor.address());
    entries_.erase(found);
    self_->send_exit(actor, caf::exit_reason::user_shutdown);
}

void workflows_flow::on_rests(const workflow_rests& what) {
    const auto found = entries_.find(what.id);
    // More is on its way to it.
    if (found == entries_.end() || found->second.sent != what.handled) return;
    dead_.erase(what.id);
    if (what.due_at)
        look_in(std::clamp(std::chrono::ceil<milliseconds>(*what.due_at - parts_->clock->now()),
                           parts_->shortest_look, parts_->longest_look));
    if (what.over || parts_->passivate_after <= milliseconds{0}) return let_go(what.id);
    found->second.rests_since = self_->clock().now();
}

void workflows_flow::on_forget(const forget_user& what) {
    for (auto& [id, one] : entries_) self_->send(sent_to(one), what);
}

void workflows_flow::on_tick() {
    const auto now = self_->clock().now();
    std::vector<std::string> idle;
    for (const auto& [id, one] : entries_) {
        if (!one.rests_since)
            self_->send(one.actor, tick{});
        else if (*one.rests_since + parts_->passivate_after <= now)
            idle.push_back(id);
    }
    for (const auto& id : idle) let_go(id);
    std::erase_if(dead_, [&](const auto& one) { return one.second.last + mourning < now; });
    if (to_take_up_ && !full()) {
        const auto [untold, after] = *std::exchange(to_take_up_, std::nullopt);
        take_up(untold, after);
    }
    self_->delayed_send(self_, parts_->tick_every, tick{});
}

void workflows_flow::on_down(const caf::down_msg& message) {
    const auto found = by_actor_.find(message.source);
    if (found == by_actor_.end()) return;
    const auto id = found->second;
    by_actor_.erase(found);
    entries_.erase(id);
    if (ended_well(message.reason)) return;
    auto& dead = dead_[id];
    ++dead.deaths;
    dead.last = self_->clock().now();
    meters().actors["workflow"].restarts.add();
    const auto doublings = std::min<std::size_t>(dead.deaths, 20) - 1;
    const auto wait =
        std::min(parts_->longest_wait, parts_->first_wait * (std::int64_t{1} << doublings));
    log(log_level::warning, "workflow.died", "a workflow ended and is started again",
        {{"workflowId", id},
         {"deaths", dead.deaths},
         {"waitMs", wait},
         {"reason", reason_text(message.reason)}});
    self_->delayed_send(self_, wait, revive_workflow{id});
}

// -------------------------------------------------------------------------------------- messages

template <class Message>
caf::result<workflows_flow::reply> workflows_flow::pass(Message& what, bool fresh) {
    if (full() && !entries_.contains(what.id))
        return reply{failure{error_code::unavailable,
                             "too many workflows are under way",
                             {},
                             {},
                             parts_->tick_every}};
    auto& one = resident(what.id, fresh);
    return self_->delegate(sent_to(one), std::move(what));
}

caf::result<workflows_flow::reply> workflows_flow::on_begin(begin_workflow& wanted) {
    const bool fresh = wanted.id.empty();
    if (fresh) wanted.id = make_id("wfl_", parts_->clock->now(), parts_->entropy->for_id());
    return pass(wanted, fresh);
}

caf::result<workflows_flow::reply> workflows_flow::on_command(command_workflow& wanted) {
    return pass(wanted);
}

caf::result<workflows_flow::reply> workflows_flow::on_find(find_workflow& wanted) {
    return pass(wanted);
}

// ------------------------------------------------------------------------------------------ looks

void workflows_flow::take_up(bool untold, const std::string& after_id) {
    if (full()) {
        to_take_up_ = {untold, after_id};
        return;
    }
    const auto again = [this, untold, after_id] { to_take_up_ = {untold, after_id}; };
    self_
        ->request(parts_->reader.load(), parts_->store_timeout,
                  list_unfinished_workflows{untold, take_up_page, after_id})
        .then(
            [this, untold, again](const result<std::vector<std::string>>& found) {
                if (!found) {
                    log(log_level::error, "workflows.not_taken_up",
                        "the workflows that were cut off cannot be read; they are looked for again",
                        {{"code", to_string(found.error().code)}});
                    return again();
                }
                if (!found->empty())
                    log(log_level::info, "workflows.taken_up", "workflows go on",
                        {{"workflows", found->size()}});
                for (const auto& id : *found) wake(id);
                if (found->size() == take_up_page) return take_up(untold, found->back());
                if (!untold) take_up(true, {});
            },
            [again](const caf::error&) { again(); });
}

void workflows_flow::look_in(milliseconds wait) {
    const auto at = self_->clock().now() + wait;
    if (next_look_ && *next_look_ <= at) return;
    next_look_ = at;
    self_->delayed_send(self_, wait, look_for_due{});
}

void workflows_flow::look() {
    next_look_.reset();
    if (looking_) return;
    looking_ = true;
    const auto asked = parts_->clock->now();
    self_
        ->request(parts_->reader.load(), parts_->store_timeout,
                  list_due_workflows{asked, take_up_page})
        .then(
            [this, asked](const result<due_workflows>& found) {
                looking_ = false;
                if (!found) return look_in(parts_->tick_every);
                for (const auto& id : found->ids) wake(id);
                // Those that were woken take their timers away with what they do.
                if (found->ids.size() == take_up_page) return look_in(parts_->shortest_look * 10);
                auto wait = parts_->longest_look;
                if (found->next)
                    wait = std::clamp(std::chrono::ceil<milliseconds>(*found->next - asked),
                                      parts_->shortest_look, parts_->longest_look);
                look_in(wait);
            },
            [this](const caf::error&) {
                looking_ = false;
                look_in(parts_->tick_every);
            });
}

void workflows_flow::on_look() {
    // One that was for later than another, which came first, is nothing.
    if (next_look_ && *next_look_ <= self_->clock().now()) look();
}

result<actor_report> workflows_flow::describe(const describe_actors& what) const {
    actor_report out;
    out.name = "workflows";
    for (const auto& [id, one] : entries_) {
        if (out.children.size() >= what.most_children) {
            ++out.more;
            continue;
        }
        actor_report child;
        child.name = "workflow " + id;
        child.state = one.rests_since ? "resting" : "running";
        const auto dead = dead_.find(id);
        if (dead != dead_.end()) child.restarts = dead->second.deaths;
        out.children.push_back(std::move(child));
    }
    return out;
}

}  // namespace perin::actors
