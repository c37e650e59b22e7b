// Workflows of five trivial durable steps; one line of JSON a measurement.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_workflow
//   build/bench/bench/bench_workflow                      the embedded database
//   DATABASE_URL=postgresql://... build/bench/bench/bench_workflow     an empty database of a
//   server
//
// - one append alone, to its answer; one workflow alone, to its end, in turn
// - 64 workflows at once, each followed by another as it ends
// - 1,000 workflows whose second step was cut off, taken up by a new engine, to the last one's end
// - what 10,000 paused workflows keep in memory
//
// Each step gives a small JSON value. BENCH_SECONDS is how long the first two run (default 5).

#include "actors/store/store.hpp"
#include "actors/workflow/workflows.hpp"
#include "bench/measuring.hpp"
#include "persistence/accounts.hpp"
#include "persistence/migrations.hpp"
#include "persistence/open_database.hpp"
#include "runtime/log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace perin;
using namespace perin::runtime;
using namespace perin::bench;

namespace {

constexpr std::size_t together_count = 64;
constexpr std::size_t cut_off_count = 1'000;
constexpr std::size_t paused_count = 10'000;
constexpr std::chrono::seconds patience{60};
const user owner{"usr_00000000-0000-7000-8000-000000000001", "anna@example.org", "Anna", "UTC"};

/// Set while workflows are to stay at their second step.
std::atomic<bool> held = false;

std::shared_ptr<const actors::workflow_book> book() {
    auto made = std::make_shared<actors::workflow_book>();
    actors::step_kind kind;
    kind.name = "trivial";
    kind.run = [](const std::shared_ptr<actors::step_run>& run) {
        if (held && run->context().step_id == "s2") return;
        run->end(actors::step_ok{{{"step", run->context().step_id}, {"ok", true}}});
    };
    made->kinds.push_back(kind);
    workflow::definition five{"five", 1, {}};
    for (const char* id : {"s1", "s2", "s3", "s4", "s5"}) {
        workflow::step_definition step{id, "Step"};
        step.kind = "trivial";
        five.steps.push_back(step);
    }
    made->definitions.push_back(five);
    kind.name = "asks";
    kind.run = [](const std::shared_ptr<actors::step_run>& run) {
        run->end(actors::step_must_wait{workflow::waits_for::answer});
    };
    made->kinds.push_back(kind);
    workflow::definition asks{"asks", 1, {{"s1", "Step"}}};
    asks.steps.front().kind = "asks";
    made->definitions.push_back(asks);
    return made;
}

begin_workflow wanted(bool to_the_end = true, const char* kind = "five") {
    begin_workflow out;
    out.user_id = owner.id;
    out.kind = kind;
    out.input = {{"a", 1}};
    if (to_the_end) out.until_it_rests = patience;
    return out;
}

void must_be(const result<workflow::account_of>& done, workflow::status status) {
    if (!done) stop(done.error());
    if (done->is.status != status)
        stop({error_code::internal, "a workflow is " + std::string(to_string(done->is.status))});
}

/// An engine on the database, as one process has it.
struct engine {
    engine(caf::actor_system& on, const persistence::database_location& at) : system(on) {
        store = actors::spawn_store(system, taken(persistence::open_database(at)), {});
        reader = actors::spawn_reader(
            system, taken(persistence::open_database(at, persistence::access_mode::read_only)));
        actors::workflows_parts parts;
        parts.store.put(store);
        parts.reader.put(reader);
        parts.book = book();
        parts.clock = std::make_shared<system_clock>();
        parts.entropy = std::make_shared<system_entropy>();
        parts.passivate_after = std::chrono::milliseconds{0};
        workflows = actors::spawn_workflows(system, parts);
    }
    /// As a process that is killed.
    ~engine() {
        caf::scoped_actor self(system);
        for (const auto& each :
             {caf::actor_cast<caf::actor>(workflows), caf::actor_cast<caf::actor>(store),
              caf::actor_cast<caf::actor>(reader)}) {
            self->send_exit(each, caf::exit_reason::kill);
            self->wait_for(each);
        }
    }

    caf::actor_system& system;
    store_actor store;
    reader_actor reader;
    workflows_actor workflows;
};

struct alternating_state {
    engine* on = nullptr;
    std::size_t appended = 0;
    std::vector<double> appends;
    std::vector<double> runs;
    clock_type::time_point until;
    clock_type::time_point began;

    void append(caf::event_based_actor* self) {
        append_records what{
            "bench", appended++, {{0, "bench.event", "{\"step\":\"s1\",\"ok\":true}", {}}}};
        began = clock_type::now();
        self->request(on->store, patience, std::move(what))
            .then([this, self](const result<std::uint64_t>& done) {
                appends.push_back(seconds_since(began) * 1e6);
                if (!done) stop(done.error());
                run(self);
            });
    }
    void run(caf::event_based_actor* self) {
        began = clock_type::now();
        self->request(on->workflows, patience, wanted())
            .then([this, self](const result<workflow::account_of>& done) {
                runs.push_back(seconds_since(began) * 1e6);
                must_be(done, workflow::status::completed);
                if (clock_type::now() < until) return append(self);
                const auto one = percentile(appends, 0.5);
                const auto all = percentile(runs, 0.5);
                std::printf(
                    "{\"what\":\"alone\",\"append_us_p50\":%.0f,\"workflow_us_p50\":%.0f,"
                    "\"appends\":%.1f,\"workflow_us_p99\":%.0f,\"workflows\":%zu}\n",
                    one, all, all / one, percentile(runs, 0.99), runs.size());
            });
    }
};

void alone(engine& on, double seconds) {
    auto one = on.system.spawn([&](caf::stateful_actor<alternating_state>* self) {
        self->state.on = &on;
        self->state.until = clock_type::now() + std::chrono::duration_cast<clock_type::duration>(
                                                    std::chrono::duration<double>(seconds));
        self->state.append(self);
    });
    caf::scoped_actor(on.system)->wait_for(one);
}

struct runner_state {
    workflows_actor workflows;
    repeating* what = nullptr;

