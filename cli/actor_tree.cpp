#include "cli/actor_tree.hpp"

#include "actors/accounts/accounts.hpp"
#include "actors/bridge/bridge.hpp"
#include "actors/calendar/calendars.hpp"
#include "actors/conversation/conversations.hpp"
#include "actors/delegation/delegation_flow.hpp"
#include "actors/delegation/delegations.hpp"
#include "actors/delegation/smtp_mailer.hpp"
#include "actors/memory/memory.hpp"
#include "actors/model/supervised_model.hpp"
#include "actors/notifications/notifications.hpp"
#include "actors/offline/offline_model.hpp"
#include "actors/store/database_work.hpp"
#include "actors/store/housekeeping.hpp"
#include "actors/store/reader_pool.hpp"
#include "actors/store/store.hpp"
#include "actors/workflow/workflows.hpp"
#include "cli/database_location.hpp"
#include "domain/mail_address.hpp"
#include "net/openai/openai_model.hpp"
#include "persistence/deferred_database.hpp"
#include "persistence/migrations.hpp"
#include "persistence/open_database.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"
#include "runtime/observed_model.hpp"
#include "runtime/upstream/upstream_meters.hpp"
#include "runtime/watchdog.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

namespace perin::cli {

using namespace runtime;

namespace {

constexpr std::size_t reader_count = 2;
constexpr std::size_t bridge_count = 4;

/// A connection for an actor that is started: the one that was opened before the actors, then fresh
/// ones, which are made by their first use.
class connections {
  public:
    connections(std::unique_ptr<persistence::database> first, persistence::database_location at,
                persistence::access_mode mode)
        : first_(std::move(first)), at_(std::move(at)), mode_(mode) {}

    std::unique_ptr<persistence::database> next() {
        if (first_) return std::move(first_);
        return persistence::open_later(at_, mode_);
    }

