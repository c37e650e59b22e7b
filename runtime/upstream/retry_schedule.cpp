#include "runtime/upstream/retry_schedule.hpp"

#include "runtime/upstream/jitter.hpp"

#include <algorithm>

namespace perin::runtime {

namespace {

std::int64_t times_base(error_category category) {
    switch (category) {
        case error_category::rate_limit:
            return 60;
        case error_category::timeout:
            return 5;
        default:
            return 1;
    }
}

}  // namespace

const char* to_string(give_up_reason reason) noexcept {
    switch (reason) {
        case give_up_reason::not_retryable:
            return "not_retryable";
        case give_up_reason::not_repeatable:
            return "not_repeatable";
        case give_up_reason::retries_spent:
            return "retries_spent";
        case give_up_reason::past_deadline:
            return "past_deadline";
        case give_up_reason::past_patience:
            return "past_patience";
        case give_up_reason::too_long:
            return "too_long";
        case give_up_reason::budget_spent:
            return "budget_spent";
    }
    return "not_retryable";
}

failed_attempt attempt_of(const upstream_failure& why, bool repeatable) {
    return {.category = why.category,
            .told_wait = why.told_wait,
            .retryable = why.retryable,
            .repeatable = repeatable};
}

std::chrono::milliseconds retry_schedule::backoff(const failed_attempt& failed,
                                                  entropy& random) const {
    // Past 2^20 every base is over the longest backoff.
    const auto doublings =
        std::min<std::uint64_t>(std::uint64_t{retries_} + std::uint64_t{terms_.parked_before}, 20);
    const std::chrono::milliseconds grown =
        settings_.base * times_base(failed.category) * (std::int64_t{1} << doublings);
    const auto most = std::min(grown, settings_.longest_backoff);
    if (failed.category != error_category::rate_limit) return jitter(most, random);
    return most + jitter(most, random);
}

bool retry_schedule::ends_before(time_point now, std::chrono::milliseconds wait) const {
    return terms_.deadline <= now || terms_.deadline - now <= wait;
}

retry_decision retry_schedule::decide(const failed_attempt& failed, time_point now,
                                      retry_budget::call& call, entropy& random) {
    if (!failed.retryable) return give_up{give_up_reason::not_retryable};
    if (!failed.repeatable) return give_up{give_up_reason::not_repeatable};
    if (retries_ >= settings_.most_retries) return give_up{give_up_reason::retries_spent};
    const bool told = failed.told_wait && failed.told_wait->count() >= 0;
    if (!told && terms_.patience && failed.category == error_category::rate_limit)
        return give_up{give_up_reason::past_patience};

    const auto wait = told ? *failed.told_wait : backoff(failed, random);
    if (ends_before(now, wait)) return give_up{give_up_reason::past_deadline};
    if (terms_.patience && (wait > *terms_.patience || waited_ > *terms_.patience - wait))
        return give_up{give_up_reason::past_patience};
    if (wait > settings_.longest_sleep) {
        if (terms_.can_park) return park_for{wait};
        return give_up{give_up_reason::too_long};
    }
    if (!call.take_retry()) return give_up{give_up_reason::budget_spent};
    ++retries_;
    waited_ += wait;
    return retry_in{wait};
}

}  // namespace perin::runtime
