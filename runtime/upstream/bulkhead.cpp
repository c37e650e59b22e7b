#include "runtime/upstream/bulkhead.hpp"

namespace perin::runtime {

bulkhead::admission bulkhead::enter(time_point deadline) {
    // Nobody waits while there is a place: `leave` hands it on.
    if (in_flight_ < most_in_flight_) {
        ++in_flight_;
        return {.what = verdict::enter};
    }
    if (queue_.size() >= most_waiting_) return {.what = verdict::full};
    const auto number = ++last_;
    queue_.emplace(number, deadline);
    by_deadline_.emplace(deadline, number);
    return {.what = verdict::wait, .number = number};
}

bulkhead::turnover bulkhead::leave(time_point now) {
    turnover out;
    // One call too many that is told to have ended must not open the bulkhead for good.
    if (in_flight_ == 0) return out;
    if (!queue_.empty()) out.expired = tick(now);
    if (queue_.empty()) {
        --in_flight_;
        return out;
    }
    const auto first = queue_.begin();
    out.next = first->first;
    by_deadline_.erase({first->second, first->first});
    queue_.erase(first);
    return out;
}

std::vector<bulkhead::ticket> bulkhead::tick(time_point now) {
    std::vector<ticket> expired;
    while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
        const auto number = by_deadline_.begin()->second;
        expired.push_back(number);
        queue_.erase(number);
        by_deadline_.erase(by_deadline_.begin());
    }
    return expired;
}

std::optional<bulkhead::time_point> bulkhead::next_tick() const {
    if (by_deadline_.empty()) return std::nullopt;
    return by_deadline_.begin()->first;
}

bool bulkhead::withdraw(ticket number) {
    const auto found = queue_.find(number);
    if (found == queue_.end()) return false;
    by_deadline_.erase({found->second, number});
    queue_.erase(found);
    return true;
}

}  // namespace perin::runtime
