#pragma once

#include "domain/model.hpp"
#include "domain/upstream_failure.hpp"
#include "runtime/clock.hpp"
#include "runtime/upstream/retry_budget.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>

namespace perin::runtime {

/// Features section 9.
struct retry_settings {
    /// Before the first retry of a failure that is UNKNOWN; TIMEOUT takes 5 times, RATE_LIMIT
    /// without a told wait 60 times as long (`PERIN_RETRY_BASE_MS`).
    std::chrono::milliseconds base{1'000};
    std::uint32_t most_retries = 3;
    /// A longer wait is for a durable timer only.
    std::chrono::milliseconds longest_sleep = std::chrono::seconds{60};
    /// Where doubling stops; a told wait may be longer.
    std::chrono::milliseconds longest_backoff = std::chrono::hours{1};
};

/// What a caller puts up with.
struct retry_terms {
    /// When its answer is due. For a caller that can park: the end of the whole work, as a rule
    /// none.
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    /// Somebody looks on: the most that all waits together may take (`PERIN_PATIENCE_S`).
    std::optional<std::chrono::milliseconds> patience = {};
    /// Whether the work can be put on a durable timer.
    bool can_park = false;
    /// How often in a row it was put there already: backoff grows on.
    std::uint32_t parked_before = 0;
};

/// What the schedule has to know of an attempt that failed.
struct failed_attempt {
    error_category category = error_category::unknown;
    std::optional<std::chrono::milliseconds> told_wait = {};
    /// By category, unless the service forbade it.
    bool retryable = is_retryable(category);
    /// False where text was shown, or a write was sent and its outcome is unknown.
    bool repeatable = true;
};

[[nodiscard]] failed_attempt attempt_of(const upstream_failure& why, bool repeatable = true);

/// Make the next attempt after this wait.
struct retry_in {
    std::chrono::milliseconds wait;
    friend bool operator==(const retry_in&, const retry_in&) = default;
};

/// Put the work on a durable timer: it begins anew, with a schedule of its own, after this wait.
struct park_for {
    std::chrono::milliseconds wait;
    friend bool operator==(const park_for&, const park_for&) = default;
};

enum class give_up_reason {
    /// Its kind of failure stays, or the service forbade another try.
    not_retryable,
    /// Doing it twice could be seen.
    not_repeatable,
    retries_spent,
    past_deadline,
    past_patience,
    /// Longer than anything may sleep, and the caller cannot park.
    too_long,
    budget_spent,
};

/// For logs and metrics, such as `past_deadline`.
[[nodiscard]] const char* to_string(give_up_reason reason) noexcept;

struct give_up {
    give_up_reason reason;
    friend bool operator==(const give_up&, const give_up&) = default;
};

using retry_decision = std::variant<retry_in, park_for, give_up>;

/// The retries of one call: 3 at most, a told wait exactly as told, else exponential backoff with
/// full jitter (any wait up to `base * 2^n`). A rate limit without a told wait is sat out for its
/// whole base first and the jitter is added: an early call would only count against it. With
/// patience it is given up at once (protocol.md, "Model failures"). No clock, no I/O; for one
/// thread.
class retry_schedule {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit retry_schedule(retry_terms terms, retry_settings settings = {})
        : terms_(terms), settings_(settings) {}

    /// What follows a failed attempt. A retry is taken from the budget of `call` and counted.
    [[nodiscard]] retry_decision decide(const failed_attempt& failed, time_point now,
                                        retry_budget::call& call, entropy& random);

    [[nodiscard]] std::uint32_t retries() const noexcept { return retries_; }
    /// All waits so far.
    [[nodiscard]] std::chrono::milliseconds waited() const noexcept { return waited_; }

  private:
    [[nodiscard]] std::chrono::milliseconds backoff(const failed_attempt& failed,
                                                    entropy& random) const;
    [[nodiscard]] bool ends_before(time_point now, std::chrono::milliseconds wait) const;

    retry_terms terms_;
    retry_settings settings_;
    std::uint32_t retries_ = 0;
    std::chrono::milliseconds waited_{0};
};

}  // namespace perin::runtime
