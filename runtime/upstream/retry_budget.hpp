#pragma once

#include <cstddef>

namespace perin::runtime {

/// Features section 9.
struct retry_budget_settings {
    /// Retries for each hundred calls in flight.
    std::size_t percent = 20;
    /// Retries that are always allowed, so that a call which is alone may retry too.
    std::size_t floor = 3;
};

/// Keeps an outage of one upstream from being multiplied by retries. A retry is counted until its
/// call ends, not only while it runs: calls that fail fast would else retry one after the other
/// and each stay within the bound. No clock, no I/O; for one thread.
class retry_budget {
  public:
    explicit retry_budget(retry_budget_settings settings = {}) : settings_(settings) {}
    retry_budget(const retry_budget&) = delete;
    retry_budget& operator=(const retry_budget&) = delete;

    /// A call in flight, from its first attempt to its answer, waits between attempts included.
    /// Must not outlive the budget.
    class call {
      public:
        explicit call(retry_budget& budget) noexcept : budget_(&budget) { ++budget.calls_; }
        call(call&& other) noexcept : budget_(other.budget_), retries_(other.retries_) {
            other.budget_ = nullptr;
        }
        call(const call&) = delete;
        call& operator=(const call&) = delete;
        call& operator=(call&&) = delete;
        ~call() {
            if (budget_ == nullptr) return;
            --budget_->calls_;
            budget_->retries_ -= retries_;
        }

        /// Whether the call may make one more attempt; it is counted then.
        [[nodiscard]] bool take_retry() noexcept {
            if (budget_->retries_ >= budget_->allowed()) return false;
            ++budget_->retries_;
            ++retries_;
            return true;
        }

      private:
        /// Null once moved from: only destroying it is then allowed.
        retry_budget* budget_;
        std::size_t retries_ = 0;
    };

    [[nodiscard]] std::size_t calls() const noexcept { return calls_; }
    /// Retries of the calls in flight.
    [[nodiscard]] std::size_t retries() const noexcept { return retries_; }
    /// The most retries of the calls in flight; what was granted stays so when it shrinks.
    [[nodiscard]] std::size_t allowed() const noexcept {
        const auto share = calls_ * settings_.percent / 100;
        return share < settings_.floor ? settings_.floor : share;
    }

  private:
    retry_budget_settings settings_;
    std::size_t calls_ = 0;
    std::size_t retries_ = 0;
};

}  // namespace perin::runtime
