#pragma once

#include "net/front/asio.hpp"
#include "net/front/ask.hpp"
#include "net/front/limits.hpp"
#include "runtime/actors.hpp"
#include "runtime/clock.hpp"

#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
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
    std::chrono::seconds header_timeout{10};
    std::chrono::seconds body_timeout{30};
    std::chrono::seconds idle_timeout{75};
    std::chrono::seconds auth_timeout{10};
    std::chrono::seconds ping_every{30};
    /// How often deadlines are looked at.
    std::chrono::milliseconds sweep_every{500};
    /// After this the head of a chat's answer is sent, text or not.
    std::chrono::milliseconds chat_head_after{2'000};
    std::chrono::seconds sse_comment_every{15};
};

/// The actors and sources that the front speaks to; it knows their handles and messages alone.
struct front_parts {
    runtime::conversations_actor conversations;
    runtime::memory_actor memory;
    runtime::accounts_actor accounts;
    runtime::reader_actor reader;
    std::vector<runtime::bridge_actor> bridges;
    std::function<runtime::session_actor(std::shared_ptr<runtime::session_sink>)> open_session;
    std::shared_ptr<const runtime::wall_clock> clock;
    std::shared_ptr<runtime::entropy> entropy;
    /// Asked for by `POST /drain`.
    std::function<void()> drain;
};

/// One connection, for the front's sweep. Its deadline may be moved from its own strand while the
/// sweep reads it.
class swept {
  public:
    using clock = std::chrono::steady_clock;
    virtual ~swept() = default;
    /// On the sweep's thread: the deadline has passed. Goes to the strand.
    virtual void overdue() = 0;
    /// The server begins to shut down. Any thread.
    virtual void drain() = 0;
    /// The server goes now. Any thread.
    virtual void stop() = 0;
    /// A token or a user is no longer valid. Any thread. Empty: not that.
    virtual void revoke(const std::string& token_id, const std::string& user_id) = 0;

    void expire_after(std::chrono::milliseconds time) {
        deadline_.store((clock::now() + time).time_since_epoch().count(),
                        std::memory_order_relaxed);
    }
    void expire_never() { deadline_.store(never, std::memory_order_relaxed); }
    [[nodiscard]] bool expired(clock::time_point now) const {
        return now.time_since_epoch().count() >= deadline_.load(std::memory_order_relaxed);
    }

  private:
    static constexpr clock::rep never = std::numeric_limits<clock::rep>::max();
    std::atomic<clock::rep> deadline_{never};
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

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::uint16_t admin_port() const { return admin_port_; }
    [[nodiscard]] bool draining() const { return draining_.load(); }
    [[nodiscard]] std::size_t open_connections() const { return open_.load(); }

    // What connections use.
    [[nodiscard]] const front_settings& settings() const { return settings_; }
    [[nodiscard]] front_parts& parts() { return parts_; }
    [[nodiscard]] asker& ask() { return asker_; }
    [[nodiscard]] rate_limits& limits() { return limits_; }
    [[nodiscard]] timestamp now() const { return parts_.clock->now(); }
    [[nodiscard]] std::string new_id(const char* prefix) const {
        return make_id(prefix, now(), parts_.entropy->for_id());
    }
    [[nodiscard]] std::chrono::seconds uptime() const;
    /// Whether `origin` is our own (protocol, Who is calling).
    [[nodiscard]] bool own_origin(const std::string& origin) const;
    void enter(const std::shared_ptr<swept>& one);
    void leave(swept* one);
    void revoke(const std::string& token_id, const std::string& user_id);

  private:
    struct listener {
        tcp::acceptor acceptor;
        bool admin;
    };
    task<void> accept(listener& from);
    task<void> sweep();
    result<std::uint16_t> bind(listener& which, const std::string& host, std::uint16_t port);
    template <class Call>
    void each(Call call);

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
    std::mutex mutex_;
    std::unordered_map<swept*, std::weak_ptr<swept>> connections_;
};

}  // namespace perin::net
