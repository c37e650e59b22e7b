// What a turn adds to the database, from the 1st to the 10,000th of one conversation; one line of
// JSON for each part of it, and one at the end that compares the last part with the first.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_growth
//   build/bench/bench/bench_growth                        the embedded database
//   DATABASE_URL=postgresql://... build/bench/bench/bench_growth     an empty database of a server
//
// The whole tree of actors runs, with the offline assistant and the same message every time.
// BENCH_TURNS is how many turns (default 10,000).

#include "actors/session/session.hpp"
#include "cli/actor_tree.hpp"
#include "cli/database_location.hpp"
#include "persistence/accounts.hpp"
#include "persistence/open_database.hpp"
#include "runtime/log.hpp"
#include "runtime/scheduling/pool_scheduler.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

using namespace perin;
using namespace perin::runtime;

namespace {

constexpr std::size_t parts_of_run = 10;

struct config : caf::actor_system_config {
    config(boost::asio::io_context& io, run_watch& watch) {
        use_pool(*this, io, watch);
        set("scheduler.max-throughput", std::size_t{100});
        set("logger.console", caf::atom("none"));
    }
};

/// Waits for the end of a turn.
struct turn_sink final : session_sink {
    std::mutex lock;
    std::condition_variable changed;
    std::size_t ended = 0;

    void accepted(std::string, chat_accepted) override {}
    void done(std::string, std::optional<std::uint64_t>) override {}
    void failed(std::string, failure why) override {
        std::fprintf(stderr, "bench_growth: %s\n", why.detail.c_str());
        std::_Exit(1);
    }
    void events(std::string, std::vector<shared_event> what, bool) override {
        const std::lock_guard guard(lock);
        for (const auto& one : what)
            if (std::holds_alternative<turn_completed>(one->value.body)) ++ended;
        changed.notify_all();
    }
    void gone(std::string) override {}

    void wait(std::size_t until) {
        std::unique_lock guard(lock);
        if (!changed.wait_for(guard, std::chrono::seconds{60}, [&] { return ended >= until; })) {
            std::fprintf(stderr, "bench_growth: a turn does not end\n");
            std::_Exit(1);
        }
    }
};

struct size_of_all {
    std::int64_t records = 0;
    /// Of the records' columns.
    std::int64_t octets = 0;
    /// Of the whole database, with its indexes and what is free in it.
    std::int64_t file = 0;
};

std::int64_t number(persistence::database& on, const char* sql) {
    const auto found = on.execute(sql);
    if (!found) {
        std::fprintf(stderr, "bench_growth: %s\n", found.error().detail.c_str());
        std::_Exit(1);
    }
    return found->front().integer(0);
}

size_of_all measure(persistence::database& on) {
    size_of_all out;
    out.records = number(on, "SELECT COUNT(*) FROM journal");
    out.octets = number(on,
                        "SELECT CAST(COALESCE(SUM(LENGTH(stream) + LENGTH(kind) + "
                        "LENGTH(payload) + 16), 0) AS BIGINT) FROM journal");
    if (on.driver() == std::string_view("sqlite"))
        out.file = number(on, "PRAGMA page_count") * number(on, "PRAGMA page_size");
    else
        out.file = number(on, "SELECT pg_database_size(current_database())");
    return out;
}

}  // namespace

int main() {
    start_log({log_level::warning, log_format::text, false});
    std::string pattern = (std::filesystem::temp_directory_path() / "perin-bench-XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(pattern.data());
    surroundings around;
    around.environment["PERIN_DATA"] = folder.string();
    if (const char* url = std::getenv("DATABASE_URL")) {
        around.environment["DATABASE_URL"] = url;
        around.environment["PERIN_SECRET"] = std::string(32, 'x');
    }
    const auto settings = parse_configuration(std::nullopt, around);
    if (!settings) return 1;
    const char* wanted = std::getenv("BENCH_TURNS");
    const auto turns = wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 10'000UL;

    boost::asio::io_context io;
    run_watch watch;
    config of_actors(io, watch);
    caf::actor_system system(of_actors);
    system.await_actors_before_shutdown(false);
    cli::tree_parts parts;
    auto db = cli::open_databases(*settings, *parts.from.clock);
    if (!db) return 1;
    parts.db = std::move(*db);
    const user anna{"usr_00000000-0000-7000-8000-000000000001", "anna@example.org", "Anna", "UTC"};
    if (!persistence::account_repository(*parts.db.writer).create(anna, "x")) return 1;
    auto tree = cli::start_actors(system, *settings, std::move(parts));
    auto busy = boost::asio::make_work_guard(io);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&io] { io.run(); });

    auto sessions = std::make_shared<actors::session_parts>();
    sessions->conversations = tree.conversations;
    auto sink = std::make_shared<turn_sink>();
    auto session = actors::spawn_session(system, sessions, sink);
    auto look = persistence::open_database(cli::location_of(*settings),
                                           persistence::access_mode::read_only);
    if (!look) return 1;

    std::vector<double> octets_a_turn;
    auto before = measure(**look);
    for (std::size_t part = 0; part < parts_of_run; ++part) {
        const auto count = turns / parts_of_run;
        for (std::size_t i = 0; i < count; ++i) {
            chat_send message;
            message.account = anna;
            message.conversation_id = "cnv_growth-01";
            message.message = "What a beautiful morning it is, do you not think so as well?";
            caf::anon_send(session, session_command{session_send{"1", std::move(message)}});
            sink->wait(part * count + i + 1);
        }
        const auto now = measure(**look);
        const auto each = [&](std::int64_t size_of_all::*what) {
            return static_cast<double>(now.*what - before.*what) / static_cast<double>(count);
        };
        std::printf(
            "{\"what\":\"growth\",\"driver\":\"%s\",\"turns\":\"%zu-%zu\","
            "\"records_a_turn\":%.3f,\"octets_a_turn\":%.1f,\"file_octets_a_turn\":%.1f}\n",
            (*look)->driver(), part * count + 1, (part + 1) * count, each(&size_of_all::records),
            each(&size_of_all::octets), each(&size_of_all::file));
        std::fflush(stdout);
        octets_a_turn.push_back(each(&size_of_all::octets));
        before = now;
    }
    std::printf("{\"what\":\"growth\",\"last_part_by_first\":%.4f}\n",
                octets_a_turn.back() / octets_a_turn.front());
    std::fflush(nullptr);
    std::filesystem::remove_all(folder);
    _exit(0);
}
