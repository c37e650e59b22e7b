#include "runtime/scheduling/run_watch.hpp"

#include <utility>

namespace perin::runtime {

run_watch::place& run_watch::here() {
    // By watch: tests have several in one thread.
    thread_local std::pair<const run_watch*, std::shared_ptr<place>> mine;
    if (mine.first != this || mine.second.use_count() == 1) {
        mine = {this, std::make_shared<place>()};
        std::lock_guard guard(mutex_);
        places_.push_back(mine.second);
    }
    return *mine.second;
}

std::vector<run_watch::running> run_watch::longer_than(clock::duration for_long,
                                                       clock::time_point now) const {
    std::vector<running> out;
    std::lock_guard guard(mutex_);
    for (const auto& one : places_) {
        auto since = one->since_.load(std::memory_order_acquire);
        if (since == 0) continue;
        auto time = now.time_since_epoch() - clock::duration(since);
        if (time < for_long) continue;
        out.push_back(
            {one->kind_.load(std::memory_order_relaxed), time, static_cast<std::uint64_t>(since)});
    }
    return out;
}

bool run_watch::all_longer_than(clock::duration for_long, clock::time_point now) const {
    std::lock_guard guard(mutex_);
    for (const auto& one : places_) {
        auto since = one->since_.load(std::memory_order_acquire);
        if (since == 0 || now.time_since_epoch() - clock::duration(since) < for_long) return false;
    }
    return !places_.empty();
}

}  // namespace perin::runtime
