#pragma once

#include "domain/rate_limit.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"

#include <mutex>
#include <string>
#include <unordered_map>

namespace perin::net {

/// What a request counts to (protocol, Headers and limits).
enum class limit_class { none, chat, memory, classify, login, delegations, guest, rest };

/// Requests a minute of a class.
[[nodiscard]] std::size_t limit_of(limit_class kind) noexcept;

/// The sliding minutes of all callers. Thread-safe.
class rate_limits {
  public:
    explicit rate_limits(bool enabled) : enabled_(enabled) {}

    /// Counts a request of `who` (a user, or an address). Nothing where limits are off.
    [[nodiscard]] std::optional<sliding_window::verdict> take(limit_class kind,
                                                              const std::string& who,
                                                              timestamp now);
    /// How it stands, without counting.
    [[nodiscard]] std::optional<sliding_window::verdict> peek(limit_class kind,
                                                              const std::string& who,
                                                              timestamp now);
    /// Forgets callers who have been idle for a minute.
    void sweep(timestamp now);

    [[nodiscard]] bool enabled() const noexcept { return enabled_; }

  private:
    sliding_window& window(limit_class kind, const std::string& who);

    bool enabled_;
    std::mutex mutex_;
    std::unordered_map<std::string, sliding_window> windows_;
};

/// The failure of a refused request.
[[nodiscard]] failure too_many_requests(const sliding_window::verdict& verdict);

}  // namespace perin::net
