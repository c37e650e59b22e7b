// Streams from an OpenAI-compatible server, and what they cost this process.
//
//   http_client_bench BASE_URL [STREAMS=1000] [ROUNDS=1] [READS_PER_S=25000]
//
// Starts STREAMS streams at once, ROUNDS times, and prints the tokens and deltas read, the CPU
// time for each token, and the time to the first delta of a stream.

#include "net/http_client/http_client.hpp"
#include "net/openai/openai_model.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <mutex>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

class machine_clock final : public perin::runtime::wall_clock {
  public:
    [[nodiscard]] perin::timestamp now() const override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct counters {
    std::size_t deltas = 0;
    std::int64_t tokens = 0;
    std::size_t failures = 0;
    std::vector<double> first_ms;
};

/// All sinks are called on the client's one thread: no lock.
void run_round(perin::net::openai_model& model, std::size_t streams, counters& count) {
    std::latch done(static_cast<std::ptrdiff_t>(streams));
    for (std::size_t i = 0; i < streams; ++i) {
        auto request = std::make_shared<perin::model_request>();
        request->messages.push_back({.role = perin::chat_role::user, .content = "hello"});
        auto sink = [&count, &done, begun = steady::now(), first = true](auto event) mutable {
            if (std::holds_alternative<perin::model_delta>(event)) {
                ++count.deltas;
                if (std::exchange(first, false)) {
                    count.first_ms.push_back(
                        std::chrono::duration<double, std::milli>(steady::now() - begun).count());
                }
                return;
            }
            if (const auto* reply = std::get_if<perin::model_reply>(&event)) {
                if (reply->usage) count.tokens += reply->usage->completion_tokens;
            } else {
                ++count.failures;
            }
            done.count_down();
        };
        static_cast<void>(model.start(std::move(request), std::move(sink)));
    }
    done.wait();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s BASE_URL [STREAMS] [ROUNDS] [READS_PER_S]\n", argv[0]);
        return 2;
    }
    const auto number = [&](int at, unsigned long standard) {
        return argc > at ? std::strtoul(argv[at], nullptr, 10) : standard;
    };
    const auto streams = number(2, 1000);
    const auto rounds = number(3, 1);
    const machine_clock clock;
    perin::net::http_client client({.reads_per_second = number(4, 25'000)});
    perin::net::openai_model model(client, clock, {.base_url = argv[1]});

    counters count;
    const auto begun = steady::now();
    const auto cpu = cpu_seconds();
    for (std::size_t i = 0; i < rounds; ++i) run_round(model, streams, count);
    const auto spent = cpu_seconds() - cpu;
    const auto wall = std::chrono::duration<double>(steady::now() - begun).count();

    std::ranges::sort(count.first_ms);
    const auto quantile = [&](double q) {
        if (count.first_ms.empty()) return 0.0;
        return count
            .first_ms[static_cast<std::size_t>(q * static_cast<double>(count.first_ms.size() - 1))];
    };
    std::printf(
        "%lld tokens in %zu deltas in %.2f s, %zu failures, CPU %.2f s = %.1f %% of a core, "
        "%.2f us a token, first delta p50 %.3f ms p99 %.3f ms\n",
        static_cast<long long>(count.tokens), count.deltas, wall, count.failures, spent,
        100 * spent / wall,
        1e6 * spent / static_cast<double>(std::max<std::int64_t>(count.tokens, 1)), quantile(0.5),
        quantile(0.99));
    return count.failures == 0 ? 0 : 1;
}
