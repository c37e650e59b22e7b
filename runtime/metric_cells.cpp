#include "runtime/metric_cells.hpp"

#include <algorithm>

namespace perin::runtime {

void histogram::observe(double value) noexcept {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

histogram::reading histogram::read() const {
    reading out;
    out.bounds.assign(bounds_.begin(), bounds_.end());
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= bounds_.size(); ++i) {
        total += counts_[i].load(std::memory_order_relaxed);
        out.cumulative.push_back(total);
    }
    out.sum = sum_.load(std::memory_order_relaxed);
    return out;
}

}  // namespace perin::runtime
