#include "runtime/supervision/supervisor_rules.hpp"

#include <algorithm>

namespace perin::runtime {

using act = supervisor_decision::act;

std::chrono::milliseconds restart_delay(const restart_backoff& backoff, std::size_t streak,
                                        double jitter) {
    if (streak <= 1 || backoff.base.count() <= 0) return std::chrono::milliseconds{0};
    auto step = backoff.base;
    for (std::size_t i = 2; i < streak && step < backoff.cap; ++i) step *= 2;
    step = std::min(step, backoff.cap);
    auto half = static_cast<double>(step.count()) / 2;
    auto share = std::clamp(jitter, 0.0, 1.0);
    return std::chrono::milliseconds{static_cast<std::int64_t>(half + half * share)};
}

bool supervisor_rules::too_many(std::deque<time_point>& deaths, const restart_intensity& limit,
                                time_point now) {
    while (!deaths.empty() && deaths.front() + limit.within <= now) deaths.pop_front();
    deaths.push_back(now);
    return deaths.size() > limit.most;
}

bool supervisor_rules::alive(const child& one) noexcept {
    return one.state == child_state::running || one.state == child_state::stopping ||
           one.state == child_state::killed;
}

void supervisor_rules::set_due(entry at, time_point due) {
    clear_due(at);
    at->second.due = due;
    dues_.emplace(due, at->first);
}

void supervisor_rules::clear_due(entry at) { dues_.erase({at->second.due, at->first}); }

// ----------------------------------------------------------------------------- from the outside

child_id supervisor_rules::add(child_rules rules) {
    children_[++last_].rules = rules;
    return last_;
}

supervisor_rules::decisions supervisor_rules::start(time_point now) {
    decisions out;
    if (phase_ != phase::fresh) return out;
    phase_ = phase::running;
    for (auto at = children_.begin(); at != children_.end(); ++at) launch(at, out);
    advance(now, out);
    return out;
}

std::pair<child_id, supervisor_rules::decisions> supervisor_rules::add_later(child_rules rules) {
    if (stopping()) return {0, {}};
    auto at = children_.try_emplace(children_.end(), ++last_);
    at->second.rules = rules;
    at->second.dynamic = true;
    decisions out;
    // While a group is ended to be started again, a newcomer is one of them.
    at->second.regrouped = regrouping_;
    if (phase_ == phase::running && !regrouping_) launch(at, out);
    return {last_, std::move(out)};
}

supervisor_rules::decisions supervisor_rules::remove(child_id id, time_point now) {
    decisions out;
    auto at = children_.find(id);
    if (at == children_.end()) return out;
    if (!alive(at->second)) {
        forget(at, out);
        return out;
    }
    at->second.removing = true;
    if (at->second.state == child_state::running) ask_to_stop(at, now, out);
    return out;
}

supervisor_rules::decisions supervisor_rules::down(child_id id, bool well, time_point now) {
    decisions out;
    auto at = children_.find(id);
    if (at == children_.end() || !alive(at->second)) return out;
    gone(at, well, now, out);
    advance(now, out);
    return out;
}

supervisor_rules::decisions supervisor_rules::stop(time_point now) {
    decisions out;
    if (phase_ == phase::ended) return out;
    // What was to be reported as a failure is what was asked for from here on.
    failed_ = false;
    phase_ = phase::stopping;
    advance(now, out);
    return out;
}

supervisor_rules::decisions supervisor_rules::tick(time_point now) {
    decisions out;
    while (!dues_.empty() && dues_.begin()->first <= now) {
        auto at = children_.find(dues_.begin()->second);
        clear_due(at);
        switch (at->second.state) {
            case child_state::waiting:
                if (stopping())
                    at->second.state = child_state::idle;
                else
                    launch(at, out);
                break;
            case child_state::stopping:
                at->second.state = child_state::killed;
                set_due(at, now + rules_.kill_patience);
                out.push_back({act::kill, at->first});
                break;
            case child_state::killed:
                out.push_back({act::abandon, at->first});
                gone(at, true, now, out);
                break;
            default:
                break;
        }
    }
    advance(now, out);
    return out;
}

std::optional<supervisor_rules::time_point> supervisor_rules::next_due() const {
    std::optional<time_point> out;
    if (!dues_.empty()) out = dues_.begin()->first;
    if (regrouping_ && batch_open_ == 0 && !stopping())
        out = out ? std::min(*out, regroup_due_) : regroup_due_;
    return out;
}

const supervisor_rules::child* supervisor_rules::find(child_id id) const {
    auto at = children_.find(id);
    return at == children_.end() ? nullptr : &at->second;
}

// ---------------------------------------------------------------------------------- one child

void supervisor_rules::launch(entry at, decisions& out) {
    auto& one = at->second;
    one.state = child_state::running;
    one.regrouped = false;
    if (std::exchange(one.started, true)) ++one.restarts;
    out.push_back({act::start, at->first});
}

void supervisor_rules::ask_to_stop(entry at, time_point now, decisions& out) {
    at->second.state = child_state::stopping;
    set_due(at, now + at->second.rules.grace);
    out.push_back({act::stop, at->first});
}

void supervisor_rules::forget(entry at, decisions& out) {
    clear_due(at);
    out.push_back({act::forget, at->first});
    children_.erase(at);
}

void supervisor_rules::finish(entry at, child_state as, decisions& out) {
    if (as == child_state::given_up) out.push_back({act::give_up, at->first});
    if (at->second.dynamic) return forget(at, out);
    at->second.state = as;
    at->second.regrouped = false;
}

void supervisor_rules::gone(entry at, bool well, time_point now, decisions& out) {
    auto& one = at->second;
    auto asked = one.state != child_state::running;
    clear_due(at);
    if (std::exchange(one.in_batch, false)) --batch_open_;
    if (one.removing) return forget(at, out);
    if (one.rules.kind == child_kind::temporary) return finish(at, child_state::finished, out);
    // Its group, or all, are being ended anyway.
    if (asked || stopping() || one.regrouped) {
        one.state = child_state::idle;
        return;
    }
    if (one.rules.kind == child_kind::transient && well)
        return finish(at, child_state::finished, out);
    died(at, now, out);
}

void supervisor_rules::died(entry at, time_point now, decisions& out) {
    auto& one = at->second;
    if (one.rules.own) {
        if (!one.own_deaths) one.own_deaths = std::make_unique<std::deque<time_point>>();
        if (too_many(*one.own_deaths, *one.rules.own, now))
            return finish(at, child_state::given_up, out);
    } else if (too_many(deaths_, rules_.intensity, now)) {
        one.state = child_state::idle;
        failed_ = true;
        phase_ = phase::stopping;
        return;
    }
    auto memory = one.rules.own ? one.rules.own->within : rules_.intensity.within;
    if (one.streak != 0 && one.last_death + memory <= now) one.streak = 0;
    one.last_death = now;
    auto due = now + restart_delay(rules_.backoff, ++one.streak, jitter_());
    if (rules_.strategy != restart_strategy::one_for_one) {
        one.state = child_state::idle;
        return regroup(rules_.strategy == restart_strategy::one_for_all ? 0 : at->first, due);
    }
    if (due <= now) return launch(at, out);
    one.state = child_state::waiting;
    set_due(at, due);
}

// -------------------------------------------------------------------------------------- groups

void supervisor_rules::regroup(child_id first, time_point due) {
    regroup_due_ = regrouping_ ? std::max(regroup_due_, due) : due;
    regrouping_ = true;
    for (auto at = children_.lower_bound(first); at != children_.end(); ++at) {
        auto& one = at->second;
        if (one.state == child_state::finished || one.state == child_state::given_up) continue;
        one.regrouped = true;
    }
}

void supervisor_rules::stop_next_batch(time_point now, decisions& out) {
    for (auto from_end = children_.rbegin(); from_end != children_.rend(); ++from_end) {
        auto at = std::prev(from_end.base());
        auto& one = at->second;
        if (!alive(one) || !(stopping() || one.regrouped)) continue;
        if (batch_open_ != 0 && !one.dynamic) break;
        one.in_batch = true;
        ++batch_open_;
        if (one.state == child_state::running) ask_to_stop(at, now, out);
        if (!one.dynamic) break;
    }
}

void supervisor_rules::advance(time_point now, decisions& out) {
    if (batch_open_ != 0 || phase_ == phase::ended) return;
    if (phase_ != phase::stopping && !regrouping_) return;
    stop_next_batch(now, out);
    if (batch_open_ != 0) return;
    if (phase_ == phase::stopping) {
        phase_ = phase::ended;
        dues_.clear();
        out.push_back({failed_ ? act::failed : act::ended, 0});
        return;
    }
    if (now < regroup_due_) return;
    regrouping_ = false;
    for (auto at = children_.begin(); at != children_.end(); ++at) {
        if (at->second.regrouped) launch(at, out);
    }
}

}  // namespace perin::runtime
