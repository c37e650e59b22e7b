#pragma once

#include "domain/upstream_failure.hpp"
#include "runtime/clock.hpp"
#include "runtime/upstream/bulkhead.hpp"
#include "runtime/upstream/circuit_breaker.hpp"
#include "runtime/upstream/retry_budget.hpp"
#include "runtime/upstream/retry_schedule.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perin::runtime {

struct upstream_settings {
    circuit_settings circuit = {};
    retry_settings retry = {};
    retry_budget_settings budget = {};
    /// Calls in flight; past it callers wait.
    std::size_t most_in_flight = 2'000;
    /// Callers that wait for a place; past it they are refused.
    std::size_t most_waiting = 2'000;
    /// How long a caller waits for a place at most.
    std::chrono::milliseconds longest_queue = std::chrono::seconds{10};
};

/// How an attempt ended: well, where `failure` is empty.
struct attempt_end {
    std::optional<upstream_failure> failure = {};
    /// False where doing it again could be seen: text was shown, or a write may have been done.
    bool repeatable = true;
};

/// Why a call was given up.
enum class refusal_reason {
    /// The circuit is open: nothing was tried, or nothing again.
    circuit_open,
    /// As many calls as may wait do, or its time passed while it waited.
    overloaded,
    /// The last attempt failed, and none follows.
    failed,
    /// Its deadline passed.
    past_deadline,
    /// It is to be begun anew after `wait`, by a durable timer.
    parked,
};

[[nodiscard]] const char* to_string(refusal_reason why) noexcept;

/// The end of a call that did not succeed.
struct call_refusal {
    refusal_reason why = refusal_reason::failed;
    /// Of the last attempt; empty where none was made.
    std::optional<upstream_failure> last = {};
    /// Only of a failed one.
    std::optional<give_up_reason> reason = {};
    /// Of a parked call: when to begin anew. Of an open circuit: until it may be tried again.
    std::chrono::milliseconds wait{0};
};

/// The calls to one upstream: each is admitted by the circuit and the bulkhead, tried, tried again
/// by its schedule within the budget, and ended once. Says what to do; does none of it itself. No
/// clock, no I/O; for one thread. `random` outlives it.
class upstream_calls {
  public:
    using time_point = std::chrono::steady_clock::time_point;
    using call_number = std::uint64_t;

    explicit upstream_calls(upstream_settings settings, entropy& random)
        : settings_(settings),
          random_(random),
          breaker_(settings.circuit),
          budget_(settings.budget),
          bulkhead_(settings.most_in_flight, settings.most_waiting) {}

    /// Begin an attempt of this call, and tell `ended` how it went.
    struct begin_attempt {
        call_number call;
        std::uint32_t attempt;
    };
    /// This call is over: tell who waits. An attempt under way is to be cut.
    struct end_call {
        call_number call;
        call_refusal why;
    };
    /// This call is over and went well: nothing is to be told.
    struct forget_call {
        call_number call;
    };
    using action = std::variant<begin_attempt, end_call, forget_call>;
    using actions = std::vector<action>;

    /// A new call. Its number was never used.
    [[nodiscard]] actions submit(call_number call, const retry_terms& terms, time_point now);
    /// An attempt has ended; what comes of an attempt that is not the call's last is not counted.
    [[nodiscard]] actions ended(call_number call, std::uint32_t attempt, const attempt_end& how,
                                time_point now);
    /// The caller wants nothing more of it; an attempt under way is cut by whoever asks this.
    [[nodiscard]] actions cancelled(call_number call, time_point now);
    /// Begins what is due and ends what has waited too long.
    [[nodiscard]] actions tick(time_point now);
    /// When `tick` has something to do.
    [[nodiscard]] std::optional<time_point> next_tick() const;

    [[nodiscard]] circuit_status circuit() const { return breaker_.status(); }
    void reset_circuit() { breaker_.reset(); }
    [[nodiscard]] std::size_t open_calls() const noexcept { return calls_.size(); }
    [[nodiscard]] std::size_t in_flight() const noexcept { return bulkhead_.in_flight(); }
    [[nodiscard]] std::size_t waiting() const noexcept { return bulkhead_.waiting(); }
    /// Attempts that were made because one before had failed, in all.
    [[nodiscard]] std::uint64_t retries() const noexcept { return retries_; }

  private:
    enum class stage { queued, attempting, waiting };
    struct call_state {
        call_state(retry_budget& budget, const retry_terms& terms, const retry_settings& settings)
            : share(budget), schedule(terms, settings), deadline(terms.deadline) {}

        retry_budget::call share;
        retry_schedule schedule;
        time_point deadline;
        stage at = stage::queued;
        std::uint32_t attempt = 0;
        bulkhead::ticket ticket = 0;
        std::optional<circuit_breaker::permit> permit = {};
        std::optional<upstream_failure> last = {};
        /// When the next attempt is due, or, of one that is under way, its deadline.
        std::optional<time_point> wakes = {};
    };
    using call_map = std::unordered_map<call_number, call_state>;

    void try_to_begin(call_map::iterator at, time_point now, actions& out);
    void enter(call_map::iterator at, time_point now, actions& out);
    void leave(time_point now, actions& out);
    void decide(call_map::iterator at, const attempt_end& how, time_point now, actions& out);
    void end(call_map::iterator at, call_refusal why, actions& out);
    void wake_at(call_map::iterator at, std::optional<time_point> when);
    [[nodiscard]] std::chrono::milliseconds until_probe(time_point now) const;

    upstream_settings settings_;
    entropy& random_;
    circuit_breaker breaker_;
    retry_budget budget_;
    bulkhead bulkhead_;
    /// After the budget, of which each holds a share.
    call_map calls_;
    std::set<std::pair<time_point, call_number>> wakes_;
    std::unordered_map<bulkhead::ticket, call_number> queued_;
    std::uint64_t retries_ = 0;
};

}  // namespace perin::runtime
