#include "runtime/upstream/upstream_calls.hpp"

#include "tests/runtime/upstream/seeded_entropy.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

using namespace perin;
using namespace perin::runtime;
using namespace std::chrono_literals;

namespace {

upstream_failure failed_with(error_category category, int status = 503) {
    upstream_failure out;
    out.category = category;
    out.status = status;
    out.retryable = is_retryable(category);
    out.counts_for_circuit = counts_for_circuit(category, status);
    return out;
}

/// Keeps what the calls were told to do.
struct world {
    explicit world(upstream_settings settings = {}) : calls(settings, random) {}

    seeded_entropy random{11};
    upstream_calls calls;
    upstream_calls::time_point now = some_moment;
    /// Attempts under way, by call.
    std::map<std::uint64_t, std::uint32_t> running;
    std::map<std::uint64_t, call_refusal> ended;
    std::set<std::uint64_t> succeeded;

    void take(upstream_calls::actions todo) {
        for (auto& one : todo) {
            if (auto* begun = std::get_if<upstream_calls::begin_attempt>(&one)) {
                REQUIRE(!running.contains(begun->call));
                running[begun->call] = begun->attempt;
            } else if (auto* over = std::get_if<upstream_calls::end_call>(&one)) {
                running.erase(over->call);
                REQUIRE(ended.emplace(over->call, over->why).second);
            } else {
                succeeded.insert(std::get<upstream_calls::forget_call>(one).call);
            }
        }
    }
    void submit(std::uint64_t call, retry_terms terms = {}) {
        take(calls.submit(call, terms, now));
    }
    void end(std::uint64_t call, std::optional<upstream_failure> failure = {},
             bool repeatable = true) {
        auto attempt = running.at(call);
        running.erase(call);
        take(calls.ended(call, attempt, {std::move(failure), repeatable}, now));
    }
    /// To the next moment at which something is due.
    bool step() {
        auto next = calls.next_tick();
        if (!next) return false;
        now = std::max(now, *next);
        take(calls.tick(now));
        return true;
    }
};

}  // namespace

TEST_CASE("a call that goes well begins once and is forgotten") {
    world w;
    w.submit(1);
    CHECK(w.running == std::map<std::uint64_t, std::uint32_t>{{1, 1}});
    w.end(1);
    CHECK(w.succeeded.contains(1));
    CHECK(w.calls.open_calls() == 0);
    CHECK(w.calls.in_flight() == 0);
}

TEST_CASE("a failed attempt is made again after a wait, four attempts in all") {
    world w;
    w.submit(1);
    for (std::uint32_t attempt = 1; attempt <= 4; ++attempt) {
        REQUIRE(w.running.at(1) == attempt);
        w.end(1, failed_with(error_category::unknown));
        if (attempt < 4) REQUIRE(w.step());
    }
    REQUIRE(w.ended.contains(1));
    CHECK(w.ended.at(1).why == refusal_reason::failed);
    CHECK(w.ended.at(1).reason == give_up_reason::retries_spent);
    CHECK(w.calls.retries() == 3);
    CHECK(w.calls.in_flight() == 0);
}

TEST_CASE("what cannot be made again, or does not help, is not") {
    struct row {
        error_category category;
        int status;
        bool repeatable;
        give_up_reason reason;
    };
    auto at =
        GENERATE(row{error_category::rejected, 400, true, give_up_reason::not_retryable},
                 row{error_category::authentication, 401, true, give_up_reason::not_retryable},
                 row{error_category::quota, 429, true, give_up_reason::not_retryable},
                 row{error_category::unknown, 503, false, give_up_reason::not_repeatable});
    world w;
    w.submit(1);
    w.end(1, failed_with(at.category, at.status), at.repeatable);
    REQUIRE(w.ended.contains(1));
    CHECK(w.ended.at(1).reason == at.reason);
}

TEST_CASE("with an open circuit a call is refused at once and told how long") {
    world w;
    for (std::uint64_t call = 1; call <= 5; ++call) {
        w.submit(call);
        w.end(call, failed_with(error_category::unknown), false);
    }
    REQUIRE(w.calls.circuit().state == circuit_state::open);
    w.submit(9);
    REQUIRE(w.ended.contains(9));
    CHECK(w.ended.at(9).why == refusal_reason::circuit_open);
    CHECK(w.ended.at(9).wait > 4min);
    w.calls.reset_circuit();
    w.submit(10);
    CHECK(w.running.contains(10));
}

TEST_CASE("a retry that finds the circuit open ends its call") {
    world w;
    w.submit(100);
    w.end(100, failed_with(error_category::unknown));
    for (std::uint64_t call = 1; call <= 4; ++call) {
        w.submit(call);
        w.end(call, failed_with(error_category::unknown), false);
    }
    while (!w.ended.contains(100)) REQUIRE(w.step());
    CHECK(w.ended.at(100).why == refusal_reason::circuit_open);
    CHECK(w.ended.at(100).last->category == error_category::unknown);
}

