// What the store writes and reads a second, beside the raw floor of the same machine in the same
// run; one line of JSON a measurement.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_store
//   build/bench/bench/bench_store                        the embedded database
//   DATABASE_URL=postgresql://... build/bench/bench/bench_store     an empty database of a server
//
// - raw: commits of one row each; embedded: one connection, server: 64 connections at once
// - one append alone, to its answer, beside one raw commit
// - 64 streams that each append as soon as their last append is answered
// - recovery: 10,000 unfinished streams of 50 events each, listed and read
//
// BENCH_SECONDS is how long each of the first three runs (default 5).

#include "actors/store/store.hpp"

#include "bench/measuring.hpp"
#include "persistence/journal.hpp"
#include "persistence/migrations.hpp"
#include "persistence/open_database.hpp"
#include "persistence/streams.hpp"
#include "runtime/log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

using namespace perin;
using namespace perin::runtime;
using namespace perin::bench;

namespace {

constexpr std::size_t writers = 64;
constexpr std::size_t unfinished_streams = 10'000;
constexpr std::size_t events_of_each = 50;
const std::string payload(200, 'x');

journal_record record() { return {0, "bench.event", "{\"text\":\"" + payload + "\"}", {}}; }

/// Commits of one row each on one connection: how many, and the microseconds each took.
std::vector<double> raw_commits(const persistence::database_location& at, const std::string& stream,
                                double seconds) {
    auto db = taken(persistence::open_database(at));
    persistence::journal_repository journal(*db);
    const std::vector<journal_record> one{record()};
    std::vector<double> took;
    const auto start = clock_type::now();
    for (std::uint64_t version = 0; seconds_since(start) < seconds; ++version) {
        const auto began = clock_type::now();
        needed(db->begin());
        needed(journal.append(stream, version, one));
        needed(db->commit());
        took.push_back(seconds_since(began) * 1e6);
    }
    return took;
}

double raw_rate(const persistence::database_location& at, double seconds) {
    const std::size_t clients = at.embedded() ? 1 : writers;
    std::vector<std::thread> threads;
    std::atomic<std::size_t> commits = 0;
    for (std::size_t i = 0; i < clients; ++i)
        threads.emplace_back(
            [&, i] { commits += raw_commits(at, "raw:" + std::to_string(i), seconds).size(); });
    for (auto& one : threads) one.join();
    return static_cast<double>(commits) / seconds;
}

/// Appends to its stream again as soon as an append is answered.
struct appender_state {
    std::string stream;
    std::uint64_t version = 0;
    store_actor store;
    std::atomic<bool>* over = nullptr;
    std::atomic<std::size_t>* count = nullptr;

