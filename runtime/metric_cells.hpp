#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What is counted with: cells of relaxed atomics. Recording takes no lock and allocates nothing,
/// but where `by_name` meets a name for the first time. All are thread-safe.
namespace perin::runtime {

/// Only rises.
class counter {
  public:
    void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// Rises and falls.
class gauge {
  public:
    void add(std::int64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t value() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

  private:
    std::atomic<std::int64_t> value_{0};
};

/// How values are spread. prometheus-cpp's own histogram takes a mutex for each value.
class histogram {
  public:
    static constexpr std::size_t most_bounds = 20;

    /// `bounds`: upper ends of the buckets, included, ascending, at most `most_bounds`; they must
    /// outlive this.
    explicit histogram(std::span<const double> bounds) noexcept : bounds_(bounds) {}

    void observe(double value) noexcept;
    /// In seconds.
    template <class Rep, class Period>
    void observe(std::chrono::duration<Rep, Period> time) noexcept {
        observe(std::chrono::duration<double>(time).count());
    }

    /// What was observed. While others record, the parts may differ by what is on its way.
    struct reading {
        std::vector<double> bounds;
        /// For each bound how many values are not above it; then how many there are in all.
        std::vector<std::uint64_t> cumulative;
        double sum = 0;
    };
    [[nodiscard]] reading read() const;

  private:
    std::span<const double> bounds_;
    std::array<std::atomic<std::uint64_t>, most_bounds + 1> counts_{};
    std::atomic<double> sum_{0};
};

/// A cell for each value of an enumeration whose values are 0 to `Count` - 1.
template <class Cell, class Enum, std::size_t Count>
class by {
  public:
    by() = default;
    explicit by(std::span<const double> bounds) noexcept
        : by(bounds, std::make_index_sequence<Count>{}) {}

    static constexpr std::size_t size = Count;
    /// A value past `Count` counts as the last: a wrong figure, but no wrong memory.
    [[nodiscard]] Cell& operator[](Enum which) noexcept {
        return cells_[std::min(static_cast<std::size_t>(which), Count - 1)];
    }
    [[nodiscard]] const Cell& at(std::size_t place) const noexcept { return cells_[place]; }

  private:
    template <std::size_t... Places>
    by(std::span<const double> bounds, std::index_sequence<Places...>) noexcept
        : cells_{((void)Places, Cell(bounds))...} {}

    std::array<Cell, Count> cells_{};
};

/// A cell for each name that comes, up to a bound: all later ones share `other`, so that no caller
/// can make series without end. A caller that comes often keeps the reference.
template <class Cell>
class by_name {
  public:
    explicit by_name(std::size_t most) : most_(most) {}

    /// Stays valid as long as this.
    [[nodiscard]] Cell& operator[](std::string_view name) {
        {
            std::shared_lock lock(mutex_);
            if (auto found = cells_.find(name); found != cells_.end()) return *found->second;
        }
        std::unique_lock lock(mutex_);
        if (cells_.size() >= most_ && !cells_.contains(name)) name = "other";
        auto& cell = cells_[std::string(name)];
        if (!cell) cell = std::make_unique<Cell>();
        return *cell;
    }

    /// Calls `use` with each name and cell.
    template <class Use>
    void each(Use use) const {
        std::shared_lock lock(mutex_);
        for (const auto& [name, cell] : cells_) use(name, *cell);
    }

  private:
    std::size_t most_;
    mutable std::shared_mutex mutex_;
    std::map<std::string, std::unique_ptr<Cell>, std::less<>> cells_;
};

}  // namespace perin::runtime
