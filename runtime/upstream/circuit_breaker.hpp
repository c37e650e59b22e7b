#pragma once

#include "domain/model.hpp"
#include "domain/time.hpp"
#include "runtime/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace perin::runtime {

enum class circuit_state { closed, open, half_open };

/// The protocol's name of a state, such as `half_open`.
[[nodiscard]] const char* to_string(circuit_state state) noexcept;

/// Features section 9.
struct circuit_settings {
    /// Consecutive failures that open the circuit; at least 1.
    std::uint32_t failures_to_open = 5;
    std::chrono::milliseconds open_for = std::chrono::minutes{5};
    /// Added to `open_for`, from nothing to all of it, so that many circuits do not probe at once.
    std::chrono::milliseconds open_jitter = std::chrono::seconds{30};
    /// A probe that nobody told the end of is forgotten after this; longer than any call.
    std::chrono::milliseconds probe_lost_after = std::chrono::minutes{10};
};

/// What an attempt tells of the service.
enum class attempt_outcome {
    succeeded,
    failed,
    /// Nothing: a 4xx, or a call that was ended by us. Neither counts nor heals.
    told_nothing,
};

/// What a failed HTTP attempt tells, by `counts_for_circuit`.
[[nodiscard]] attempt_outcome outcome_of(error_category category, int http_status) noexcept;

/// A circuit in the breaker's time.
struct circuit_status {
    circuit_state state = circuit_state::closed;
    /// Failed attempts since the last success.
    std::uint32_t failures = 0;
    std::optional<std::chrono::steady_clock::time_point> last_failure = {};
    /// Only of an open circuit.
    std::optional<std::chrono::steady_clock::time_point> opens_until = {};
    friend bool operator==(const circuit_status&, const circuit_status&) = default;
};

/// A row of `GET /circuits` (protocol.md), in the time that people read.
struct circuit_report {
    std::string key;
    circuit_state state = circuit_state::closed;
    std::uint32_t failures = 0;
    std::optional<timestamp> last_failure = {};
    std::optional<timestamp> opens_until = {};
    friend bool operator==(const circuit_report&, const circuit_report&) = default;
};

/// `now` and `wall_now` are the same moment on both clocks.
[[nodiscard]] circuit_report report_of(std::string key, const circuit_status& status,
                                       std::chrono::steady_clock::time_point now,
                                       timestamp wall_now);

/// The circuit breaker of one upstream key.
///
///                 5 consecutive failures
///     closed ------------------------------> open
///       ^  ^                                 |  ^
///       |  | reset()              5 min over |  | the probe failed
///       |  +----------------------+          v  |
///       +------------------------ half_open ----+
///             the probe succeeded
///
/// Half-open lets one probe through at a time; one that told nothing makes room for the next. What
/// comes of an attempt that was let through in an earlier state changes nothing. No clock, no I/O;
/// for one thread.
class circuit_breaker {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Leave for one attempt; `record` takes it back, once.
    class permit {
      public:
        [[nodiscard]] bool is_probe() const noexcept { return probe_; }

      private:
        friend class circuit_breaker;
        permit(std::uint64_t period, bool probe) : period_(period), probe_(probe) {}

        std::uint64_t period_;
        bool probe_;
    };

    explicit circuit_breaker(circuit_settings settings = {}) : settings_(settings) {}

    /// Leave to make one attempt now; nothing while the circuit is open, or its probe under way.
    [[nodiscard]] std::optional<permit> admit(time_point now);
    /// What came of an attempt. `random` is drawn from only where the circuit opens.
    void record(permit leave, attempt_outcome outcome, time_point now, entropy& random);
    /// Goes half-open where its time has come, so that `status` says so without a call.
    void tick(time_point now);
    /// When `tick` has something to do; nothing while no time matters.
    [[nodiscard]] std::optional<time_point> next_tick() const;
    /// Closed, as new. What attempts under way come to is not counted any more.
    void reset();
    [[nodiscard]] circuit_status status() const;

  private:
    struct closed {};
    struct open {
        time_point until;
    };
    struct half_open {
        /// When the probe under way was let through.
        std::optional<time_point> probe_since = {};
    };

    template <class State>
    void enter(State next) {
        state_ = next;
        ++period_;
    }
    void fail(time_point now, entropy& random);

    circuit_settings settings_;
    std::variant<closed, open, half_open> state_;
    /// Of the state, or of the probe: a permit of another one is stale.
    std::uint64_t period_ = 0;
    std::uint32_t failures_ = 0;
    std::optional<time_point> last_failure_;
};

}  // namespace perin::runtime
