#pragma once

#include "runtime/scheduling/lazy_clock.hpp"
#include "runtime/scheduling/run_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace perin::runtime {

/// Runs actors on the threads of an `io_context`, beside its sockets: what goes from a socket to an
/// actor and back stays on one thread where the others sleep, and wakes nobody.
///
/// A part of a `caf::actor_system`, made by `use_pool`. Actors run while somebody is within
/// `io_context::run`; messages to them wait until then. Handlers of actors must not block. At most
/// `scheduler.max-throughput` messages of one actor are handled before others have their turn.
/// Detached actors keep their own threads.
class pool_scheduler final : public caf::scheduler::abstract_coordinator {
  public:
    /// `io` and `watch` outlive the system.
    pool_scheduler(caf::actor_system& system, boost::asio::io_context& io, run_watch& watch);

    /// Any thread.
    void enqueue(caf::resumable* job) override;
    caf::actor_clock& clock() noexcept override { return clock_; }

  protected:
    void start() override;
    /// Runs what is left: nobody else runs `io` any more.
    void stop() override;

  private:
    class unit;
    struct turn;
    void run(caf::resumable* job);

    boost::asio::io_context& io_;
    run_watch& watch_;
    lazy_clock clock_;
};

/// Makes the system of `config` run its actors on `io`, seen by `watch`. Before the system is made.
void use_pool(caf::actor_system_config& config, boost::asio::io_context& io, run_watch& watch);

}  // namespace perin::runtime