  private:
    std::unique_ptr<persistence::database> first_;
    persistence::database_location at_;
    persistence::access_mode mode_;
};

/// Restarts, one a line.
void tell(const supervision_event& what) {
    using kind = supervision_event::kind;
    switch (what.what) {
        case kind::died:
            return log(
                log_level::error, "actor.died", "a part of the server ended with an error",
                {{"actor", what.child}, {"supervisor", what.supervisor}, {"reason", what.reason}});
        case kind::started_again:
            meters().actors[what.child].restarts.add();
            return log(log_level::warning, "actor.restarted", "it was started again",
                       {{"actor", what.child}, {"supervisor", what.supervisor}});
        case kind::abandoned:
            return log(log_level::error, "actor.abandoned", "it does not end, and is left behind",
                       {{"actor", what.child}, {"supervisor", what.supervisor}});
        case kind::given_up:
            return log(log_level::error, "actor.given_up",
                       "it ended too often and is not started again",
                       {{"actor", what.child}, {"supervisor", what.supervisor}});
        case kind::failed_upward:
            return log(
                log_level::error, "supervisor.failed",
                "its children ended too often: it fails itself",
                {{"supervisor", what.supervisor}, {"actor", what.child}, {"reason", what.reason}});
    }
}

/// The models, each behind the supervisor of its calls, and that of the database.
struct upstreams {
    std::vector<std::shared_ptr<chat_model>> models;
    supervisor_plan supervisor;
};

upstreams supervise(const configuration& settings, const tree_parts& parts, actor_tree& tree) {
    upstreams out;
    out.supervisor.name = "upstreams";
    out.supervisor.chance = parts.from.entropy;
    out.supervisor.observer = tell;
    auto add = [&](std::shared_ptr<upstream_parts> made, const actor_slot<upstream_actor>& slot) {
        made->chance = parts.from.entropy;
        made->clock = parts.from.clock;
        made->circuits = tree.circuits;
        made->observer = metered(meters());
        out.supervisor.children.push_back(supervised(
            made->key, {},
            [made](caf::local_actor& self) { return spawn_upstream(self.system(), made); }, slot));
    };
    auto database = std::make_shared<upstream_parts>();
    database->key = actors::database_upstream;
    database->settings = actors::database_supervision();
    add(std::move(database), tree.database);
    if (parts.services.empty())
        out.models = {observed(std::make_shared<actors::offline_model>(), "perin", meters())};
    for (const auto& service : parts.services) {
        auto made = std::make_shared<upstream_parts>();
        made->key = "model:" + service->name();
        made->settings.retry.base = settings.retry_base;
        actor_slot<upstream_actor> slot;
        add(made, slot);
        actors::model_terms terms{settings.patience, settings.turn};
        out.models.push_back(std::make_shared<actors::supervised_model>(service, slot, terms));
        tree.model_circuits.push_back(made->key);
    }
    return out;
}

std::shared_ptr<const actors::conversation_parts> conversation_parts_of(
    const configuration& settings, const sources& from, const actor_tree& tree,
    std::vector<std::shared_ptr<chat_model>> in_order, bool offline) {
    auto turns = std::make_shared<actors::turn_parts>();
    turns->model = in_order.front();
    turns->other_models.assign(in_order.begin() + 1, in_order.end());
    turns->offline = offline;
    if (!offline) {
        turns->assistant = observed(std::make_shared<actors::offline_model>(), "perin", meters());
        turns->answers = std::make_shared<actors::answer_cache>();
    }
    // Its rules were looked at before anything was started.
    auto tools = offered_tools(settings, tree, from);
    turns->tools = std::make_shared<actors::tool_registry>(tools ? std::move(*tools)
                                                                 : std::vector<actors::tool>{});
    turns->guest_tools =
        std::make_shared<actors::tool_registry>(actors::guest_tools(tree.delegations, from.clock));
    turns->delegations = tree.delegations;
    turns->notifications = tree.notifications;
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
    return parts;
}

/// How long what is over is kept.
actors::housekeeping_parts housekeeping_parts_of(const configuration& settings, const sources& from,
                                                 const actor_tree& tree) {
    const auto term = [](std::chrono::milliseconds kept) {
        return kept.count() == 0 ? std::nullopt : std::optional{kept};
    };
    actors::housekeeping_parts out;
    out.store = tree.store;
    out.reader = tree.second_reader;
    out.conversations = tree.conversations;
    out.clock = from.clock;
    out.settings.keep.conversations = term(settings.keep_conversations);
    out.settings.keep.workflows = term(settings.keep_workflows);
    out.settings.keep.bookings = term(settings.keep_bookings);
    out.settings.keep.notifications = term(settings.keep_notifications);
    out.settings.every = settings.prune_every;
    out.settings.first_after = std::min(out.settings.first_after, settings.prune_every);
    return out;
}

/// A child that reads from the database.
child_spec reader_spec(std::string name, std::unique_ptr<persistence::database> first,
                       const persistence::database_location& at,
                       const actor_slot<reader_actor>& slot, const actor_tree& tree, bool detached,
                       actors::failed_reads failed) {
    auto opened =
        std::make_shared<connections>(std::move(first), at, persistence::access_mode::read_only);
    return supervised(
        std::move(name), {},
        [opened, detached, supervisor = tree.database,
         failed = std::move(failed)](caf::local_actor& self) {
            return actors::spawn_reader(self.system(), opened->next(), detached, supervisor,
                                        failed);
        },
        slot);
}

/// A server's connections are many, and come and go; the embedded database has two readers, so that
/// a long list does not hold up a conversation.
void add_readers(supervisor_plan& root, const configuration& settings, tree_parts& parts,
                 actor_tree& tree) {
    const auto at = location_of(settings);
    if (at.embedded()) {
        auto failed = std::make_shared<std::atomic<bool>>(false);
        root.children.push_back(reader_spec("reader", std::move(parts.db.readers.at(0)), at,
                                            tree.reader, tree, parts.detached, failed));
        root.children.push_back(reader_spec("second reader", std::move(parts.db.readers.at(1)), at,
                                            tree.second_reader, tree, parts.detached, failed));
        return;
    }
    actors::reader_pool_parts pool;
    pool.open = [at] { return persistence::open_later(at, persistence::access_mode::read_only); };
    pool.supervisor = tree.database;
    pool.detached = parts.detached;
    tree.second_reader = tree.reader;
    root.children.push_back(supervised(
        "readers", {},
        [pool](caf::local_actor& self) { return actors::spawn_reader_pool(self.system(), pool); },
        tree.reader));
}

}  // namespace

result<databases> open_databases(const configuration& settings, const wall_clock& clock) {
    const auto at = location_of(settings);
    databases out;
    auto writer = persistence::open_database(at);
    if (!writer) return writer.error();
    out.writer = std::move(*writer);
    if (auto done = persistence::migrate(*out.writer, clock.now()); !done) return done.error();
    for (std::size_t i = 0; at.embedded() && i < reader_count; ++i) {
        auto reader = persistence::open_database(at, persistence::access_mode::read_only);
        if (!reader) return reader.error();
        out.readers.push_back(std::move(*reader));
    }
    return out;
}

std::vector<std::shared_ptr<chat_model>> model_services(const configuration& settings,
                                                        net::http_client& client,
                                                        const wall_clock& clock) {
    std::vector<std::shared_ptr<chat_model>> out;
    if (settings.offline) return out;
    auto names = settings.models.empty() ? std::vector{settings.model} : settings.models;
    for (const auto& name : names) {
        net::openai_options options;
        options.base_url = settings.openai_base_url;
        options.api_key = settings.openai_api_key;
        options.model = name;
        options.connect_timeout = settings.model_connect;
        options.first_token_timeout = settings.model_first;
        options.idle_timeout = settings.model_idle;
        options.call_timeout = settings.model_call;
        out.push_back(observed(std::make_shared<net::openai_model>(client, clock, options),
                               "openai", meters()));
    }
    return out;
}

result<std::vector<actors::tool>> offered_tools(const configuration& settings,
                                                const actor_tree& tree, const sources& from) {
    auto tools = actors::memory_tools(tree.memory);
    auto add = [&tools](std::vector<actors::tool> more) {
        for (auto& one : more) tools.push_back(std::move(one));
    };
    add(actors::calendar_tools(tree.calendars, tree.memory, from.clock));
    add(actors::notification_tools(tree.notifications));
    add(actors::delegation_tools(tree.delegations, from.clock, tree.address));
    if (auto set = actors::require_approvals(tools, settings.tool_approval); !set)
        return set.error();
    return tools;
}

std::shared_ptr<const actors::workflow_book> known_workflows(const actor_tree& tree,
                                                             const sources& from) {
    actors::delegation_flow_parts links{tree.second_reader, tree.calendars, tree.notifications,
                                        tree.mailer, from.clock};
    if (!tree.mail_host.empty()) links.mail_host = tree.mail_host;
    return std::make_shared<const actors::workflow_book>(
        actors::delegation_workflows(std::move(links)));
}

actor_tree start_actors(caf::actor_system& system, const configuration& settings,
                        tree_parts parts) {
    actor_tree tree;
    const auto& from = parts.from;
    const auto detached = parts.detached;
    tree.circuits = std::make_shared<circuit_board>();
    tree.bridges.resize(bridge_count);
    auto upstreams = supervise(settings, parts, tree);

    supervisor_plan root;
    root.name = "root";
    root.chance = from.entropy;
    root.observer = tell;
    root.gave_up = std::move(parts.gave_up);
    auto add = [&root](child_spec spec) { root.children.push_back(std::move(spec)); };

    add(supervised_branch(std::move(upstreams.supervisor)));
    auto writers = std::make_shared<connections>(std::move(parts.db.writer), location_of(settings),
                                                 persistence::access_mode::read_write);
    add(supervised(
        "store", {},
        [writers, detached, supervisor = tree.database](caf::local_actor& self) {
            return actors::spawn_store(self.system(), writers->next(), {}, detached, supervisor);
        },
        tree.store));
    add_readers(root, settings, parts, tree);
    add(supervised(
        "passwords", {},
        [detached](caf::local_actor& self) {
            return actors::spawn_passwords(self.system(), detached);
        },
        tree.passwords));
    actors::memory_parts memory{tree.store, tree.reader, from.clock};
    add(supervised(
        "memory", {},
        [memory](caf::local_actor& self) { return actors::spawn_memories(self.system(), memory); },
        tree.memory));
    actors::accounts_parts accounts{tree.store, tree.second_reader, tree.passwords, from.clock,
                                    from.entropy};
    accounts.conversations = tree.conversations;
    accounts.memory = tree.memory;
    accounts.calendars = tree.calendars;
    add(supervised(
        "accounts", {},
        [accounts](caf::local_actor& self) {
            return actors::spawn_accounts(self.system(), accounts);
        },
        tree.accounts));
    actors::calendars_parts calendars{tree.store, tree.reader, from.clock, from.entropy};
    calendars.shared = !location_of(settings).embedded();
    add(supervised(
        "calendars", {},
        [calendars](caf::local_actor& self) {
            return actors::spawn_calendars(self.system(), calendars);
        },
        tree.calendars));
    actors::notifications_parts notifications{tree.store, tree.reader, tree.conversations,
                                              from.clock, from.entropy};
    notifications.shared = !location_of(settings).embedded();
    notifications.workflows = tree.workflows;
    add(supervised(
        "notifications", {},
        [notifications](caf::local_actor& self) {
            return actors::spawn_notifications(self.system(), notifications);
        },
        tree.notifications));
    const auto offline = parts.services.empty();
    auto shared = conversation_parts_of(settings, from, tree, std::move(upstreams.models), offline);
    actors::conversations_settings bounds;
    bounds.passivate_after = settings.passivate;
    bounds.most_resident = settings.max_resident;
    add(supervised(
        "conversations", {},
        [shared, bounds](caf::local_actor& self) {
            return actors::spawn_conversations(self.system(), shared, bounds);
        },
        tree.conversations));
    root.children.back().supervises = true;
    if (!settings.smtp_url.empty()) {
        const auto sender = mail_address(settings.mail_from);
        tree.mail_host = sender.substr(sender.find('@') + 1);
        actors::smtp_mailer_parts mail{{settings.smtp_url, sender}, settings.mail_from, from.clock};
        add(supervised(
            "mailer", {},
            [mail, detached](caf::local_actor& self) {
                return actors::spawn_smtp_mailer(self.system(), mail, detached);
            },
            tree.mailer));
    }
    actors::workflows_parts workflows{tree.store,         tree.reader,
                                      tree.conversations, known_workflows(tree, from),
                                      from.clock,         from.entropy};
    add(supervised(
        "workflows", {},
        [workflows](caf::local_actor& self) {
            return actors::spawn_workflows(self.system(), workflows);
        },
        tree.workflows));
    root.children.back().supervises = true;
    actors::delegations_parts links{tree.store,     tree.second_reader, tree.calendars,
                                    tree.workflows, from.clock,         from.entropy};
    add(supervised(
        "delegations", {},
        [links](caf::local_actor& self) { return actors::spawn_delegations(self.system(), links); },
        tree.delegations));
    auto keeper = housekeeping_parts_of(settings, from, tree);
    add(supervised(
        "housekeeping", {},
        [keeper](caf::local_actor& self) {
            return actors::spawn_housekeeping(self.system(), keeper);
        },
        actor_slot<housekeeping_actor>{}));
    for (auto& bridge : tree.bridges)
        add(supervised(
            "bridge", {},
            [](caf::local_actor& self) { return actors::spawn_bridge(self.system()); }, bridge));
    watchdog_parts guard;
    guard.root = tree.root;
    guard.runs = std::move(parts.runs);
    guard.stuck = tree.stuck;
    add(supervised(
        "watchdog", {},
        [guard, detached](caf::local_actor& self) {
            return spawn_watchdog(self.system(), guard, detached);
        },
        actor_slot<watchdog_actor>{}));
    tree.root.put(spawn_supervisor(system, std::move(root)));
    return tree;
}

void stop_actors(caf::actor_system& system, actor_tree& tree) {
    caf::scoped_actor self(system);
    auto root = tree.root.load();
    self->monitor(root);
    self->send_exit(root, caf::exit_reason::user_shutdown);
    self->receive([](const caf::down_msg&) {},
                  caf::after(std::chrono::seconds{5}) >>
                      [] { log(log_level::warning, "server.actors", "the actors do not end"); });
    for (auto& bridge : tree.bridges) bridge.clear();
    tree.delegations.clear();
    tree.mailer.clear();
    tree.workflows.clear();
    tree.conversations.clear();
    tree.calendars.clear();
    tree.notifications.clear();
    tree.memory.clear();
    tree.accounts.clear();
    tree.passwords.clear();
    tree.second_reader.clear();
    tree.reader.clear();
    tree.store.clear();
    tree.root.clear();
}

}  // namespace perin::cli