    void next(caf::event_based_actor* self) {
        append_records what{stream, version, {record()}};
        self->request(store, std::chrono::seconds{30}, std::move(what))
            .then([this, self](const result<std::uint64_t>& done) {
                if (!done) stop(done.error());
                version = *done;
                ++*count;
                if (!*over) next(self);
            });
    }
};

double store_rate(caf::actor_system& system, const store_actor& store, double seconds) {
    std::atomic<bool> over = false;
    std::atomic<std::size_t> count = 0;
    std::vector<caf::actor> all;
    const auto start = clock_type::now();
    for (std::size_t i = 0; i < writers; ++i)
        all.push_back(system.spawn([&, i](caf::stateful_actor<appender_state>* self) {
            self->state = {"store:" + std::to_string(i), 0, store, &over, &count};
            self->state.next(self);
        }));
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    over = true;
    const auto rate = static_cast<double>(count) / seconds_since(start);
    caf::scoped_actor self(system);
    self->wait_for(all);
    return rate;
}

std::vector<double> appends_alone(caf::actor_system& system, const store_actor& store,
                                  double seconds) {
    caf::scoped_actor self(system);
    std::vector<double> took;
    std::uint64_t version = 0;
    const auto start = clock_type::now();
    while (seconds_since(start) < seconds) {
        const auto began = clock_type::now();
        self->request(store, std::chrono::seconds{30}, append_records{"alone", version, {record()}})
            .receive([&](const result<std::uint64_t>& done) { version = taken(done); },
                     [](const caf::error&) {
                         stop({error_code::internal, "no answer"});
                     });
        took.push_back(seconds_since(began) * 1e6);
    }
    return took;
}

void fill(const persistence::database_location& at) {
    auto db = taken(persistence::open_database(at));
    persistence::journal_repository journal(*db);
    const std::vector<journal_record> events(events_of_each, record());
    const stream_state running{"workflow", "", "running"};
    for (std::size_t i = 0; i < unfinished_streams; ++i) {
        if (i % 100 == 0) needed(db->begin());
        const auto stream = "wf:" + std::to_string(i);
        needed(journal.append(stream, 0, events, running));
        if (i % 100 == 99) needed(db->commit());
    }
}

/// Finds the unfinished streams and reads each from its beginning.
double recovery(const persistence::database_location& at) {
    auto db = taken(persistence::open_database(at, persistence::access_mode::read_only));
    persistence::journal_repository journal(*db);
    persistence::stream_repository streams(*db);
    const auto start = clock_type::now();
    std::size_t events = 0;
    std::string after;
    for (;;) {
        auto page = taken(streams.in_state("workflow", "running", 1'000, after));
        if (page.empty()) break;
        for (const auto& one : page) events += taken(journal.read(one.stream, 0, 1'000)).size();
        after = page.back().stream;
    }
    if (events != unfinished_streams * events_of_each)
        stop({error_code::internal, "the recovery did not find what was written"});
    return seconds_since(start);
}

}  // namespace

int main() {
    start_log({log_level::warning, log_format::text, false});
    std::string pattern = (std::filesystem::temp_directory_path() / "perin-bench-XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(pattern.data());
    persistence::database_location at;
    if (const char* url = std::getenv("DATABASE_URL")) at.url = url;
    at.file = (folder / "perin.db").string();
    const auto seconds = seconds_of_each();
    {
        auto db = taken(persistence::open_database(at));
        taken(persistence::migrate(*db, timestamp{}));
    }
    const char* driver = at.embedded() ? "sqlite" : "postgresql";

    boost::asio::io_context io;
    run_watch watch;
    actor_settings settings(io, watch);
    caf::actor_system system(settings);
    system.await_actors_before_shutdown(false);
    auto busy = boost::asio::make_work_guard(io);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&io] { io.run(); });
    auto store = actors::spawn_store(system, taken(persistence::open_database(at)), {});

    const auto raw = raw_rate(at, seconds);
    const auto grouped = store_rate(system, store, seconds);
    std::printf(
        "{\"what\":\"64 streams append\",\"driver\":\"%s\",\"raw_per_s\":%.0f,"
        "\"raw_connections\":%zu,\"store_per_s\":%.0f,\"times\":%.2f}\n",
        driver, raw, at.embedded() ? std::size_t{1} : writers, grouped, grouped / raw);
    auto single = raw_commits(at, "raw alone", seconds);
    auto alone = appends_alone(system, store, seconds);
    const auto raw_p50 = percentile(single, 0.5);
    const auto raw_p99 = percentile(single, 0.99);
    const auto store_p50 = percentile(alone, 0.5);
    std::printf(
        "{\"what\":\"one append alone\",\"driver\":\"%s\",\"raw_p50_us\":%.1f,\"raw_p99_us\":%.1f,"
        "\"store_p50_us\":%.1f,\"store_p99_us\":%.1f,\"times\":%.2f}\n",
        driver, raw_p50, raw_p99, store_p50, percentile(alone, 0.99), store_p50 / raw_p50);
    fill(at);
    std::printf(
        "{\"what\":\"recovery\",\"driver\":\"%s\",\"streams\":%zu,\"events\":%zu,\"s\":%.2f}\n",
        driver, unfinished_streams, unfinished_streams * events_of_each, recovery(at));
    std::fflush(nullptr);
    std::filesystem::remove_all(folder);
    _exit(0);
}
