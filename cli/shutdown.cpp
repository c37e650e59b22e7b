#include "cli/shutdown.hpp"

#include "net/front/front.hpp"
#include "runtime/log.hpp"

#include <boost/asio/post.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <unistd.h>
#include <utility>

namespace perin::cli {

using namespace runtime;

shutdown::shutdown(boost::asio::io_context& io, caf::actor_system& system, actor_tree& tree,
                   std::chrono::milliseconds patience)
    : io_(io),
      strand_(boost::asio::make_strand(io)),
      signals_(strand_, SIGTERM, SIGINT),
      timer_(strand_),
      system_(system),
      tree_(tree),
      patience_(patience) {}

shutdown::~shutdown() {
    if (ender_.joinable()) ender_.join();
}

void shutdown::watch(net::front& front) {
    front_ = &front;
    wait_for_signal();
}

void shutdown::begin() {
    boost::asio::post(strand_, [this] {
        if (std::exchange(draining_, true)) return;
        log(log_level::info, "server.drain", "no more is accepted; running turns may end");
        front_->drain();
        if (auto conversations = tree_.conversations.load()) caf::anon_send(conversations, drain{});
        until_ = std::chrono::steady_clock::now() + patience_;
        look();
    });
}

void shutdown::wait_for_signal() {
    signals_.async_wait([this](boost::system::error_code ec, int) {
        if (ec) return;
        if (draining_) _exit(1);
        begin();
        wait_for_signal();
    });
}

/// Asks whether turns run, until none does or patience ends.
void shutdown::look() {
    timer_.expires_after(std::chrono::milliseconds{50});
    timer_.async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        auto bridge = tree_.bridges.front().load();
        auto conversations = tree_.conversations.load();
        if (!bridge || !conversations) return heard(0);
        // Asked from an actor, for a thread that waited here would be one of those that answer.
        caf::anon_send(bridge, bridge_task{[this, conversations](bridge_actor::pointer self) {
                           auto told = [this](std::size_t running) {
                               boost::asio::post(strand_, [this, running] { heard(running); });
                           };
                           self->request(conversations, std::chrono::seconds{1}, count_running{})
                               .then([told](const counted& what) { told(what.running_turns); },
                                     [told](const caf::error&) { told(0); });
                       }});
    });
}

void shutdown::heard(std::size_t running) {
    if (running != 0 && std::chrono::steady_clock::now() < until_) return look();
    if (running != 0)
        log(log_level::warning, "server.cut",
            "running turns are cut and run again at the next start", {{"turns", running}});
    finish();
}

/// Sockets get a moment for their last octets.
void shutdown::finish() {
    front_->close();
    last_ = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    leave();
}

void shutdown::leave() {
    timer_.expires_after(std::chrono::milliseconds{20});
    timer_.async_wait([this](boost::system::error_code ec) {
        if (!ec && front_->open_connections() != 0 && std::chrono::steady_clock::now() < last_)
            return leave();
        ender_ = std::thread([this] {
            stop_actors(system_, tree_);
            io_.stop();
        });
    });
}

}  // namespace perin::cli
