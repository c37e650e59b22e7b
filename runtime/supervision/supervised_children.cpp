#include "runtime/supervision/supervised_children.hpp"

#include "runtime/supervision/end_reason.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace perin::runtime {

namespace {

using act = supervisor_decision::act;
using kind = supervision_event::kind;

/// Ahead of whatever waits in its mailbox.
void kill(const caf::strong_actor_ptr& whom) {
    if (!whom) return;
    whom->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                  caf::make_message(caf::exit_msg{whom->address(), caf::exit_reason::kill}),
                  nullptr);
}

}  // namespace

supervised_children::supervised_children(caf::local_actor* self, parts given)
    : self_(self), parts_(std::move(given)), rules_(parts_.rules, parts_.jitter) {}

supervised_children::~supervised_children() {
    for (const auto& [id, one] : records_) kill(one.running);
}

supervisor_rules::time_point supervised_children::now() const { return self_->clock().now(); }

child_id supervised_children::add(child_spec spec) {
    auto id = rules_.add(spec.rules);
    records_[id].spec = std::move(spec);
    return id;
}

void supervised_children::start() { carry_out(rules_.start(now())); }

child_id supervised_children::add_later(child_spec spec) {
    auto [id, todo] = rules_.add_later(spec.rules);
    if (id == 0) return 0;
    records_[id].spec = std::move(spec);
    carry_out(std::move(todo));
    return id;
}

void supervised_children::remove(child_id id) { carry_out(rules_.remove(id, now())); }

void supervised_children::stop() { carry_out(rules_.stop(now())); }

void supervised_children::on_wake() {
    if (armed_ && *armed_ <= now()) armed_.reset();
    carry_out(rules_.tick(now()));
}

bool supervised_children::on_down(const caf::down_msg& message) {
    auto found = by_address_.find(message.source);
    if (found == by_address_.end()) return false;
    auto id = found->second;
    by_address_.erase(found);
    records_.at(id).running = nullptr;
    auto well = ended_well(message.reason);
    // One that is being ended has not died, whatever it says.
    if (!well && rules_.find(id)->state == child_state::running)
        ended_badly(id, reason_text(message.reason));
    carry_out(rules_.down(id, well, now()));
    return true;
}

const supervised_children::record* supervised_children::find(child_id id) const {
    auto found = records_.find(id);
    return found == records_.end() ? nullptr : &found->second;
}

// ----------------------------------------------------------------------------------- decisions

void supervised_children::carry_out(decisions todo) {
    // What cannot be started is a death, of which more follows.
    for (std::size_t i = 0; i < todo.size(); ++i) {
        decisions more;
        auto one = todo[i];
        carry_out_one(one, more);
        todo.insert(todo.end(), more.begin(), more.end());
        // `ended` may have ended the actor; there is nothing after it.
        if (one.what == act::ended || one.what == act::failed) return;
    }
    arm();
}

void supervised_children::carry_out_one(const supervisor_decision& one, decisions& more) {
    switch (one.what) {
        case act::start:
            return launch(one.child, more);
        case act::stop:
            return self_->send_exit(records_.at(one.child).running,
                                    caf::exit_reason::user_shutdown);
        case act::kill:
            return kill(records_.at(one.child).running);
        case act::abandon: {
            auto& given_up = records_.at(one.child);
            tell(kind::abandoned, given_up, "it did not end though it was killed");
            return let_go(given_up);
        }
        case act::give_up: {
            const auto& dead = records_.at(one.child);
            return tell(kind::given_up, dead, dead.last_error);
        }
        case act::forget:
            records_.erase(one.child);
            return;
        case act::ended:
            return parts_.ended(false);
        case act::failed:
            if (parts_.observer)
                parts_.observer({kind::failed_upward, parts_.name, {}, failure_text_});
            return parts_.ended(true);
    }
}

void supervised_children::launch(child_id id, decisions& more) {
    auto& one = records_.at(id);
    try {
        one.running = one.spec.start(*self_);
        if (one.running && one.spec.stands) one.spec.stands(one.running);
    } catch (...) {
        let_go(one);
        ended_badly(id, reason_text(thrown_reason(std::current_exception())));
        more = rules_.down(id, false, now());
        return;
    }
    if (!one.running) {
        ended_badly(id, "it could not be started");
        more = rules_.down(id, false, now());
        return;
    }
    by_address_[one.running->address()] = id;
    self_->monitor(one.running);
    if (rules_.find(id)->restarts != 0) tell(kind::started_again, one, one.last_error);
}

void supervised_children::let_go(record& one) {
    if (!one.running) return;
    self_->demonitor(one.running->address());
    by_address_.erase(one.running->address());
    one.running = nullptr;
}

void supervised_children::ended_badly(child_id id, const std::string& why) {
    auto& one = records_.at(id);
    one.last_error = why;
    // The last one stands there when it turns out to be one too many.
    failure_text_ = one.spec.name + ": " + why;
    tell(kind::died, one, why);
}

void supervised_children::tell(kind what, const record& about, const std::string& why) {
    if (parts_.observer) parts_.observer({what, parts_.name, about.spec.name, why});
}

void supervised_children::arm() {
    auto due = rules_.next_due();
    if (!due || (armed_ && *armed_ <= *due)) return;
    armed_ = due;
    auto wait = *due - now();
    parts_.wake_after(std::max(wait, decltype(wait)::zero()));
}

}  // namespace perin::runtime
