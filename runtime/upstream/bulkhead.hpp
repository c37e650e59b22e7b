#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace perin::runtime {

/// Bounds the calls to one upstream in flight; past the bound callers wait in a bounded queue,
/// first come first served, each until its own deadline, and past that they are refused. Knows
/// waiters by number only: who they are and how they are told is the owner's. No clock, no I/O; for
/// one thread. Costs a counter where nobody waits.
class bulkhead {
  public:
    using time_point = std::chrono::steady_clock::time_point;
    /// Never 0, never used twice.
    using ticket = std::uint64_t;

    /// `most_in_flight` is at least 1, `most_waiting` may be 0.
    bulkhead(std::size_t most_in_flight, std::size_t most_waiting)
        : most_in_flight_(most_in_flight == 0 ? 1 : most_in_flight), most_waiting_(most_waiting) {}

    enum class verdict {
        /// Begin the call, and `leave` when it has ended.
        enter,
        /// Keep the ticket: `leave` of somebody else calls it, or it expires.
        wait,
        /// Answer `overloaded`.
        full,
    };
    struct admission {
        verdict what = verdict::full;
        /// Only of one that waits.
        ticket number = 0;
    };

    /// What an ended call means for those who wait.
    struct turnover {
        /// Begin this one's call now; it has taken the place.
        std::optional<ticket> next = {};
        /// These have waited too long: answer them.
        std::vector<ticket> expired = {};
    };

    /// Asks for a place. `deadline` is when waiting ends without one.
    [[nodiscard]] admission enter(time_point deadline);
    /// A call has ended.
    [[nodiscard]] turnover leave(time_point now);
    /// Those whose deadline is reached, the earliest first: answer them.
    [[nodiscard]] std::vector<ticket> tick(time_point now);
    /// When `tick` has something to do.
    [[nodiscard]] std::optional<time_point> next_tick() const;
    /// One that does not wait any more (its caller is gone); false where it did not.
    bool withdraw(ticket number);

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return queue_.size(); }

  private:
    std::size_t most_in_flight_;
    std::size_t most_waiting_;
    std::size_t in_flight_ = 0;
    ticket last_ = 0;
    /// Tickets rise, so their order is that of arrival.
    std::map<ticket, time_point> queue_;
    std::set<std::pair<time_point, ticket>> by_deadline_;
};

}  // namespace perin::runtime
