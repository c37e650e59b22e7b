#include "persistence/migrations.hpp"
#include "tests/crash/appender_process.hpp"
#include "tests/crash/journal_ledger.hpp"
#include "tests/crash/number_of.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace perin;
using namespace perin::test;
using perin::persistence::test::drivers;
using perin::persistence::test::postgres_cluster;
using perin::persistence::test::postgres_test_database;
using perin::persistence::test::test_store;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t streams = 8;

/// Whether the file is one that SQLite could have left.
void check_file(persistence::database& db) {
    if (db.driver() != std::string_view("sqlite")) return;
    auto found = db.execute("PRAGMA integrity_check");
    REQUIRE(found);
    REQUIRE(found->at(0).text(0) == "ok");
}

}  // namespace

// PERIN_CRASH_ROUNDS says how often it is killed, PERIN_CRASH_SEED when.
TEST_CASE("whatever was acknowledged is there after a kill at any moment, whole and once") {
    const std::string driver = GENERATE(from_range(drivers()));
    const auto seed = number_of("PERIN_CRASH_SEED", 1);
    const auto rounds = number_of("PERIN_CRASH_ROUNDS", 20);
    std::mt19937_64 random(seed);
    test_store store(driver);
    static_cast<void>(store.open());
    journal_ledger ledger(streams);
    std::size_t acknowledged = 0;
    for (unsigned round = 1; round <= rounds; ++round) {
        INFO(driver << ", seed " << seed << ", round " << round);
        appender_process appender(store.location(), round, streams);
        // Some die while they begin.
        if (random() % 5 != 0)
            REQUIRE(appender.listen_until([&] { return appender.acknowledged() != 0; }));
        appender.listen(std::chrono::microseconds(random() % 100'000));
        appender.kill_now();
        REQUIRE_FALSE(appender.wrong());
        acknowledged += appender.acknowledged();
        auto db = store.open_empty();
        REQUIRE(ledger.look(*db, appender.versions()) == "");
        check_file(*db);
    }
    CHECK(acknowledged > rounds);
    WARN(driver << ": " << rounds << " kills, " << acknowledged << " batches acknowledged, "
                << ledger.records() << " records");
}

TEST_CASE("a store whose PostgreSQL server crashes goes on when that is back, and loses nothing") {
    const auto seed = number_of("PERIN_CRASH_SEED", 1);
    const auto rounds = number_of("PERIN_CRASH_ROUNDS", 10);
    std::mt19937_64 random(seed);
    postgres_cluster server;
    const postgres_test_database made(server);
    const persistence::database_location at{.url = made.url()};
    {
        auto db = persistence::open_database(at);
        REQUIRE(db);
        REQUIRE(persistence::migrate(**db, timestamp{}));
    }
    appender_process appender(at, 1, streams);
    journal_ledger ledger(streams);
    auto goes_on = [&] {
        const auto before = appender.versions();
        return appender.listen_until([&] {
            return std::equal(before.begin(), before.end(), appender.versions().begin(),
                              std::less<>());
        });
    };
    for (unsigned round = 1; round <= rounds; ++round) {
        INFO("seed " << seed << ", round " << round);
        REQUIRE(goes_on());
        appender.listen(std::chrono::microseconds(random() % 50'000));
        server.stop_immediate();
        const auto sure = appender.versions();
        server.start();
        REQUIRE(goes_on());
        auto db = persistence::open_database(at, persistence::access_mode::read_only);
        REQUIRE(db);
        REQUIRE(ledger.look(**db, sure) == "");
    }
    REQUIRE_FALSE(appender.wrong());
    CHECK(appender.finish() == 0);
    auto db = persistence::open_database(at, persistence::access_mode::read_only);
    REQUIRE(db);
    CHECK(ledger.look(**db, appender.versions()) == "");
    WARN(rounds << " crashes of the server, " << appender.acknowledged()
                << " batches acknowledged, " << appender.asked_again() << " asked for again, "
                << ledger.records() << " records");
}
