#pragma once

#include "cli/actor_tree.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <chrono>
#include <cstddef>
#include <thread>

namespace perin::net {
class front;
}

namespace perin::cli {

/// The end of a server, in order: at a signal or `POST /drain` no more is accepted, clients are
/// told, running turns may end within `patience`, sockets are closed, the actors end, the store
/// last, and `io` is stopped. A second signal ends the process at once.
class shutdown {
  public:
    shutdown(boost::asio::io_context& io, caf::actor_system& system, actor_tree& tree,
             std::chrono::milliseconds patience);
    /// Waits for the end of the actors.
    ~shutdown();
    shutdown(const shutdown&) = delete;
    shutdown& operator=(const shutdown&) = delete;

    /// Listens for signals from now on. `front` outlives this.
    void watch(net::front& front);
    /// Begins. Any thread; once.
    void begin();

  private:
    void wait_for_signal();
    void look();
    void heard(std::size_t running);
    void finish();
    void leave();

    boost::asio::io_context& io_;
    boost::asio::strand<boost::asio::io_context::executor_type> strand_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer timer_;
    caf::actor_system& system_;
    actor_tree& tree_;
    std::chrono::milliseconds patience_;
    net::front* front_ = nullptr;
    bool draining_ = false;
    std::chrono::steady_clock::time_point until_;
    std::chrono::steady_clock::time_point last_;
    /// Waits for the actors: the threads of `io` run them.
    std::thread ender_;
};

}  // namespace perin::cli
