#include "cli/server.hpp"

#include "actors/accounts/accounts.hpp"
#include "actors/bridge/bridge.hpp"
#include "actors/conversation/conversations.hpp"
#include "actors/memory/memory.hpp"
#include "actors/offline/offline_model.hpp"
#include "actors/session/session.hpp"
#include "actors/store/store.hpp"
#include "cli/exit_code.hpp"
#include "cli/first_start.hpp"
#include "cli/run_file.hpp"
#include "net/front/front.hpp"
#include "net/http_client/http_client.hpp"
#include "net/openai/openai_model.hpp"
#include "persistence/credentials.hpp"
#include "persistence/migrations.hpp"
#include "persistence/sqlite/sqlite_database.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/log.hpp"
#include "runtime/private_file.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace perin::cli {

using namespace runtime;

namespace {

constexpr std::size_t reader_count = 2;
constexpr std::size_t bridge_count = 4;

struct system_config : caf::actor_system_config {
    system_config() {
        set("scheduler.policy", caf::atom("sharing"));
        set("scheduler.max-threads", std::max<std::size_t>(2, std::thread::hardware_concurrency()));
        set("scheduler.max-throughput", std::size_t{100});
        set("logger.console", caf::atom("none"));
    }
};

int fail(const failure& why, exit_code code) {
    std::cerr << "perin: " << why.detail << '\n';
    return static_cast<int>(code);
}

/// Every connection is a descriptor: the soft limit is often far below the hard one.
void raise_file_limit() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

result<std::shared_ptr<boost::asio::ssl::context>> tls_of(const configuration& settings) {
    using context = boost::asio::ssl::context;
    if (settings.tls_certificate.empty()) return std::shared_ptr<context>{};
    auto made = std::make_shared<context>(context::tls_server);
    made->set_options(context::default_workarounds | context::no_sslv2 | context::no_sslv3 |
                      context::no_tlsv1 | context::no_tlsv1_1);
    boost::system::error_code ec;
    made->use_certificate_chain_file(settings.tls_certificate.string(), ec);
    if (ec) return failure{error_code::invalid_request, "tls_certificate: " + ec.message()};
    made->use_private_key_file(settings.tls_key.string(), context::pem, ec);
    if (ec) return failure{error_code::invalid_request, "tls_key: " + ec.message()};
    return made;
}

/// The database's connections: the first writes, the others read.
struct databases {
    std::unique_ptr<persistence::database> writer;
    std::vector<std::unique_ptr<persistence::database>> readers;
};

result<databases> open_databases(const configuration& settings, const wall_clock& clock) {
    auto path = (settings.data / "perin.db").string();
    databases out;
    auto writer = persistence::open_sqlite(path, persistence::sqlite_mode::read_write);
    if (!writer) return writer.error();
    out.writer = std::move(*writer);
    if (auto done = persistence::migrate(*out.writer, clock.now()); !done) return done.error();
    for (std::size_t i = 0; i < reader_count; ++i) {
        auto reader = persistence::open_sqlite(path, persistence::sqlite_mode::read_only);
        if (!reader) return reader.error();
        out.readers.push_back(std::move(*reader));
    }
    return out;
}

/// The actors of a running server.
struct actor_tree {
    store_actor store;
    reader_actor reader;
    reader_actor second_reader;
    password_actor passwords;
    memory_actor memory;
    accounts_actor accounts;
    conversations_actor conversations;
    std::vector<bridge_actor> bridges;
};

struct sources {
    std::shared_ptr<system_clock> clock = std::make_shared<system_clock>();
    std::shared_ptr<system_entropy> entropy = std::make_shared<system_entropy>();
};

std::shared_ptr<chat_model> model_of(const configuration& settings, net::http_client& client,
                                     const system_clock& clock) {
    if (settings.offline) return std::make_shared<actors::offline_model>();
    net::openai_options options;
    options.base_url = settings.openai_base_url;
    options.api_key = settings.openai_api_key;
    options.model = settings.model;
    options.connect_timeout = settings.model_connect;
    options.first_token_timeout = settings.model_first;
    options.idle_timeout = settings.model_idle;
    options.call_timeout = settings.model_call;
    return std::make_shared<net::openai_model>(client, clock, options);
}

actor_tree start_actors(caf::actor_system& system, const configuration& settings, databases db,
                        const sources& from, std::shared_ptr<chat_model> model) {
    actor_tree tree;
    tree.store = actors::spawn_store(system, std::move(db.writer), {});
    tree.reader = actors::spawn_reader(system, std::move(db.readers[0]));
    // Lists and catch-ups do not stand in the way of turns.
    tree.second_reader = actors::spawn_reader(system, std::move(db.readers[1]));
    tree.passwords = actors::spawn_passwords(system);
    tree.memory = actors::spawn_memories(system, {tree.store, tree.reader, from.clock});
    tree.accounts = actors::spawn_accounts(
        system, {tree.store, tree.second_reader, tree.passwords, from.clock, from.entropy});

    auto turns = std::make_shared<actors::turn_parts>();
    turns->model = std::move(model);
    turns->offline = settings.offline;
    turns->tools = std::make_shared<actors::tool_registry>(actors::memory_tools(tree.memory));
    turns->memory = tree.memory;
    turns->clock = from.clock;
    turns->window = settings.model_window;
    if (settings.model_max_tokens != 0)
        turns->max_tokens = static_cast<std::int64_t>(settings.model_max_tokens);

    auto parts = std::make_shared<actors::conversation_parts>();
    parts->store = tree.store;
    parts->reader = tree.reader;
    parts->turns = std::move(turns);
    parts->clock = from.clock;
    parts->entropy = from.entropy;
    parts->turn_deadline = settings.turn;
    actors::conversations_settings bounds;
    bounds.passivate_after = settings.passivate;
    bounds.most_resident = settings.max_resident;
    tree.conversations = actors::spawn_conversations(system, std::move(parts), bounds);
    for (std::size_t i = 0; i < bridge_count; ++i)
        tree.bridges.push_back(actors::spawn_bridge(system));
    return tree;
}

/// Ends the actors, the store last; returns once its database is closed, or after a while.
void stop_actors(caf::actor_system& system, const actor_tree& tree) {
    auto stop = [](const auto& actor) {
        caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    };
    stop(tree.conversations);
    stop(tree.memory);
    stop(tree.accounts);
    for (const auto& bridge : tree.bridges) stop(bridge);
    stop(tree.passwords);
    stop(tree.reader);
    stop(tree.second_reader);
    caf::scoped_actor self(system);
    self->monitor(tree.store);
    stop(tree.store);
    self->receive([](const caf::down_msg&) {},
                  caf::after(std::chrono::seconds{3}) >>
                      [] { log(log_level::warning, "server.store", "the store does not end"); });
}

net::front_settings front_settings_of(const configuration& settings, const std::string& token) {
    net::front_settings out;
    out.url = settings.url;
    out.node = settings.node;
    out.version = PERIN_VERSION;
    out.cors_origins = settings.cors_origins;
    out.most_connections = settings.max_connections;
    out.limits = settings.limits;
    out.admin_token = token;
    out.offline = settings.offline;
    return out;
}

/// Waits for a signal or `POST /drain`, then lets the running turns end.
class shutdown {
  public:
    shutdown(boost::asio::io_context& io, caf::actor_system& system, const actor_tree& tree,
             std::chrono::milliseconds patience)
        : io_(io),
          signals_(io, SIGTERM, SIGINT),
          timer_(io),
          self_(system),
          tree_(tree),
          patience_(patience) {}

