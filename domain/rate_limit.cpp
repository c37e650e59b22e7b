#include "domain/rate_limit.hpp"

#include <algorithm>

namespace perin {

sliding_window::sliding_window(std::size_t limit, std::chrono::milliseconds span)
    : limit_(limit), span_(span) {}

void sliding_window::forget_old(timestamp now) {
    // A time ahead can only come of a clock that stepped back.
    for (auto& at : log_) at = std::min(at, now);
    const auto first_that_counts = std::upper_bound(log_.begin(), log_.end(), now - span_);
    log_.erase(log_.begin(), first_that_counts);
}

sliding_window::verdict sliding_window::peek(timestamp now) const {
    const auto first_that_counts = std::upper_bound(log_.begin(), log_.end(), now - span_);
    const auto used = static_cast<std::size_t>(log_.end() - first_that_counts);
    verdict found{.allowed = used < limit_, .limit = limit_, .reset = now};
    found.remaining = limit_ - std::min(used, limit_);
    if (used > 0) found.reset = std::min(*first_that_counts, now) + span_;
    if (!found.allowed) {
        // With a limit of 0 there is never a right time; a span is as good an answer as any.
        if (used == 0) found.reset = now + span_;
        found.retry_after = found.reset - now;
    }
    return found;
}

sliding_window::verdict sliding_window::take(timestamp now) {
    forget_old(now);
    auto found = peek(now);
    if (!found.allowed) return found;
    // Grown by hand so that it never holds room for more than the limit.
    if (log_.size() == log_.capacity())
        log_.reserve(std::min(limit_, std::max<std::size_t>(4, 2 * log_.capacity())));
    log_.push_back(now);
    found.reset = log_.front() + span_;
    --found.remaining;
    return found;
}

bool sliding_window::idle(timestamp now) const {
    return log_.empty() || log_.back() <= now - span_;
}

}  // namespace perin
