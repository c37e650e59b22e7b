#pragma once

#include "domain/result.hpp"
#include "runtime/scheduling/pool_scheduler.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

/// What the benches of actors share.
namespace perin::bench {

using clock_type = std::chrono::steady_clock;

/// The program's own scheduler on `io`, without a word on the console.
struct actor_settings : caf::actor_system_config {
    actor_settings(boost::asio::io_context& io, runtime::run_watch& watch) {
        runtime::use_pool(*this, io, watch);
        set("scheduler.max-throughput", std::size_t{100});
        set("logger.console", caf::atom("none"));
    }
};

[[nodiscard]] inline double seconds_since(clock_type::time_point start) {
    return std::chrono::duration<double>(clock_type::now() - start).count();
}

/// A bench that cannot go on says why and ends.
[[noreturn]] inline void stop(const failure& why) {
    std::fprintf(stderr, "%s\n", why.detail.c_str());
    std::exit(1);
}

template <class T>
T taken(result<T> what) {
    if (!what) stop(what.error());
    return std::move(*what);
}

inline void needed(const result<void>& what) {
    if (!what) stop(what.error());
}

/// Of 0.5 the median. Sorts the values, of which there is one at least.
[[nodiscard]] inline double percentile(std::vector<double>& values, double part) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(static_cast<double>(values.size() - 1) * part)];
}

/// What `BENCH_SECONDS` says, else five.
[[nodiscard]] inline double seconds_of_each() {
    const char* wanted = std::getenv("BENCH_SECONDS");
    return wanted ? std::strtod(wanted, nullptr) : 5.0;
}

/// What an actor that does one thing after the other is told.
struct repeating {
    std::atomic<bool> over = false;
    std::atomic<std::size_t> done = 0;
};

/// Has `count` actors, made by `spawn(n, repeating&)`, do their things for a while, until each has
/// ended; how many they did a second.
template <class Spawn>
double rate_of(caf::actor_system& system, std::size_t count, double seconds, Spawn spawn) {
    repeating what;
    std::vector<caf::actor> all;
    const auto start = clock_type::now();
    for (std::size_t i = 0; i < count; ++i) all.push_back(spawn(i, what));
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    const auto rate = static_cast<double>(what.done) / seconds_since(start);
    what.over = true;
    caf::scoped_actor self(system);
    for (auto& one : all) self->wait_for(one);
    return rate;
}

}  // namespace perin::bench
