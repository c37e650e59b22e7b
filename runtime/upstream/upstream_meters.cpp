#include "runtime/upstream/upstream_meters.hpp"

#include "runtime/log.hpp"

namespace perin::runtime {

namespace {

breaker_state of(circuit_state state) {
    switch (state) {
        case circuit_state::closed:
            return breaker_state::closed;
        case circuit_state::open:
            return breaker_state::open;
        case circuit_state::half_open:
            return breaker_state::half_open;
    }
    return breaker_state::closed;
}

/// Nothing for a call whose last attempt failed: that is counted as an attempt.
std::optional<upstream_refusal> of(refusal_reason why) {
    switch (why) {
        case refusal_reason::circuit_open:
            return upstream_refusal::circuit_open;
        case refusal_reason::overloaded:
            return upstream_refusal::overloaded;
        case refusal_reason::past_deadline:
            return upstream_refusal::deadline;
        case refusal_reason::failed:
        case refusal_reason::parked:
            return std::nullopt;
    }
    return std::nullopt;
}

/// An outage is told as it begins and as it ends; the probes between are for those who look.
void tell_circuit(const upstream_event& what, breaker_state before) {
    if (what.circuit == circuit_state::open)
        return log(before == breaker_state::closed ? log_level::warning : log_level::debug,
                   "upstream.circuit_open",
                   "a service failed too often and is not called for a while",
                   {{"upstream", what.key}});
    const bool closed = what.circuit == circuit_state::closed;
    log(closed ? log_level::info : log_level::debug, "upstream.circuit",
        closed ? "a service is called again" : "a service is tried with one call",
        {{"upstream", what.key}, {"state", to_string(what.circuit)}});
}

}  // namespace

std::function<void(const upstream_event&)> metered(metrics& into) {
    // One upstream tells: its meter is found once.
    return [&into, found = static_cast<upstream_meter*>(nullptr),
            shown = breaker_state::closed](const upstream_event& what) mutable {
        if (!found) {
            found = &into.upstream(what.key);
            found->breaker_moved(std::nullopt, shown);
        }
        auto& meter = *found;
        meter.in_flight.set(static_cast<std::int64_t>(what.in_flight));
        meter.waiting.set(static_cast<std::int64_t>(what.waiting));
        switch (what.what) {
            case upstream_event::kind::attempt_ended:
                what.category ? meter.failed(*what.category) : meter.succeeded();
                return;
            case upstream_event::kind::retry:
                meter.retries.add();
                log(log_level::debug, "upstream.retry", "a call is made again",
                    {{"upstream", what.key}, {"attempt", what.attempt}});
                return;
            case upstream_event::kind::refused:
                if (auto counted = of(*what.why)) meter.refused[*counted].add();
                return;
            case upstream_event::kind::circuit_changed:
                tell_circuit(what, shown);
                meter.breaker_moved(shown, of(what.circuit));
                shown = of(what.circuit);
                return;
        }
    };
}

}  // namespace perin::runtime
