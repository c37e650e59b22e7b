#include "runtime/upstream/circuit_board.hpp"

#include <utility>

namespace perin::runtime {

void circuit_board::show(const std::string& key, circuit_report now_is,
                         std::function<void()> reset) {
    std::lock_guard guard(mutex_);
    entries_[key] = {std::move(now_is), std::move(reset)};
}

std::vector<circuit_report> circuit_board::all() const {
    std::lock_guard guard(mutex_);
    std::vector<circuit_report> out;
    out.reserve(entries_.size());
    for (const auto& [key, one] : entries_) out.push_back(one.report);
    return out;
}

circuit_state circuit_board::state_of(const std::string& key) const {
    std::lock_guard guard(mutex_);
    auto found = entries_.find(key);
    return found == entries_.end() ? circuit_state::closed : found->second.report.state;
}

bool circuit_board::reset(const std::string& key) {
    std::lock_guard guard(mutex_);
    auto found = entries_.find(key);
    if (found == entries_.end()) return false;
    close(found->second);
    return true;
}

void circuit_board::reset_all() {
    std::lock_guard guard(mutex_);
    for (auto& [key, one] : entries_) close(one);
}

void circuit_board::close(entry& one) {
    one.report.state = circuit_state::closed;
    one.report.failures = 0;
    one.report.opens_until.reset();
    one.reset();
}

}  // namespace perin::runtime
