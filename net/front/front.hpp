#pragma once

#include "net/front/asio.hpp"
#include "net/front/ask.hpp"
#include "net/front/deadlines.hpp"
#include "net/front/limits.hpp"
#include "net/front/wire.hpp"
#include "net/front/worker.hpp"
#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/supervisor.hpp"
#include "runtime/upstream/circuit_board.hpp"

#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace perin::net {

struct front_settings {
    /// Public base URL without a trailing slash; what `Origin` must be for a cookie. Empty: the
    /// address on which the front listens.
    std::string url;
    std::string node;
    std::string version;
    std::vector<std::string> cors_origins;
    std::size_t most_connections = 50'000;
    bool limits = true;
    /// Bearer of it may use the admin listener's private routes.
    std::string admin_token;
    /// No model service is configured.
    bool offline = false;
    /// Keys of the configured models' circuits.
    std::vector<std::string> model_circuits = {};
    /// Key of the circuit that is not closed while the database does not do its part.
    std::string database_circuit = "database";
    std::chrono::seconds header_timeout{10};
    std::chrono::seconds body_timeout{30};
    std::chrono::seconds idle_timeout{75};
    std::chrono::seconds auth_timeout{10};
    std::chrono::seconds ping_every{30};
    /// How often deadlines are looked at.
    std::chrono::milliseconds sweep_every{500};
    /// After this the head of a chat's answer is sent, text or not.
    std::chrono::milliseconds chat_head_after{2'000};
    std::chrono::milliseconds sse_comment_every{15'000};
};

/// The actors and sources that the front speaks to; it knows their handles and messages alone.
struct front_parts {
    runtime::actor_slot<runtime::conversations_actor> conversations;
    runtime::actor_slot<runtime::memory_actor> memory;
    runtime::actor_slot<runtime::accounts_actor> accounts;
    runtime::actor_slot<runtime::reader_actor> reader;
    runtime::actor_slot<runtime::calendars_actor> calendars = {};
    runtime::actor_slot<runtime::notifications_actor> notifications = {};
    runtime::actor_slot<runtime::workflows_actor> workflows = {};
    runtime::actor_slot<runtime::delegations_actor> delegations = {};
    std::vector<runtime::actor_slot<runtime::bridge_actor>> bridges;
    std::function<runtime::session_actor(std::shared_ptr<runtime::session_sink>)> open_session;
    std::shared_ptr<const runtime::wall_clock> clock;
    std::shared_ptr<runtime::entropy> entropy;
    /// The time of deadlines, injected so that tests decide it. Any thread.
    std::function<std::chrono::steady_clock::time_point()> time = &std::chrono::steady_clock::now;
    /// For tests: what befalls the sockets of a connection that is accepted. Null: nothing.
    std::function<std::shared_ptr<wire_faults>()> faults = nullptr;
    /// Asked for by `POST /drain`.
    std::function<void()> drain;
    std::shared_ptr<runtime::circuit_board> circuits = std::make_shared<runtime::circuit_board>();
    /// The tree that `GET /actors` shows.
    runtime::actor_slot<runtime::supervisor_actor> root = {};
    /// Whether an actor has been at one message for so long that nobody should send more. Any
    /// thread.
    std::function<bool()> is_stuck = [] { return false; };
};

/// The listeners and their connections.
class front {
  public:
    front(asio::io_context& io, front_settings settings, front_parts parts,
          std::shared_ptr<asio::ssl::context> tls);
    ~front();

    /// Binds both listeners; port 0 takes any. Fails with `unavailable` where a port is taken.
    result<void> listen(const std::string& host, std::uint16_t port, const std::string& admin_host,
                        std::uint16_t admin_port);
    /// Begins to accept.
    void start();
    /// Accepts no more and tells every client; the conversations that run go on.
    void drain();
    /// Closes every connection.
    void close();
    /// Ends what is overdue; the front calls it by itself every `sweep_every`. Any thread.
    void look_at_deadlines();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::uint16_t admin_port() const { return admin_port_; }
    [[nodiscard]] bool draining() const { return draining_.load(); }
    [[nodiscard]] std::size_t open_connections() const { return open_.load(); }

    // What connections use.
    [[nodiscard]] const front_settings& settings() const { return settings_; }
    [[nodiscard]] front_parts& parts() { return parts_; }
    [[nodiscard]] asker& ask() { return asker_; }
    [[nodiscard]] rate_limits& limits() { return limits_; }
    [[nodiscard]] worker& work() { return worker_; }
    [[nodiscard]] timestamp now() const { return parts_.clock->now(); }
    [[nodiscard]] std::string new_id(const char* prefix) const {
        return make_id(prefix, now(), parts_.entropy->for_id());
    }
    [[nodiscard]] std::chrono::seconds uptime() const;
    /// Whether `origin` is our own (protocol, Who is calling).
    [[nodiscard]] bool own_origin(const std::string& origin) const;
    void enter(const std::shared_ptr<swept>& one);
    void leave(swept* one);
    void revoke(const revocation& what);

  private:
    struct listener {
        tcp::acceptor acceptor;
        bool admin;
    };
    task<void> accept(listener& from);
    task<void> sweep();
    result<std::uint16_t> bind(listener& which, const std::string& host, std::uint16_t port);

    asio::io_context& io_;
    front_settings settings_;
    front_parts parts_;
    std::shared_ptr<asio::ssl::context> tls_;
    asker asker_;
    rate_limits limits_;
    listener public_;
    listener admin_;
    timer sweep_timer_;
    std::uint16_t port_ = 0;
    std::uint16_t admin_port_ = 0;
    std::atomic<bool> draining_ = false;
    std::atomic<std::size_t> open_ = 0;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    deadline_queue connections_;
    /// Last: what it does may use all else.
    worker worker_;
};

}  // namespace perin::net