    void next(caf::event_based_actor* self) {
        self->request(workflows, patience, wanted())
            .then([this, self](const result<workflow::account_of>& done) {
                must_be(done, workflow::status::completed);
                ++what->done;
                if (!what->over) next(self);
            });
    }
};

void together(engine& on, double seconds) {
    const auto rate =
        rate_of(on.system, together_count, seconds, [&](std::size_t, repeating& what) {
            return on.system.spawn([&](caf::stateful_actor<runner_state>* self) {
                self->state = {on.workflows, &what};
                self->state.next(self);
            });
        });
    std::printf(
        "{\"what\":\"together\",\"workflows_at_once\":%zu,\"workflows_per_s\":%.0f,"
        "\"steps_per_s\":%.0f}\n",
        together_count, rate, rate * 5);
}

/// Asks for each in turn, many at once.
template <class Message>
void all_of(engine& on, std::vector<Message> messages, workflow::status status,
            std::vector<std::string>* ids = nullptr) {
    caf::scoped_actor self(on.system);
    constexpr std::size_t at_once = 256;
    for (std::size_t i = 0; i < messages.size(); i += at_once) {
        const auto end = std::min(messages.size(), i + at_once);
        for (std::size_t k = i; k < end; ++k)
            self->request(on.workflows, patience, std::move(messages[k]))
                .receive(
                    [&](const result<workflow::account_of>& done) {
                        must_be(done, status);
                        if (ids) ids->push_back(done->is.id);
                    },
                    [](const caf::error&) {
                        stop({error_code::internal, "no answer"});
                    });
    }
}

std::size_t unfinished(engine& on) {
    caf::scoped_actor self(on.system);
    std::size_t out = 0;
    self->request(on.reader, patience, list_unfinished_workflows{false, 10'000, {}})
        .receive([&](const result<std::vector<std::string>>& found) { out = taken(found).size(); },
                 [](const caf::error&) {
                     stop({error_code::internal, "no answer"});
                 });
    return out;
}

void recovery(caf::actor_system& system, const persistence::database_location& at) {
    held = true;
    {
        engine on(system, at);
        all_of(on, std::vector<begin_workflow>(cut_off_count, wanted(false)),
               workflow::status::running);
        // Each has come to its second step, which is on disk.
        std::this_thread::sleep_for(std::chrono::seconds{1});
    }
    held = false;
    const auto start = clock_type::now();
    engine on(system, at);
    while (unfinished(on) > 0) std::this_thread::sleep_for(std::chrono::milliseconds{2});
    std::printf("{\"what\":\"recovery\",\"workflows\":%zu,\"s\":%.3f}\n", cut_off_count,
                seconds_since(start));
}

std::size_t resident_bytes() {
    std::ifstream from("/proc/self/statm");
    std::size_t whole = 0;
    std::size_t resident = 0;
    from >> whole >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Twice, so that what the process keeps for its own use is there before the second.
void paused(engine& on) {
    for (int round = 0; round < 2; ++round) {
        const auto before = resident_bytes();
        std::vector<std::string> ids;
        all_of(on, std::vector<begin_workflow>(paused_count, wanted(true, "asks")),
               workflow::status::waiting, &ids);
        std::vector<command_workflow> orders;
        for (const auto& id : ids) {
            orders.emplace_back();
            orders.back().id = id;
            orders.back().order = pause_workflow{};
        }
        ids = {};
        all_of(on, std::move(orders), workflow::status::paused);
        std::printf("{\"what\":\"paused\",\"workflows\":%zu,\"bytes_each\":%.0f}\n", paused_count,
                    (static_cast<double>(resident_bytes()) - static_cast<double>(before)) /
                        static_cast<double>(paused_count));
    }
}

}  // namespace

int main() {
    start_log({log_level::error, log_format::text, false});
    const auto seconds = seconds_of_each();
    std::string pattern = (std::filesystem::temp_directory_path() / "perin-bench-XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(pattern.data());
    persistence::database_location at;
    if (const char* url = std::getenv("DATABASE_URL"))
        at.url = url;
    else
        at.file = (folder / "perin.db").string();
    {
        auto db = taken(persistence::open_database(at));
        if (auto done = persistence::migrate(*db, system_clock().now()); !done) stop(done.error());
        needed(persistence::account_repository(*db).create(owner, "x"));
    }
    boost::asio::io_context io;
    auto work = boost::asio::make_work_guard(io);
    run_watch watch;
    actor_settings settings(io, watch);
    caf::actor_system system(settings);
    system.await_actors_before_shutdown(false);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&io] { io.run(); });
    {
        engine on(system, at);
        alone(on, seconds);
        together(on, seconds);
        paused(on);
    }
    recovery(system, at);
    std::fflush(nullptr);
    std::filesystem::remove_all(folder);
    _exit(0);
}
