#include "runtime/upstream/circuit_breaker.hpp"

#include "domain/upstream_failure.hpp"
#include "runtime/upstream/jitter.hpp"

#include <utility>

namespace perin::runtime {

const char* to_string(circuit_state state) noexcept {
    switch (state) {
        case circuit_state::closed:
            return "closed";
        case circuit_state::open:
            return "open";
        case circuit_state::half_open:
            return "half_open";
    }
    return "closed";
}

attempt_outcome outcome_of(error_category category, int http_status) noexcept {
    return counts_for_circuit(category, http_status) ? attempt_outcome::failed
                                                     : attempt_outcome::told_nothing;
}

circuit_report report_of(std::string key, const circuit_status& status,
                         std::chrono::steady_clock::time_point now, timestamp wall_now) {
    const auto on_wall = [now, wall_now](const auto& at) -> std::optional<timestamp> {
        if (!at) return std::nullopt;
        return wall_now + std::chrono::round<std::chrono::milliseconds>(*at - now);
    };
    return {.key = std::move(key),
            .state = status.state,
            .failures = status.failures,
            .last_failure = on_wall(status.last_failure),
            .opens_until = on_wall(status.opens_until)};
}

std::optional<circuit_breaker::permit> circuit_breaker::admit(time_point now) {
    if (std::holds_alternative<closed>(state_)) return permit(period_, false);
    tick(now);
    auto* waiting = std::get_if<half_open>(&state_);
    if (waiting == nullptr || waiting->probe_since) return std::nullopt;
    waiting->probe_since = now;
    return permit(++period_, true);
}

void circuit_breaker::record(permit leave, attempt_outcome outcome, time_point now,
                             entropy& random) {
    if (leave.period_ != period_) return;
    switch (outcome) {
        case attempt_outcome::succeeded:
            failures_ = 0;
            if (leave.probe_) enter(closed{});
            return;
        case attempt_outcome::failed:
            return fail(now, random);
        case attempt_outcome::told_nothing:
            if (leave.probe_) enter(half_open{});
            return;
    }
}

void circuit_breaker::fail(time_point now, entropy& random) {
    ++failures_;
    last_failure_ = now;
    const bool probed = std::holds_alternative<half_open>(state_);
    if (!probed && failures_ < settings_.failures_to_open) return;
    enter(open{now + settings_.open_for + jitter(settings_.open_jitter, random)});
}

void circuit_breaker::tick(time_point now) {
    const auto due = next_tick();
    if (due && now >= *due) enter(half_open{});
}

std::optional<circuit_breaker::time_point> circuit_breaker::next_tick() const {
    if (const auto* shut = std::get_if<open>(&state_)) return shut->until;
    const auto* waiting = std::get_if<half_open>(&state_);
    if (waiting == nullptr || !waiting->probe_since) return std::nullopt;
    return *waiting->probe_since + settings_.probe_lost_after;
}

void circuit_breaker::reset() {
    failures_ = 0;
    last_failure_.reset();
    enter(closed{});
}

circuit_status circuit_breaker::status() const {
    circuit_status out{.failures = failures_, .last_failure = last_failure_};
    if (const auto* shut = std::get_if<open>(&state_)) {
        out.state = circuit_state::open;
        out.opens_until = shut->until;
    } else if (std::holds_alternative<half_open>(state_)) {
        out.state = circuit_state::half_open;
    }
    return out;
}

}  // namespace perin::runtime