    void watch(net::front& front) {
        front_ = &front;
        wait_for_signal();
    }

    void begin() {
        boost::asio::post(io_, [this] {
            if (std::exchange(draining_, true)) return;
            log(log_level::info, "server.drain", "no more is accepted; running turns may end");
            front_->drain();
            caf::anon_send(tree_.conversations, drain{});
            until_ = std::chrono::steady_clock::now() + patience_;
            look();
        });
    }

  private:
    void wait_for_signal() {
        signals_.async_wait([this](boost::system::error_code ec, int) {
            if (ec) return;
            if (draining_) _exit(1);
            begin();
            wait_for_signal();
        });
    }

    /// Asks whether turns run, until none does or patience ends.
    void look() {
        timer_.expires_after(std::chrono::milliseconds{50});
        timer_.async_wait([this](boost::system::error_code ec) {
            if (ec) return;
            std::size_t running = 0;
            self_->request(tree_.conversations, std::chrono::seconds{1}, count_running{})
                .receive([&](const counted& what) { running = what.running_turns; },
                         [](const caf::error&) {});
            if (running != 0 && std::chrono::steady_clock::now() < until_) return look();
            if (running != 0)
                log(log_level::warning, "server.cut",
                    std::to_string(running) + " turns are cut and run again at the next start");
            finish();
        });
    }

