#include "runtime/upstream/upstream_calls.hpp"

#include <algorithm>

namespace perin::runtime {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// A deadline of the call itself belongs to who makes the attempt; this is for an attempt whose end
/// nobody told.
constexpr auto grace = std::chrono::seconds{1};

}  // namespace

const char* to_string(refusal_reason why) noexcept {
    switch (why) {
        case refusal_reason::circuit_open:
            return "circuit_open";
        case refusal_reason::overloaded:
            return "overloaded";
        case refusal_reason::failed:
            return "failed";
        case refusal_reason::past_deadline:
            return "past_deadline";
        case refusal_reason::parked:
            return "parked";
    }
    return "failed";
}

upstream_calls::actions upstream_calls::submit(call_number call, const retry_terms& terms,
                                               time_point now) {
    actions out;
    auto [at, fresh] = calls_.try_emplace(call, budget_, terms, settings_.retry);
    if (!fresh) return out;
    try_to_begin(at, now, out);
    return out;
}

/// The circuit before the bulkhead: who waited for a place would else be refused only then.
void upstream_calls::try_to_begin(call_map::iterator at, time_point now, actions& out) {
    auto& call = at->second;
    wake_at(at, std::nullopt);
    if (call.deadline <= now)
        return end(at, {refusal_reason::past_deadline, call.last, {}, {}}, out);
    if (breaker_.status().state == circuit_state::open && until_probe(now) > milliseconds{0})
        return end(at, {refusal_reason::circuit_open, call.last, {}, until_probe(now)}, out);
    auto place = bulkhead_.enter(std::min(call.deadline, now + settings_.longest_queue));
    switch (place.what) {
        case bulkhead::verdict::enter:
            return enter(at, now, out);
        case bulkhead::verdict::wait:
            call.at = stage::queued;
            call.ticket = place.number;
            queued_.emplace(place.number, at->first);
            return;
        case bulkhead::verdict::full:
            return end(at, {refusal_reason::overloaded, call.last, {}, {}}, out);
    }
}

/// The call has a place.
void upstream_calls::enter(call_map::iterator at, time_point now, actions& out) {
    auto& call = at->second;
    call.permit = breaker_.admit(now);
    if (!call.permit) {
        end(at, {refusal_reason::circuit_open, call.last, {}, until_probe(now)}, out);
        return leave(now, out);
    }
    call.at = stage::attempting;
    ++call.attempt;
    if (call.attempt > 1) ++retries_;
    if (call.deadline != time_point::max()) wake_at(at, call.deadline + grace);
    out.emplace_back(begin_attempt{at->first, call.attempt});
}

/// A place has become free.
void upstream_calls::leave(time_point now, actions& out) {
    auto turnover = bulkhead_.leave(now);
    for (auto ticket : turnover.expired) {
        auto known = queued_.extract(ticket);
        if (auto at = calls_.find(known.mapped()); at != calls_.end())
            end(at, {refusal_reason::overloaded, at->second.last, {}, {}}, out);
    }
    if (!turnover.next) return;
    auto known = queued_.extract(*turnover.next);
    enter(calls_.find(known.mapped()), now, out);
}

upstream_calls::actions upstream_calls::ended(call_number number, std::uint32_t attempt,
                                              const attempt_end& how, time_point now) {
    actions out;
    auto at = calls_.find(number);
    if (at == calls_.end() || at->second.at != stage::attempting || at->second.attempt != attempt)
        return out;
    auto& call = at->second;
    auto told = !how.failure                      ? attempt_outcome::succeeded
                : how.failure->counts_for_circuit ? attempt_outcome::failed
                                                  : attempt_outcome::told_nothing;
    breaker_.record(*call.permit, told, now, random_);
    call.permit.reset();
    if (how.failure) {
        decide(at, how, now, out);
    } else {
        wake_at(at, std::nullopt);
        calls_.erase(at);
        out.emplace_back(forget_call{number});
    }
    leave(now, out);
    return out;
}

void upstream_calls::decide(call_map::iterator at, const attempt_end& how, time_point now,
                            actions& out) {
    auto& call = at->second;
    call.last = how.failure;
    auto next =
        call.schedule.decide(attempt_of(*how.failure, how.repeatable), now, call.share, random_);
    if (const auto* again = std::get_if<retry_in>(&next)) {
        call.at = stage::waiting;
        return wake_at(at, now + again->wait);
    }
    if (const auto* park = std::get_if<park_for>(&next))
        return end(at, {refusal_reason::parked, call.last, {}, park->wait}, out);
    end(at, {refusal_reason::failed, call.last, std::get<give_up>(next).reason, {}}, out);
}

upstream_calls::actions upstream_calls::cancelled(call_number number, time_point now) {
    actions out;
    auto at = calls_.find(number);
    if (at == calls_.end()) return out;
    auto& call = at->second;
    wake_at(at, std::nullopt);
    auto had_place = call.at == stage::attempting;
    if (call.at == stage::queued) {
        bulkhead_.withdraw(call.ticket);
        queued_.erase(call.ticket);
    }
    if (call.permit) breaker_.record(*call.permit, attempt_outcome::told_nothing, now, random_);
    calls_.erase(at);
    out.emplace_back(forget_call{number});
    if (had_place) leave(now, out);
    return out;
}

upstream_calls::actions upstream_calls::tick(time_point now) {
    actions out;
    breaker_.tick(now);
    for (auto ticket : bulkhead_.tick(now)) {
        auto known = queued_.extract(ticket);
        if (auto at = calls_.find(known.mapped()); at != calls_.end())
            end(at, {refusal_reason::overloaded, at->second.last, {}, {}}, out);
    }
    while (!wakes_.empty() && wakes_.begin()->first <= now) {
        auto at = calls_.find(wakes_.begin()->second);
        auto& call = at->second;
        if (call.at == stage::waiting) {
            try_to_begin(at, now, out);
            continue;
        }
        // An attempt that nobody told the end of, long after it was due.
        breaker_.record(*call.permit, attempt_outcome::failed, now, random_);
        end(at, {refusal_reason::past_deadline, call.last, {}, {}}, out);
        leave(now, out);
    }
    return out;
}

std::optional<upstream_calls::time_point> upstream_calls::next_tick() const {
    std::optional<time_point> next;
    auto earlier = [&](std::optional<time_point> one) {
        if (one && (!next || *one < *next)) next = one;
    };
    if (!wakes_.empty()) earlier(wakes_.begin()->first);
    earlier(bulkhead_.next_tick());
    earlier(breaker_.next_tick());
    return next;
}

void upstream_calls::end(call_map::iterator at, call_refusal why, actions& out) {
    auto number = at->first;
    wake_at(at, std::nullopt);
    calls_.erase(at);
    out.emplace_back(end_call{number, std::move(why)});
}

void upstream_calls::wake_at(call_map::iterator at, std::optional<time_point> when) {
    auto& [number, call] = *at;
    if (call.wakes) wakes_.erase({*call.wakes, number});
    call.wakes = when;
    if (when) wakes_.emplace(*when, number);
}

milliseconds upstream_calls::until_probe(time_point now) const {
    auto until = breaker_.status().opens_until;
    if (!until || *until <= now) return milliseconds{0};
    return std::max(milliseconds{1}, duration_cast<milliseconds>(*until - now));
}

}  // namespace perin::runtime
