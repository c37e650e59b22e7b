#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace perin::runtime {

/// What the threads of a pool are at, for the watchdog: which kind of actor runs on each, and since
/// when. A thread only writes to its own place. Thread-safe.
class run_watch {
  public:
    using clock = std::chrono::steady_clock;

    /// A thread's place.
    class place {
      public:
        /// `kind` outlives the program, as names of actors do.
        void begin(const char* kind, clock::time_point now) noexcept {
            kind_.store(kind, std::memory_order_relaxed);
            since_.store(now.time_since_epoch().count(), std::memory_order_release);
        }
        void end() noexcept { since_.store(0, std::memory_order_release); }

      private:
        friend class run_watch;
        std::atomic<const char*> kind_{""};
        std::atomic<clock::rep> since_{0};
    };

    /// An actor that runs at present.
    struct running {
        std::string_view kind;
        clock::duration for_long{0};
        /// Tells one run from the next on the same thread.
        std::uint64_t run = 0;
    };

    /// The place of the calling thread, made at its first call.
    [[nodiscard]] place& here();
    /// Those that have run at least `for_long`.
    [[nodiscard]] std::vector<running> longer_than(clock::duration for_long,
                                                   clock::time_point now) const;
    /// Whether every thread has been at one actor for at least `for_long`. False without threads.
    [[nodiscard]] bool all_longer_than(clock::duration for_long, clock::time_point now) const;

  private:
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<place>> places_;
};

}  // namespace perin::runtime
