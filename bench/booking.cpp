// What a booking through the owner's calendar costs, beside a durable append of the same run; one
// line of JSON a measurement.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_booking
//   build/bench/bench/bench_booking                      the embedded database
//   DATABASE_URL=postgresql://... build/bench/bench/bench_booking     an empty database of a server
//
// - one append alone, to its answer; one booking alone, to its answer, in turn
// - 500 owners who are each booked again as soon as their last booking is answered
//
// BENCH_SECONDS is how long each runs (default 5).

#include "actors/calendar/calendars.hpp"
#include "actors/store/store.hpp"
#include "bench/measuring.hpp"
#include "persistence/accounts.hpp"
#include "persistence/migrations.hpp"
#include "persistence/open_database.hpp"
#include "runtime/log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <unistd.h>

using namespace perin;
using namespace perin::runtime;
using namespace perin::bench;
using std::chrono::minutes;

namespace {

constexpr std::size_t owners = 500;
const std::string payload(200, 'x');

user owner(std::size_t number) {
    char digits[13];
    std::snprintf(digits, sizeof digits, "%012zu", number);
    return {"usr_00000000-0000-7000-8000-" + std::string(digits),
            "user" + std::to_string(number) + "@example.org", "User", "Europe/Vienna"};
}

/// The n-th booking of an owner: half an hour of a day of 16 such, with buffers.
book_time booking_of(const user& who, std::size_t n) {
    book_time out;
    out.user_id = who.id;
    out.wanted.idempotency_key = "key-" + std::to_string(n);
    out.wanted.who = {"Guest", "guest@example.org", "Europe/Berlin"};
    out.what.title = "Intro call";
    const auto start = *from_rfc3339("2030-01-01T00:00:00Z") + minutes{45} * n;
    place(out.what, start, start + minutes{30}, "UTC");
    out.rules.timezone = "UTC";
    for (auto& day : out.rules.hours.days) day = {{minutes{0}, minutes{24 * 60}}};
    out.rules.around = {minutes{5}, minutes{5}};
    out.search.durations = {minutes{30}};
    return out;
}

/// Appends and books in turn, one at a time. It is an actor of the pool, as who books in the server
/// is: a thread that is none would have to be woken for each answer.
struct alternating_state {
    store_actor store;
    calendars_actor calendars;
    user who;
    std::size_t made = 0;
    std::vector<double> appends;
    std::vector<double> bookings;
    clock_type::time_point until;
    clock_type::time_point began;

    void append(caf::event_based_actor* self) {
        append_records what{
            "bench", made, {{0, "bench.event", "{\"text\":\"" + payload + "\"}", {}}}};
        began = clock_type::now();
        self->request(store, std::chrono::seconds{30}, std::move(what))
            .then([this, self](const result<std::uint64_t>& done) {
                appends.push_back(seconds_since(began) * 1e6);
                if (!done) stop(done.error());
                book(self);
            });
    }

    void book(caf::event_based_actor* self) {
        auto what = booking_of(who, made++);
        began = clock_type::now();
        self->request(calendars, std::chrono::seconds{30}, std::move(what))
            .then([this, self](const result<booking_outcome>& done) {
                bookings.push_back(seconds_since(began) * 1e6);
                if (!done) stop(done.error());
                if (!std::holds_alternative<time_booked>(*done))
                    stop({error_code::internal, "a free time was refused"});
                if (clock_type::now() < until) return append(self);
                tell();
            });
    }

    void tell() {
        const auto append = percentile(appends, 0.5);
        const auto booking = percentile(bookings, 0.5);
        std::printf(
            "{\"what\":\"alone\",\"append_us_p50\":%.0f,\"booking_us_p50\":%.0f,\"ratio\":%.2f,"
            "\"booking_us_p99\":%.0f,\"bookings\":%zu}\n",
            append, booking, booking / append, percentile(bookings, 0.99), bookings.size());
    }
};

void alone(caf::actor_system& system, const store_actor& store, const calendars_actor& calendars,
           double seconds) {
    auto one = system.spawn([&](caf::stateful_actor<alternating_state>* self) {
        self->state.store = store;
        self->state.calendars = calendars;
        self->state.who = owner(0);
        self->state.until = clock_type::now() + std::chrono::duration_cast<clock_type::duration>(
                                                    std::chrono::duration<double>(seconds));
        self->state.append(self);
    });
    caf::scoped_actor self(system);
    self->wait_for(one);
}

struct booker_state {
    std::size_t number = 0;
    std::size_t made = 0;
    calendars_actor calendars;
    repeating* what = nullptr;

    void next(caf::event_based_actor* self) {
        self->request(calendars, std::chrono::seconds{30}, booking_of(owner(number), made++))
            .then([this, self](const result<booking_outcome>& done) {
                if (!done) stop(done.error());
                if (!std::holds_alternative<time_booked>(*done))
                    stop({error_code::internal, "a free time was refused"});
                ++what->done;
                if (!what->over) next(self);
            });
    }
};

void together(caf::actor_system& system, const calendars_actor& calendars, double seconds) {
    const auto rate = rate_of(system, owners, seconds, [&](std::size_t n, repeating& what) {
        return system.spawn([&, n](caf::stateful_actor<booker_state>* self) {
            self->state = {n + 1, 0, calendars, &what};
            self->state.next(self);
        });
    });
    std::printf("{\"what\":\"together\",\"owners\":%zu,\"bookings_per_s\":%.0f}\n", owners, rate);
}

}  // namespace

int main() {
    start_log({log_level::warning, log_format::text, false});
    const auto seconds = seconds_of_each();
    std::string pattern = (std::filesystem::temp_directory_path() / "perin-bench-XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(pattern.data());
    persistence::database_location at;
    if (const char* url = std::getenv("DATABASE_URL"))
        at.url = url;
    else
        at.file = (folder / "perin.db").string();
    const system_clock clock;
    auto db = taken(persistence::open_database(at));
    if (auto done = persistence::migrate(*db, clock.now()); !done) stop(done.error());
    persistence::account_repository accounts(*db);
    for (std::size_t i = 0; i <= owners; ++i)
        if (auto done = accounts.create(owner(i), "x"); !done) stop(done.error());

    boost::asio::io_context io;
    auto work = boost::asio::make_work_guard(io);
    run_watch watch;
    actor_settings settings(io, watch);
    caf::actor_system system(settings);
    system.await_actors_before_shutdown(false);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&io] { io.run(); });
    auto store = actors::spawn_store(system, std::move(db), {});
    auto reader = actors::spawn_reader(
        system, taken(persistence::open_database(at, persistence::access_mode::read_only)));
    actors::calendars_parts parts{store, reader, std::make_shared<system_clock>(),
                                  std::make_shared<system_entropy>()};
    parts.shared = !at.embedded();
    auto calendars = actors::spawn_calendars(system, parts);
    alone(system, store, calendars, seconds);
    together(system, calendars, seconds);
    std::fflush(nullptr);
    std::filesystem::remove_all(folder);
    _exit(0);
}
