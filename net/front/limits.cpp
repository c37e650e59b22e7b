#include "net/front/limits.hpp"

namespace perin::net {

std::size_t limit_of(limit_class kind) noexcept {
    switch (kind) {
        case limit_class::chat:
            return 10;
        case limit_class::memory:
        case limit_class::classify:
        case limit_class::delegations:
            return 20;
        case limit_class::guest:
            return 60;
        case limit_class::login:
            return 5;
        default:
            return 120;
    }
}

sliding_window& rate_limits::window(limit_class kind, const std::string& who) {
    auto key = std::to_string(static_cast<int>(kind)) + ' ' + who;
    return windows_.try_emplace(std::move(key), limit_of(kind)).first->second;
}

std::optional<sliding_window::verdict> rate_limits::take(limit_class kind, const std::string& who,
                                                         timestamp now) {
    if (!enabled_ || kind == limit_class::none) return std::nullopt;
    std::lock_guard lock(mutex_);
    return window(kind, who).take(now);
}

std::optional<sliding_window::verdict> rate_limits::peek(limit_class kind, const std::string& who,
                                                         timestamp now) {
    if (!enabled_ || kind == limit_class::none) return std::nullopt;
    std::lock_guard lock(mutex_);
    return window(kind, who).peek(now);
}

void rate_limits::sweep(timestamp now) {
    std::lock_guard lock(mutex_);
    std::erase_if(windows_, [&](const auto& one) { return one.second.idle(now); });
}

failure too_many_requests(const sliding_window::verdict& verdict) {
    return {error_code::rate_limited,
            "too many requests; try again later",
            {},
            {},
            verdict.retry_after};
}

}  // namespace perin::net
