#include "cli/server.hpp"

#include "actors/session/session.hpp"
#include "actors/store/database_work.hpp"
#include "cli/actor_tree.hpp"
#include "cli/data_hold.hpp"
#include "cli/exit_code.hpp"
#include "cli/first_start.hpp"
#include "cli/open_vault.hpp"
#include "cli/run_file.hpp"
#include "cli/shutdown.hpp"
#include "net/front/front.hpp"
#include "net/http_client/http_client.hpp"
#include "persistence/credentials.hpp"
#include "persistence/vault/sealing_key.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"
#include "runtime/private_file.hpp"
#include "runtime/scheduling/pool_scheduler.hpp"

#include <boost/asio/io_context.hpp>
#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace perin::cli {

using namespace runtime;

namespace {

struct system_config : caf::actor_system_config {
    system_config(boost::asio::io_context& io, run_watch& watch) {
        use_pool(*this, io, watch);
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

net::front_settings front_settings_of(const configuration& settings, const actor_tree& tree,
                                      const std::string& token) {
    net::front_settings out;
    out.url = settings.url;
    out.node = settings.node;
    out.version = PERIN_VERSION;
    out.cors_origins = settings.cors_origins;
    out.most_connections = settings.max_connections;
    out.limits = settings.limits;
    out.admin_token = token;
    out.offline = settings.offline;
    out.model_circuits = tree.model_circuits;
    out.database_circuit = actors::database_upstream;
    return out;
}

void run_threads(boost::asio::io_context& io, std::size_t count) {
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < count; ++i) others.emplace_back([&io] { io.run(); });
    io.run();
    for (auto& one : others) one.join();
}

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

/// Tells the operator, who may have moved the data without the secret.
void warn_of_unknown_secret(persistence::database& db, persistence::vault& keys) {
    const auto sealing = persistence::sealing_key_repository(db, keys.purpose()).find();
    if (!sealing || !*sealing || keys.knows((*sealing)->id)) return;
    log(log_level::warning, "vault.unknown_secret",
        "tokens were sealed with a secret that is not known: integrations do not work");
}

}  // namespace

int run_server(const configuration& settings) {
    std::signal(SIGPIPE, SIG_IGN);
    // A file that may not grow any more is a write that fails, not the end of the server.
    std::signal(SIGXFSZ, SIG_IGN);
    raise_file_limit();
    start_log({log_level_of(settings.log_level),
               settings.log_format == "json" ? log_format::json : log_format::text,
               settings.debug_ai});
    if (!settings.crash_at.empty()) arm_crash_point(settings.crash_at);
    sources from;
    if (auto made = make_private_folder(settings.data); !made)
        return fail(made.error(), exit_code::failed);
    const auto hold = shared_use(settings);
    if (!hold) return fail(hold.error(), exit_code::failed);
    auto tls = tls_of(settings);
    if (!tls) return fail(tls.error(), exit_code::usage);
    auto keys = open_vault(settings, *from.entropy);
    if (!keys) return fail(keys.error(), exit_code::failed);
    auto db = open_databases(settings, *from.clock);
    if (!db) return fail(db.error(), exit_code::unreachable);
    warn_of_unknown_secret(*db->writer, **keys);
    auto owner = make_owner(*db->writer, *from.clock, *from.entropy);
    if (!owner) return fail(owner.error(), exit_code::unreachable);

    auto threads = settings.io_threads != 0
                       ? settings.io_threads
                       : std::max<std::size_t>(2, std::thread::hardware_concurrency());
    // Declared first, ended last: answers of actors are handlers of its coroutines.
    boost::asio::io_context io;
    auto watch = std::make_shared<run_watch>();
    net::http_client client;
    system_config config(io, *watch);
    caf::actor_system system(config);
    system.await_actors_before_shutdown(false);
    meters().sample_with([&system](metrics& into) {
        into.actors_running.set(static_cast<std::int64_t>(system.registry().running()));
    });
    std::atomic<bool> gave_up = false;
    tree_parts made_of;
    made_of.db = std::move(*db);
    made_of.from = from;
    made_of.services = model_services(settings, client, *from.clock);
    made_of.runs = watch;
    auto models = made_of.services.empty() ? std::string{"offline"} : std::string{};
    for (const auto& one : made_of.services) models += (models.empty() ? "" : ",") + one->name();
    made_of.gave_up = [&io, &gave_up](const std::string& why) {
        std::cerr << "perin: the server gives up: " + why + "\n";
        log(log_level::error, "server.gave_up", "the server gives up", {{"reason", why}});
        gave_up = true;
        io.stop();
    };
    auto tree = start_actors(system, settings, std::move(made_of));
    // Every actor stands in its slot before somebody can connect.
    io.poll();
    io.restart();
    auto token = persistence::new_token("pra_");
    auto sessions = std::make_shared<actors::session_parts>();
    sessions->conversations = tree.conversations;
    sessions->notifications = tree.notifications;
    sessions->workflows = tree.workflows;

    int code = static_cast<int>(exit_code::done);
    {
        shutdown ending(io, system, tree, settings.drain);
        net::front_parts parts;
        parts.conversations = tree.conversations;
        parts.memory = tree.memory;
        parts.accounts = tree.accounts;
        parts.notifications = tree.notifications;
        parts.workflows = tree.workflows;
        parts.reader = tree.second_reader;
        parts.calendars = tree.calendars;
        parts.delegations = tree.delegations;
        parts.bridges = tree.bridges;
        parts.open_session = [&system, sessions](std::shared_ptr<session_sink> sink) {
            return actors::spawn_session(system, sessions, std::move(sink));
        };
        parts.clock = from.clock;
        parts.entropy = from.entropy;
        parts.drain = [&ending] { ending.begin(); };
        parts.circuits = tree.circuits;
        parts.root = tree.root;
        parts.is_stuck = [stuck = tree.stuck] { return stuck->load(std::memory_order_relaxed); };
        auto front = std::make_shared<net::front>(io, front_settings_of(settings, tree, token),
                                                  std::move(parts), *tls);
        auto bound = front->listen(settings.listen.host, settings.listen.port,
                                   settings.admin_listen.host, settings.admin_listen.port);
        if (!bound) {
            code = fail(bound.error(), exit_code::failed);
        } else {
            ending.watch(*front);
            tree.address->put(front->settings().url);
            front->start();
            auto url = std::string(*tls ? "https://" : "http://") +
                       bracketed(settings.listen.host) + ":" + std::to_string(front->port());
            auto admin = "http://" + bracketed(settings.admin_listen.host) + ":" +
                         std::to_string(front->admin_port());
            run_file run{url,
                         admin,
                         getpid(),
                         token,
                         settings.node,
                         (*keys)->known(),
                         settings.secret.empty()};
            if (auto written = write_run_file(settings.data, run); !written)
                log(log_level::warning, "server.run_file", "run.json cannot be written",
                    {{"detail", written.error().detail}});
            if (*owner) announce_owner(**owner, front->settings().url);
            std::cout << "perin listening on " << url << " admin " << admin << " node "
                      << settings.node << std::endl;
            log(log_level::info, "server.started", "the server listens",
                {{"version", PERIN_VERSION},
                 {"node", settings.node},
                 {"url", url},
                 {"admin", admin},
                 {"model", models},
                 {"threads", threads}});
            run_threads(io, threads);
            remove_run_file(settings.data, getpid());
        }
    }
    meters().sample_with(nullptr);
    if (gave_up) code = static_cast<int>(exit_code::failed);
    log(log_level::info, "server.stopped", "the server ends", {{"code", code}});
    // What is left is memory, which the kernel takes back faster: CAF would wait here for the last
    // handle of every detached actor, wherever a message still holds one.
    std::fflush(nullptr);
    _exit(code);
}

}  // namespace perin::cli
