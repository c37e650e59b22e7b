// What the supervision of a model's calls costs, and how fast a turn falls back, in one run; one
// line of JSON a measurement.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_supervision
//   build/bench/bench/bench_supervision
//
// - a call through the supervisor of its upstream, beside the same call without: µs a call
// - a turn whose model answers at once, and one whose model's circuit is open: ms to its end
// - a conversation whose actor is killed: ms until the next one answers

#include "actors/model/supervised_model.hpp"
#include "actors/session/session.hpp"
#include "cli/actor_tree.hpp"
#include "persistence/accounts.hpp"
#include "runtime/log.hpp"
#include "runtime/scheduling/pool_scheduler.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <thread>

using namespace perin;
using namespace perin::runtime;
using clock_type = std::chrono::steady_clock;

namespace {

double microseconds_since(clock_type::time_point start) {
    return std::chrono::duration<double, std::micro>(clock_type::now() - start).count();
}

/// Waits for a number of things to happen on other threads.
class latch {
  public:
    explicit latch(std::size_t count) : left_(count) {}
    void done() {
        std::lock_guard guard(mutex_);
        if (--left_ == 0) all_.notify_one();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        all_.wait(lock, [this] { return left_ == 0; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable all_;
    std::size_t left_;
};

/// Answers at once, or fails at once.
struct instant_model final : chat_model {
    struct over final : model_call {
        void cancel() override {}
    };
    std::atomic<bool> fails = false;
    std::string label = "instant";

    std::shared_ptr<model_call> start(shared_model_request, model_sink sink) override {
        if (fails)
            sink(model_failure{});
        else
            sink(model_reply{"hello", {}, model_finish::stop, {}, {}});
        return std::make_shared<over>();
    }
    const std::string& name() const override { return label; }
};

struct config : caf::actor_system_config {
    config(boost::asio::io_context& io, run_watch& watch) {
        use_pool(*this, io, watch);
        set("scheduler.max-throughput", std::size_t{100});
        set("logger.console", caf::atom("none"));
    }
};

/// A session's client that waits for the end of its turn.
struct waiting_sink final : session_sink {
    std::mutex mutex;
    std::condition_variable changed;
    int accepted_count = 0;
    int ended = 0;

    void note(int& what) {
        std::lock_guard guard(mutex);
        ++what;
        changed.notify_one();
    }
    void accepted(std::string, chat_accepted) override { note(accepted_count); }
    void done(std::string, std::optional<std::uint64_t>) override {}
    void failed(std::string, failure why) override {
        std::fprintf(stderr, "failed: %s\n", why.detail.c_str());
        note(accepted_count);
        note(ended);
    }
    void events(std::string, std::vector<shared_event> what, bool) override {
        for (const auto& one : what)
            if (std::holds_alternative<turn_completed>(one->value.body) ||
                std::holds_alternative<turn_failed>(one->value.body))
                note(ended);
    }
    void gone(std::string) override {}
    void wait(const int& what, int wanted) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return what >= wanted; });
    }
};

double calls_a_second(chat_model& model, std::size_t count, std::size_t at_once) {
    auto asked = std::make_shared<const model_request>();
    auto start = clock_type::now();
    for (std::size_t begun = 0; begun < count; begun += at_once) {
        latch all(at_once);
        for (std::size_t i = 0; i < at_once; ++i)
            static_cast<void>(model.start(asked, [&all](model_event what) {
                if (!std::holds_alternative<model_delta>(what)) all.done();
            }));
        all.wait();
    }
    return microseconds_since(start) / static_cast<double>(count);
}

void tell(const char* what, std::vector<double> values) {
    std::sort(values.begin(), values.end());
    std::printf("{\"what\":\"%s\",\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"runs\":%zu}\n",
                what, values[values.size() / 2] / 1000, values[values.size() * 99 / 100] / 1000,
                values.back() / 1000, values.size());
}

/// How long nobody answers for a conversation whose actor is killed: from the kill to the answer of
/// the next one, which has read the journal by then.
double revival(caf::scoped_actor& self, const conversations_actor& conversations,
               const conversation_key& key, const session_actor& reader) {
    caf::strong_actor_ptr who;
    auto answers = [&] {
        bool out = false;
        self->request(conversations, std::chrono::seconds{5}, chat_fetch{key, 0, 0, reader})
            .receive(
                [&](const result<fetch_page>& page) {
                    out = page.has_value();
                    who = self->current_sender();
                },
                [](const caf::error&) {});
        return out;
    };
    if (!answers() || !who) return -1;
    auto dying = caf::actor_cast<caf::actor>(std::exchange(who, nullptr));
    self->monitor(dying);
    auto start = clock_type::now();
    caf::anon_send_exit(dying, caf::exit_reason::kill);
    self->receive([](const caf::down_msg&) {});
    while (!answers()) {
    }
    return microseconds_since(start);
}

}  // namespace

