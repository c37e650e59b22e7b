#pragma once

#include "net/front/front.hpp"
#include "tests/net/raw_peer.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace perin::net {

/// Time that stands until a test moves it. Thread-safe.
class standing_clock final : public runtime::wall_clock {
  public:
    using time_point = std::chrono::steady_clock::time_point;
    [[nodiscard]] time_point steady() const {
        return time_point{} + std::chrono::milliseconds{at_};
    }
    [[nodiscard]] timestamp now() const override {
        return timestamp{std::chrono::milliseconds{1'800'000'000'000 + at_}};
    }
    void advance(std::chrono::milliseconds by) { at_ += by.count(); }

  private:
    std::atomic<std::int64_t> at_ = 1'000'000;
};

/// Counts the operations that connections begin: the n-th read begun tells that the n-1 before it
/// have ended.
class counted_wire final : public wire_faults {
  public:
    verdict next(operation what) override {
        (what == operation::read ? reads : writes).fetch_add(1);
        return {};
    }
    std::atomic<std::size_t> reads = 0;
    std::atomic<std::size_t> writes = 0;
};

/// What the fake sessions of a front were told, and where they tell. Thread-safe.
struct told_sessions {
    /// What is asked is accepted at once; otherwise never.
    std::atomic<bool> accepts = true;
    /// A turn ends at once; otherwise the test tells of it by `newest`.
    std::atomic<bool> answers = true;
    std::atomic<std::size_t> opened = 0;
    std::atomic<std::size_t> stopped = 0;
    std::atomic<std::size_t> killed = 0;
    std::atomic<std::size_t> sent = 0;
    std::atomic<std::size_t> rooms = 0;
    /// Sessions that asked for notifications, as their own user.
    std::atomic<std::size_t> listens = 0;

    void add(runtime::session_actor session, std::shared_ptr<runtime::session_sink> sink) {
        std::lock_guard lock(mutex_);
        sessions_.push_back({std::move(session), std::move(sink)});
    }
    /// Where the newest session tells.
    [[nodiscard]] std::shared_ptr<runtime::session_sink> newest() const {
        std::lock_guard lock(mutex_);
        return sessions_.at(sessions_.size() - 1).sink;
    }
    /// The newest session's actor dies, and nobody holds its sink any more.
    void kill_newest();
    void clear() {
        std::lock_guard lock(mutex_);
        sessions_.clear();
    }

  private:
    mutable std::mutex mutex_;
    struct one {
        runtime::session_actor session;
        std::shared_ptr<runtime::session_sink> sink;
    };
    std::vector<one> sessions_;
};

/// An event of the turn `trn_1` in `cnv_fake0001`.
[[nodiscard]] shared_event event_of(std::uint64_t seq, event_body body);

inline constexpr auto good_token = "prn_good";

/// A front on loopback whose actors are fakes and whose time stands still: real sockets, nothing
/// behind them. The bearer of `good_token` is known until it logs out.
class front_world {
  public:
    explicit front_world(front_settings settings = unlimited(),
                         std::shared_ptr<asio::ssl::context> tls = nullptr);
    ~front_world();
    /// Limits of requests in a minute are off, all else is as a server has it.
    [[nodiscard]] static front_settings unlimited();
    front_world(const front_world&) = delete;
    front_world& operator=(const front_world&) = delete;

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    [[nodiscard]] std::uint16_t admin_port() const { return server_->admin_port(); }
    [[nodiscard]] front& server() { return *server_; }
    [[nodiscard]] told_sessions& sessions() { return *sessions_; }

    /// The next connection that is accepted bears these.
    void befall(std::shared_ptr<wire_faults> faults);
    /// All that is posted to the front's thread by now, and what follows from it there, is done.
    void settle();
    /// Time passes; who is overdue by then is told so.
    void advance(std::chrono::milliseconds by);
    /// Whether `holds` comes to hold within ten seconds of real time.
    [[nodiscard]] bool reaches(const std::function<bool()>& holds);
    /// Every connection has ended, and every session was told or had died.
    [[nodiscard]] bool rests();

    /// A request that a browser or a program would send; `more`: header lines, each with CR LF.
    [[nodiscard]] static std::string request(const std::string& method, const std::string& target,
                                             const std::string& more = {},
                                             const std::string& body = {});
    /// The header line of `good_token`.
    [[nodiscard]] static std::string bearer();
    /// A request for a turn.
    [[nodiscard]] static std::string chat(const std::string& more = {});
    /// A request to become a WebSocket.
    [[nodiscard]] static std::string upgrade(const std::string& more = {});

  private:
    struct config : caf::actor_system_config {
        config();
    };

    std::shared_ptr<standing_clock> clock_ = std::make_shared<standing_clock>();
    std::shared_ptr<told_sessions> sessions_ = std::make_shared<told_sessions>();
    std::mutex mutex_;
    std::shared_ptr<wire_faults> faults_;
    asio::io_context io_{1};
    config config_;
    caf::actor_system system_{config_};
    std::unique_ptr<front> server_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    std::thread thread_;
};

}  // namespace perin::net
