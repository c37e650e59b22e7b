#include "runtime/scheduling/pool_scheduler.hpp"

#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

#include <boost/asio/defer.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/execution_unit.hpp>
#include <caf/local_actor.hpp>
#include <caf/resumable.hpp>

#include <utility>

namespace perin::runtime {

namespace {

constexpr std::chrono::milliseconds slow_turn{100};

void tell_slow(const char* kind, run_watch::clock::duration took) {
    meters().actors[kind].slow_handlers.add();
    static occasional lines;
    if (auto pass = lines.take(); pass.now)
        log(log_level::warning, "actor.slow", "an actor kept a thread for long",
            {{"actor", kind}, {"durationMs", took}, {"times", pass.times}});
}

}  // namespace

/// What an actor sees of the thread that it runs on.
class pool_scheduler::unit final : public caf::execution_unit {
  public:
    explicit unit(pool_scheduler& of) : caf::execution_unit(&of.system()), of_(of) {}
    void exec_later(caf::resumable* job) override { of_.enqueue(job); }

  private:
    pool_scheduler& of_;
};

/// An actor's turn on a thread, as a handler; holds the reference that comes with the job.
struct pool_scheduler::turn {
    pool_scheduler* on;
    caf::intrusive_ptr<caf::resumable> job;

    void operator()() { on->run(job.detach()); }
};

pool_scheduler::pool_scheduler(caf::actor_system& system, boost::asio::io_context& io,
                               run_watch& watch)
    : abstract_coordinator(system), io_(io), watch_(watch) {}

void pool_scheduler::enqueue(caf::resumable* job) {
    // From a thread of the pool: behind what it does now, without waking another for it.
    boost::asio::defer(io_, turn{this, {job, false}});
}

void pool_scheduler::run(caf::resumable* job) {
    unit here(*this);
    auto& place = watch_.here();
    auto begun = run_watch::clock::now();
    const auto* actor = dynamic_cast<caf::local_actor*>(job);
    const char* kind = actor ? actor->name() : "";
    place.begin(kind, begun);
    auto came_to = job->resume(&here, max_throughput());
    place.end();
    // Of all messages that were handled in this turn: one alone may have been quick.
    if (auto took = run_watch::clock::now() - begun; took >= slow_turn) tell_slow(kind, took);
    switch (came_to) {
        case caf::resumable::resume_later:
            boost::asio::post(io_, turn{this, {job, false}});
            return;
        case caf::resumable::done:
        case caf::resumable::awaiting_message:
        case caf::resumable::shutdown_execution_unit:
            intrusive_ptr_release(job);
            return;
    }
}

void pool_scheduler::start() {
    clock_.start("perin-clock");
    abstract_coordinator::start();
}

void pool_scheduler::stop() {
    stop_actors();
    // The system's own actors end now, and must run for it.
    io_.restart();
    io_.poll();
    clock_.stop();
}

void use_pool(caf::actor_system_config& config, boost::asio::io_context& io, run_watch& watch) {
    config.module_factories.emplace_back(
        [&io, &watch](caf::actor_system& system) -> caf::actor_system::module* {
            return new pool_scheduler(system, io, watch);
        });
}

}  // namespace perin::runtime
