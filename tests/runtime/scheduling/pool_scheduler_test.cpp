#include "runtime/scheduling/pool_scheduler.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <future>
#include <set>
#include <thread>
#include <vector>

namespace {

struct count_down {
    int left = 0;
};
struct stay_silent {};
struct repeat_after {
    int milliseconds = 0;
};
struct repeated {};

}  // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(count_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stay_silent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(repeat_after)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(repeated)

namespace {

using namespace std::chrono_literals;

using worker = caf::typed_actor<caf::replies_to<count_down>::with<int>,
                                caf::replies_to<stay_silent>::with<int>,
                                caf::replies_to<repeat_after>::with<int>, caf::reacts_to<repeated>>;

struct worker_state {
    static constexpr const char* name = "worker";
    std::vector<caf::typed_response_promise<int>> owed;
    std::vector<caf::typed_response_promise<int>> silent;
};

worker::behavior_type work(worker::stateful_pointer<worker_state> self, worker next) {
    return {
        [=](count_down what) -> caf::result<int> {
            if (what.left == 0 || !next) return what.left;
            return self->delegate(next, count_down{what.left - 1});
        },
        [=](stay_silent) -> caf::result<int> {
            auto promise = self->make_response_promise<int>();
            self->state.silent.push_back(promise);
            return promise;
        },
        [=](repeat_after what) -> caf::result<int> {
            auto promise = self->make_response_promise<int>();
            self->state.owed.push_back(promise);
            self->delayed_send(self, std::chrono::milliseconds(what.milliseconds), repeated{});
            return promise;
        },
        [=](repeated) {
            auto owed = std::move(self->state.owed.front());
            self->state.owed.erase(self->state.owed.begin());
            owed.deliver(7);
        },
    };
}

/// A system on a pool of threads, ended in order.
struct pool {
    struct config : caf::actor_system_config {
        config(boost::asio::io_context& io, perin::runtime::run_watch& watch) {
            perin::runtime::use_pool(*this, io, watch);
            set("scheduler.max-throughput", std::size_t{10});
        }
    };

    boost::asio::io_context io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy{
        io.get_executor()};
    perin::runtime::run_watch watch;
    std::unique_ptr<config> settings = std::make_unique<config>(io, watch);
    std::unique_ptr<caf::actor_system> system = std::make_unique<caf::actor_system>(*settings);
    std::vector<std::thread> threads;

    explicit pool(int count) {
        for (int i = 0; i < count; ++i) threads.emplace_back([this] { io.run(); });
    }
    ~pool() {
        system->await_all_actors_done();
        busy.reset();
        io.stop();
        for (auto& one : threads) one.join();
        // What was left of the last turns; the system must outlive them.
        io.restart();
        io.poll();
        system.reset();
    }
};

}  // namespace

TEST_CASE("actors on the pool answer, whoever asks, from however many threads") {
    auto threads = GENERATE(1, 2, 4);
    pool p(threads);
    std::vector<worker> ring;
    worker next;
    for (int i = 0; i < 50; ++i) {
        next = p.system->spawn(work, next);
        ring.push_back(next);
    }
    std::vector<std::future<int>> askers;
    for (int i = 0; i < 4; ++i)
        askers.push_back(std::async(std::launch::async, [&] {
            caf::scoped_actor self(*p.system);
            int sum = 0;
            for (int n = 0; n < 200; ++n)
                self->request(ring.back(), 60s, count_down{49})
                    .receive([&](int left) { sum += left + 1; }, [](const caf::error&) {});
            return sum;
        }));
    for (auto& one : askers) CHECK(one.get() == 200);
}

TEST_CASE("a request that nobody answers times out, and one that is answered does not") {
    pool p(2);
    auto silent = p.system->spawn(work, worker{});
    caf::scoped_actor self(*p.system);
    bool late = false;
    auto begun = std::chrono::steady_clock::now();
    self->request(silent, 30ms, stay_silent{})
        .receive([](int) {},
                 [&](const caf::error& why) { late = why == caf::sec::request_timeout; });
    CHECK(late);
    CHECK(std::chrono::steady_clock::now() - begun >= 30ms);
    int answer = 0;
    self->request(silent, 60s, count_down{3})
        .receive([&](int left) { answer = left; }, [](const caf::error&) {});
    CHECK(answer == 3);
    caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
}

TEST_CASE("a timeout that is set later and is due earlier is not slept over") {
    pool p(2);
    auto one = p.system->spawn(work, worker{});
    caf::scoped_actor self(*p.system);
    // The clock's thread now sleeps for as long as it may.
    auto far = self->request(one, 60s, repeat_after{2'000});
    auto begun = std::chrono::steady_clock::now();
    int answer = 0;
    auto other = p.system->spawn(work, worker{});
    self->request(other, 60s, repeat_after{20})
        .receive([&](int got) { answer = got; }, [](const caf::error&) {});
    CHECK(answer == 7);
    CHECK(std::chrono::steady_clock::now() - begun < 1'500ms);
    far.receive([&](int got) { answer += got; }, [](const caf::error&) {});
    CHECK(answer == 14);
}

TEST_CASE("timers of many actors fire once each, none early") {
    pool p(2);
    std::vector<worker> many;
    for (int i = 0; i < 100; ++i) many.push_back(p.system->spawn(work, worker{}));
    std::vector<std::future<int>> askers;
    for (int thread = 0; thread < 4; ++thread)
        askers.push_back(std::async(std::launch::async, [&, thread] {
            caf::scoped_actor self(*p.system);
            int good = 0;
            for (int n = 0; n < 25; ++n) {
                auto& to = many[static_cast<std::size_t>(thread * 25 + n)];
                auto begun = std::chrono::steady_clock::now();
                self->request(to, 60s, repeat_after{n % 5})
                    .receive(
                        [&](int) {
                            auto took = std::chrono::steady_clock::now() - begun;
                            good += took >= std::chrono::milliseconds(n % 5);
                        },
                        [](const caf::error&) {});
            }
            return good;
        }));
    for (auto& one : askers) CHECK(one.get() == 25);
}