TEST_CASE("half-open lets one of many through") {
    world w;
    for (std::uint64_t call = 1; call <= 5; ++call) {
        w.submit(call);
        w.end(call, failed_with(error_category::unknown), false);
    }
    REQUIRE(w.step());
    REQUIRE(w.calls.circuit().state == circuit_state::half_open);
    for (std::uint64_t call = 10; call < 20; ++call) w.submit(call);
    CHECK(w.running.size() == 1);
    CHECK(w.calls.in_flight() == 1);
    w.end(10);
    CHECK(w.calls.circuit().state == circuit_state::closed);
}

TEST_CASE("past the bulkhead calls wait in order, and past the queue they are refused") {
    upstream_settings settings;
    settings.most_in_flight = 2;
    settings.most_waiting = 2;
    world w(settings);
    for (std::uint64_t call = 1; call <= 5; ++call) w.submit(call);
    CHECK(w.running.size() == 2);
    CHECK(w.calls.waiting() == 2);
    CHECK(w.ended.at(5).why == refusal_reason::overloaded);
    w.end(1);
    CHECK(w.running.contains(3));
    REQUIRE(w.step());
    CHECK(w.ended.at(4).why == refusal_reason::overloaded);
}

TEST_CASE("a call that is cancelled leaves its place, wherever it is") {
    upstream_settings settings;
    settings.most_in_flight = 1;
    world w(settings);
    w.submit(1);
    w.submit(2);
    w.take(w.calls.cancelled(2, w.now));
    CHECK(w.calls.waiting() == 0);
    w.take(w.calls.cancelled(1, w.now));
    CHECK(w.calls.in_flight() == 0);
    w.running.clear();
    w.submit(3);
    w.end(3, failed_with(error_category::unknown));
    w.take(w.calls.cancelled(3, w.now));
    CHECK(w.calls.open_calls() == 0);
    CHECK_FALSE(w.calls.next_tick());
}

TEST_CASE("an attempt that nobody tells the end of is ended soon after its deadline") {
    world w;
    retry_terms terms;
    terms.deadline = w.now + 30s;
    w.submit(1, terms);
    REQUIRE(w.step());
    CHECK(w.now - some_moment <= 31s);
    CHECK(w.ended.at(1).why == refusal_reason::past_deadline);
    CHECK(w.calls.in_flight() == 0);
}

TEST_CASE("whatever happens, each call ends once and nothing is left") {
    auto seed = GENERATE(range(1u, 200u));
    std::mt19937 random(seed);
    auto pick = [&](unsigned most) {
        return std::uniform_int_distribution<unsigned>(0, most)(random);
    };
    upstream_settings settings;
    settings.most_in_flight = 1 + pick(4);
    settings.most_waiting = pick(4);
    world w(settings);
    std::uint64_t made = 0;
    std::set<std::uint64_t> cancelled;
    for (int i = 0; i < 300; ++i) {
        switch (pick(4)) {
            case 0: {
                retry_terms terms;
                if (pick(1) == 0) terms.deadline = w.now + std::chrono::seconds(1 + pick(60));
                if (pick(1) == 0) terms.patience = 15s;
                w.submit(++made, terms);
                break;
            }
            case 1:
                if (!w.running.empty()) w.end(w.running.begin()->first);
                break;
            case 2:
                if (!w.running.empty())
                    w.end(w.running.begin()->first,
                          failed_with(static_cast<error_category>(pick(6)), 500), pick(3) != 0);
                break;
            case 3:
                if (made != 0) {
                    auto call = 1 + pick(static_cast<unsigned>(made) - 1);
                    w.running.erase(call);
                    w.take(w.calls.cancelled(call, w.now));
                    cancelled.insert(call);
                }
                break;
            default:
                w.step();
        }
        INFO("seed " << seed << " step " << i);
        REQUIRE(w.calls.in_flight() == w.running.size());
        REQUIRE(w.calls.in_flight() <= settings.most_in_flight);
    }
    for (int i = 0; i < 10'000 && w.calls.open_calls() != 0; ++i) {
        if (!w.running.empty())
            w.end(w.running.begin()->first);
        else
            w.step();
    }
    INFO("seed " << seed);
    CHECK(w.calls.open_calls() == 0);
    CHECK(w.calls.in_flight() == 0);
    for (std::uint64_t call = 1; call <= made; ++call)
        CHECK((w.ended.contains(call) || w.succeeded.contains(call)));
    for (auto call : w.succeeded) CHECK_FALSE(w.ended.contains(call));
}