int main() {
    start_log({log_level::off, log_format::text, false});
    std::string pattern = (std::filesystem::temp_directory_path() / "perin-bench-XXXXXX").string();
    std::filesystem::path folder = mkdtemp(pattern.data());
    boost::asio::io_context io;
    run_watch watch;
    config settings_of_actors(io, watch);
    caf::actor_system system(settings_of_actors);
    system.await_actors_before_shutdown(false);
    configuration settings;
    settings.data = folder;
    settings.turn = std::chrono::seconds{600};
    settings.patience = std::chrono::seconds{15};
    settings.retry_base = std::chrono::milliseconds{1};
    settings.passivate = std::chrono::seconds{600};
    settings.max_resident = 10'000;
    auto model = std::make_shared<instant_model>();
    cli::tree_parts parts;
    auto db = cli::open_databases(settings, *parts.from.clock);
    if (!db) return 1;
    parts.db = std::move(*db);
    user anna{"usr_00000000-0000-7000-8000-000000000001", "anna@example.org", "Anna", "UTC"};
    if (!persistence::account_repository(*parts.db.writer).create(anna, "x")) return 1;
    parts.services = {model};
    auto tree = cli::start_actors(system, settings, std::move(parts));
    auto busy = boost::asio::make_work_guard(io);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&io] { io.run(); });

    {
        auto own = std::make_shared<upstream_parts>();
        own->key = "model:bench";
        own->chance = std::make_shared<system_entropy>();
        own->clock = std::make_shared<system_clock>();
        own->circuits = tree.circuits;
        actor_slot<upstream_actor> slot(spawn_upstream(system, own));
        actors::supervised_model supervised(model, slot, {});
        for (std::size_t at_once : {std::size_t{1}, std::size_t{64}}) {
            auto bare = calls_a_second(*model, 64'000, at_once);
            auto guarded = calls_a_second(supervised, 64'000, at_once);
            std::printf(
                "{\"what\":\"a supervised "
                "call\",\"at_once\":%zu,\"bare_us\":%.3f,\"supervised_us\":%.3f,"
                "\"added_us\":%.3f}\n",
                at_once, bare, guarded, guarded - bare);
        }
        caf::anon_send_exit(slot.load(), caf::exit_reason::user_shutdown);
    }

    auto sessions = std::make_shared<actors::session_parts>();
    sessions->conversations = tree.conversations;
    auto sink = std::make_shared<waiting_sink>();
    auto session = actors::spawn_session(system, sessions, sink);
    auto send = [&](const std::string& conversation_id) {
        chat_send message;
        message.account = anna;
        message.conversation_id = conversation_id;
        message.message = "what is the answer " + std::to_string(sink->accepted_count);
        caf::anon_send(session, session_command{session_send{"1", std::move(message)}});
    };
    auto turn = [&] {
        auto wanted = sink->ended + 1;
        auto start = clock_type::now();
        send("cnv_bench-0001");
        sink->wait(sink->ended, wanted);
        return microseconds_since(start);
    };
    std::vector<double> plain;
    for (int i = 0; i < 200; ++i) plain.push_back(turn());
    tell("a turn", plain);

    std::vector<double> revived;
    caf::scoped_actor self(system);
    for (int i = 0; i < 200; ++i) {
        const auto id = "cnv_killed-" + std::to_string(1000 + i);
        const auto wanted = sink->ended + 1;
        send(id);
        sink->wait(sink->ended, wanted);
        revived.push_back(revival(self, tree.conversations.load(), {anna.id, id}, session));
        if (revived.back() < 0) return 1;
    }
    tell("a killed conversation until it answers", revived);

    model->fails = true;
    for (int i = 0; i < 3; ++i) turn();
    std::vector<double> fallen;
    for (int i = 0; i < 200; ++i) fallen.push_back(turn());
    tell("a turn with the circuit open", fallen);

    std::fflush(nullptr);
    std::filesystem::remove_all(folder);
    _exit(0);
}