    /// Sockets get a moment for their last octets.
    void finish() {
        front_->close();
        signals_.cancel();
        last_ = std::chrono::steady_clock::now() + std::chrono::seconds{2};
        leave();
    }

    void leave() {
        timer_.expires_after(std::chrono::milliseconds{20});
        timer_.async_wait([this](boost::system::error_code ec) {
            if (!ec && front_->open_connections() != 0 && std::chrono::steady_clock::now() < last_)
                return leave();
            io_.stop();
        });
    }

    boost::asio::io_context& io_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer timer_;
    caf::scoped_actor self_;
    const actor_tree& tree_;
    std::chrono::milliseconds patience_;
    net::front* front_ = nullptr;
    bool draining_ = false;
    std::chrono::steady_clock::time_point until_;
    std::chrono::steady_clock::time_point last_;
};

void run_threads(boost::asio::io_context& io, std::size_t count) {
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < count; ++i) others.emplace_back([&io] { io.run(); });
    io.run();
    for (auto& one : others) one.join();
}

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

int run_server(const configuration& settings) {
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    set_log_level(settings.debug_ai ? "debug" : settings.log_level);
    if (!settings.crash_at.empty()) arm_crash_point(settings.crash_at);
    sources from;
    if (auto made = make_private_folder(settings.data); !made)
        return fail(made.error(), exit_code::failed);
    auto tls = tls_of(settings);
    if (!tls) return fail(tls.error(), exit_code::usage);
    auto db = open_databases(settings, *from.clock);
    if (!db) return fail(db.error(), exit_code::unreachable);
    auto owner = make_owner(*db->writer, *from.clock, *from.entropy);
    if (!owner) return fail(owner.error(), exit_code::unreachable);

    auto threads = settings.io_threads != 0
                       ? settings.io_threads
                       : std::max<std::size_t>(1, std::thread::hardware_concurrency() / 2);
    // Declared first, ended last: answers of actors are handlers of its coroutines.
    boost::asio::io_context io(threads == 1 ? 1 : BOOST_ASIO_CONCURRENCY_HINT_DEFAULT);
    net::http_client client;
    system_config config;
    caf::actor_system system(config);
    system.await_actors_before_shutdown(false);
    auto tree = start_actors(system, settings, std::move(*db), from,
                             model_of(settings, client, *from.clock));
    auto token = persistence::new_token("pra_");
    auto sessions = std::make_shared<actors::session_parts>();
    sessions->conversations = tree.conversations;

    int code = static_cast<int>(exit_code::done);
    {
        shutdown ending(io, system, tree, settings.drain);
        net::front_parts parts;
        parts.conversations = tree.conversations;
        parts.memory = tree.memory;
        parts.accounts = tree.accounts;
        parts.reader = tree.second_reader;
        parts.bridges = tree.bridges;
        parts.open_session = [&system, sessions](std::shared_ptr<session_sink> sink) {
            return actors::spawn_session(system, sessions, std::move(sink));
        };
        parts.clock = from.clock;
        parts.entropy = from.entropy;
        parts.drain = [&ending] { ending.begin(); };
        auto front = std::make_shared<net::front>(io, front_settings_of(settings, token),
                                                  std::move(parts), *tls);
        auto bound = front->listen(settings.listen.host, settings.listen.port,
                                   settings.admin_listen.host, settings.admin_listen.port);
        if (!bound) {
            code = fail(bound.error(), exit_code::failed);
        } else {
            ending.watch(*front);
            front->start();
            auto url = std::string(*tls ? "https://" : "http://") +
                       bracketed(settings.listen.host) + ":" + std::to_string(front->port());
            auto admin = "http://" + bracketed(settings.admin_listen.host) + ":" +
                         std::to_string(front->admin_port());
            run_file run{url, admin, getpid(), token, settings.node};
            if (auto written = write_run_file(settings.data, run); !written)
                log(log_level::warning, "server.run_file", written.error().detail);
            if (*owner) announce_owner(**owner, front->settings().url);
            std::cout << "perin listening on " << url << " admin " << admin << " node "
                      << settings.node << std::endl;
            run_threads(io, threads);
            remove_run_file(settings.data, getpid());
        }
    }
    stop_actors(system, tree);
    // What is left is memory, which the kernel takes back faster: CAF would wait here for the last
    // handle of every detached actor, wherever a message still holds one.
    std::fflush(nullptr);
    _exit(code);
}

}  // namespace perin::cli
