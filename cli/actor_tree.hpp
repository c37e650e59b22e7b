#pragma once

#include "actors/delegation/mailer.hpp"
#include "actors/delegation/public_address.hpp"
#include "actors/tools/registry.hpp"
#include "actors/workflow/step_kind.hpp"
#include "persistence/database.hpp"
#include "runtime/actors.hpp"
#include "runtime/chat_model.hpp"
#include "runtime/clock.hpp"
#include "runtime/configuration.hpp"
#include "runtime/scheduling/run_watch.hpp"
#include "runtime/supervision/supervisor.hpp"
#include "runtime/upstream/upstream.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace perin::net {
class http_client;
}

namespace perin::cli {

/// Time and chance of the program.
struct sources {
    std::shared_ptr<runtime::wall_clock> clock = std::make_shared<runtime::system_clock>();
    std::shared_ptr<runtime::entropy> entropy = std::make_shared<runtime::system_entropy>();
};

/// The database's connections: the first writes, the others read.
struct databases {
    std::unique_ptr<persistence::database> writer;
    std::vector<std::unique_ptr<persistence::database>> readers;
};

/// Opens the embedded database, and brings its tables up to date.
[[nodiscard]] result<databases> open_databases(const runtime::configuration& settings,
                                               const runtime::wall_clock& clock);

/// Where the actors of a running server stand:
///
///     root  one_for_one
///     ├─ store, reader, second reader
///     ├─ passwords, accounts, memory
///     ├─ upstreams  one_for_one
///     │   └─ model:<name>  one for each configured model
///     ├─ calendars
///     │   └─ calendar  one for each owner who is asked about
///     ├─ notifications
///     ├─ conversations
///     │   └─ conversation  started by a message or after a crash, ended when it rests
///     │       └─ turn, tools
///     ├─ workflows
///     │   └─ workflow  one for each that has something to do
///     │       └─ step
///     ├─ delegations
///     ├─ bridges
///     ├─ housekeeping  removes what has been over for long enough
///     └─ watchdog
///
/// A session is its connection's: it ends with that, and that with it.
struct actor_tree {
    runtime::actor_slot<runtime::supervisor_actor> root;
    runtime::actor_slot<runtime::store_actor> store;
    runtime::actor_slot<runtime::reader_actor> reader;
    /// Lists and catch-ups do not stand in the way of turns.
    runtime::actor_slot<runtime::reader_actor> second_reader;
    runtime::actor_slot<runtime::password_actor> passwords;
    runtime::actor_slot<runtime::accounts_actor> accounts;
    runtime::actor_slot<runtime::memory_actor> memory;
    runtime::actor_slot<runtime::calendars_actor> calendars;
    runtime::actor_slot<runtime::notifications_actor> notifications;
    runtime::actor_slot<runtime::conversations_actor> conversations;
    runtime::actor_slot<runtime::workflows_actor> workflows;
    runtime::actor_slot<runtime::delegations_actor> delegations;
    /// Set once the server listens.
    std::shared_ptr<actors::public_address> address = std::make_shared<actors::public_address>();
    /// Empty where no mail is sent.
    runtime::actor_slot<actors::mailer_actor> mailer;
    /// What ids of mails end with; empty where none is sent.
    std::string mail_host;
    std::vector<runtime::actor_slot<runtime::bridge_actor>> bridges;
    std::shared_ptr<runtime::circuit_board> circuits;
    /// Keys of the configured models' circuits.
    std::vector<std::string> model_circuits;
    /// Supervises what the database failed to do.
    runtime::actor_slot<runtime::upstream_actor> database;
    /// Set by the watchdog while nobody should send more.
    std::shared_ptr<std::atomic<bool>> stuck = std::make_shared<std::atomic<bool>>(false);
};

/// What the actors are made of.
struct tree_parts {
    databases db;
    sources from;
    /// The model services in the order in which they are asked; empty: the offline assistant
    /// answers.
    std::vector<std::shared_ptr<runtime::chat_model>> services;
    /// What the watchdog looks at.
    std::shared_ptr<const runtime::run_watch> runs = std::make_shared<runtime::run_watch>();
    /// Called once if parts of the server die so often that there is no use in going on.
    std::function<void(const std::string& why)> gave_up;
    /// Whether those that block on the disk have threads of their own, as all but a test wants.
    bool detached = true;
};

/// The configured model services; none where the offline assistant answers. `client` and `clock`
/// outlive them.
[[nodiscard]] std::vector<std::shared_ptr<runtime::chat_model>> model_services(
    const runtime::configuration& settings, net::http_client& client,
    const runtime::wall_clock& clock);

/// The tools of an owner's turns, with the approvals that are configured. `invalid_request` where a
/// rule names no tool.
[[nodiscard]] result<std::vector<actors::tool>> offered_tools(
    const runtime::configuration& settings, const actor_tree& tree, const sources& from);

/// The workflows that this program carries out.
[[nodiscard]] std::shared_ptr<const actors::workflow_book> known_workflows(const actor_tree& tree,
                                                                           const sources& from);

/// Starts all of them.
[[nodiscard]] actor_tree start_actors(caf::actor_system& system,
                                      const runtime::configuration& settings, tree_parts parts);

/// Ends them in order, the store last; returns once the tree has ended, or after a while. Not from
/// a thread that runs actors.
void stop_actors(caf::actor_system& system, actor_tree& tree);

}  // namespace perin::cli
