#include "persistence/postgresql/postgresql_database.hpp"

#include "persistence/migrations.hpp"
#include "persistence/settings.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <thread>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

std::unique_ptr<database> open_at(const std::string& url,
                                  postgresql_mode mode = postgresql_mode::read_write) {
    auto opened = open_postgresql(url, mode);
    if (!opened) INFO(opened.error().detail);
    REQUIRE(opened);
    return std::move(*opened);
}

std::int64_t number(database& on, const std::string& sql) {
    auto found = on.execute(sql);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    return found->front().integer(0);
}

void make_numbers(database& on, int count) {
    REQUIRE(on.execute("CREATE TABLE numbers (n BIGINT PRIMARY KEY NOT NULL, text TEXT NOT NULL)"));
    REQUIRE(on.execute("INSERT INTO numbers SELECT n, 'number ' || n FROM generate_series(1, " +
                       std::to_string(count) + ") AS n"));
}

}  // namespace

TEST_CASE("a read-only PostgreSQL connection reads and is refused to write") {
    const postgres_test_database on;
    auto writer = open_at(on.url());
    REQUIRE(migrate(*writer, at(0)));
    REQUIRE(settings_repository(*writer).put("a", "b"));
    auto reader = open_at(on.url(), postgresql_mode::read_only);
    settings_repository settings(*reader);
    CHECK(*settings.find("a") == "b");
    CHECK(*migrate(*reader, at(1)) == 0);
    CHECK(*schema_version(*reader) > 0);
    {
        auto view = transaction::begin(*reader);
        REQUIRE(view);
        const auto refused = settings.put("a", "c");
        REQUIRE(code_of(refused) == error_code::unavailable);
        CHECK(refused.error().detail == "the database is read-only");
    }
    CHECK(code_of(settings.put("a", "c")) == error_code::unavailable);
    CHECK(*settings.find("a") == "b");
}

TEST_CASE("a transaction of a read-only PostgreSQL connection sees one state throughout") {
    const postgres_test_database on;
    auto writer = open_at(on.url());
    REQUIRE(migrate(*writer, at(0)));
    auto reader = open_at(on.url(), postgresql_mode::read_only);
    {
        auto view = transaction::begin(*reader);
        REQUIRE(view);
        CHECK(*settings_repository(*reader).find("a") == std::nullopt);
        REQUIRE(settings_repository(*writer).put("a", "b"));
        CHECK(*settings_repository(*reader).find("a") == std::nullopt);
        CHECK(view->commit());
    }
    CHECK(*settings_repository(*reader).find("a") == "b");
}

TEST_CASE("a database that its server keeps read-only says so when it is to be written") {
    const postgres_test_database on;
    REQUIRE(
        open_at(on.url("postgres"))
            ->execute("ALTER DATABASE " + on.name() + " SET default_transaction_read_only = on"));
    auto opened = open_at(on.url());
    const auto refused = opened->execute("CREATE TABLE things (a BIGINT)");
    REQUIRE(code_of(refused) == error_code::unavailable);
    CHECK(refused.error().detail == "the database is read-only");
}

TEST_CASE("a PostgreSQL user without rights is told whose they are") {
    const postgres_test_database on;
    auto guest = open_at(on.url("guest"));
    const auto refused = migrate(*guest, at(0));
    REQUIRE(code_of(refused) == error_code::unavailable);
    CHECK(refused.error().detail.find("owner of the database") != std::string::npos);
}

TEST_CASE("a writing transaction is READ COMMITTED, whatever the server's default") {
    const postgres_test_database on;
    REQUIRE(open_at(on.url("postgres"))
                ->execute("ALTER DATABASE " + on.name() +
                          " SET default_transaction_isolation = 'serializable'"));
    auto opened = open_at(on.url());
    auto changes = transaction::begin(*opened);
    REQUIRE(changes);
    auto level = opened->execute("SELECT current_setting('transaction_isolation')");
    REQUIRE(level);
    CHECK(level->front().text(0) == "read committed");
}

TEST_CASE("two writers that read first and then take the same key: one has it") {
    const postgres_test_database on;
    auto first = open_at(on.url());
    auto second = open_at(on.url());
    REQUIRE(migrate(*first, at(0)));
    const auto claim = [](database& by) {
        return by.execute(
            "INSERT INTO idempotency (user_id, key, fingerprint, conversation_id, "
            "turn_id, at) VALUES ('u', 'k', 'f', 'c', 't', 1)");
    };
    auto one = transaction::begin(*first);
    REQUIRE(one);
    REQUIRE(claim(*first));
    // The second one waits in its INSERT for the end of the first one's transaction.
    std::optional<error_code> outcome;
    std::thread waiting([&] {
        auto other = transaction::begin(*second);
        if (other) outcome = code_of(claim(*second));
    });
    auto watcher = open_at(on.url("postgres"));
    while (number(*watcher,
                  "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                  "AND datname = current_database()") == 0) {
    }
    CHECK(one->commit());
    waiting.join();
    CHECK(outcome == error_code::conflict);
}

TEST_CASE("a statement that failed takes the PostgreSQL transaction with it, unless it is undone") {
    const postgres_test_database on;
    auto opened = open_at(on.url());
    make_numbers(*opened, 1);
    const auto add = [&](std::int64_t n) {
        return opened->execute("INSERT INTO numbers VALUES ($1, '')", {n});
    };
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(2));
        REQUIRE(code_of(add(1)) == error_code::conflict);
        CHECK(code_of(add(3)) == error_code::unavailable);
        const auto lost = changes->commit();
        CHECK(code_of(lost) == error_code::unavailable);
    }
    CHECK(number(*opened, "SELECT COUNT(*) FROM numbers") == 1);
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(2));
        {
            auto item = savepoint::begin(*opened);
            REQUIRE(item);
            REQUIRE(code_of(add(1)) == error_code::conflict);
        }
        CHECK(add(3));
        CHECK(changes->commit());
    }
    CHECK(number(*opened, "SELECT COUNT(*) FROM numbers") == 3);
}

TEST_CASE("what a COMMIT finds wrong is a conflict, and nothing remains") {
    const postgres_test_database on;
    auto opened = open_at(on.url());
    make_numbers(*opened, 1);
    REQUIRE(
        opened->execute("CREATE TABLE pairs (n BIGINT REFERENCES numbers (n) "
                        "DEFERRABLE INITIALLY DEFERRED)"));
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(opened->execute("INSERT INTO pairs VALUES (7)"));
        CHECK(code_of(changes->commit()) == error_code::conflict);
    }
    CHECK(number(*opened, "SELECT COUNT(*) FROM pairs") == 0);
    CHECK(transaction::begin(*opened));
}

TEST_CASE("a text that the encoding of the PostgreSQL database lacks is refused") {
    auto owner = open_at(postgres_cluster::shared().url("postgres", "postgres"));
    const postgres_test_database on;
    const std::string name = on.name() + "_latin";
    REQUIRE(owner->execute("CREATE DATABASE " + name +
                           " TEMPLATE template0 ENCODING 'LATIN1' OWNER perin"));
    {
        auto opened = open_at(postgres_cluster::shared().url(name));
        REQUIRE(opened->execute("CREATE TABLE texts (text TEXT)"));
        CHECK(opened->execute("INSERT INTO texts VALUES ($1)", {"Grüße"}));
        const auto refused = opened->execute("INSERT INTO texts VALUES ($1)", {"你好"});
        REQUIRE(code_of(refused) == error_code::invalid_request);
        CHECK(opened->execute("SELECT text FROM texts")->front().text(0) == "Grüße");
    }
    REQUIRE(owner->execute("DROP DATABASE " + name + " WITH (FORCE)"));
}

TEST_CASE("many rows of a PostgreSQL table come in pieces, and in their order") {
    const postgres_test_database on;
    auto opened = open_at(on.url());
    make_numbers(*opened, 20'000);
    const bool within = GENERATE(false, true);
    if (within) REQUIRE(opened->begin());
    std::int64_t expected = 1;
    const std::array<value, 1> from = {std::int64_t{0}};
    const auto walked =
        opened->each("SELECT n, text FROM numbers WHERE n > $1 ORDER BY n", from, [&](row& next) {
            if (next.integer(0) != expected) return false;
            if (next.take_text(1) != "number " + std::to_string(expected)) return false;
            ++expected;
            return true;
        });
    REQUIRE(walked);
    CHECK(expected == 20'001);
    if (within) REQUIRE(opened->commit());
    CHECK(number(*opened, "SELECT COUNT(*) FROM numbers") == 20'000);
}

TEST_CASE("a PostgreSQL query that is left early leaves nothing open") {
    const postgres_test_database on;
    auto opened = open_at(on.url());
    make_numbers(*opened, 5'000);
    const int end = GENERATE(1, 32, 33, 700);
    const auto walk = [&] {
        int seen = 0;
        const auto walked =
            opened->each("SELECT n FROM numbers", {}, [&](row&) { return ++seen < end; });
        CHECK(walked);
        CHECK(seen == end);
    };
    walk();
    walk();
    CHECK(number(*opened, "SELECT COUNT(*) FROM pg_cursors WHERE name = 'walk'") == 0);

    auto changes = transaction::begin(*opened);
    REQUIRE(changes);
    REQUIRE(opened->execute("INSERT INTO numbers VALUES (0, '')"));
    walk();
    walk();
    CHECK(number(*opened, "SELECT COUNT(*) FROM pg_cursors WHERE name = 'walk'") == 0);
    CHECK_THROWS_AS(
        opened->each("SELECT n FROM numbers", {}, [](row& one) { return one.text(0).empty(); }),
        unreadable_row);
    CHECK(number(*opened, "SELECT COUNT(*) FROM pg_cursors WHERE name = 'walk'") == 0);
    CHECK(changes->commit());
    CHECK(number(*opened, "SELECT COUNT(*) FROM numbers") == 5'001);
}

TEST_CASE("a PostgreSQL query by rows that fails leaves the connection as it was") {
    const postgres_test_database on;
    auto opened = open_at(on.url());
    make_numbers(*opened, 100);
    const auto ignore = [](row&) { return true; };
    CHECK(code_of(opened->each("SELECT x FROM nowhere", {}, ignore)) == error_code::internal);
    // In the middle of it.
    int seen = 0;
    CHECK(code_of(opened->each("SELECT 1 / (60 - n) FROM numbers ORDER BY n", {}, [&](row&) {
              ++seen;
              return true;
          })) == error_code::internal);
    CHECK(seen > 0);
    CHECK(seen < 60);
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(opened->execute("INSERT INTO numbers VALUES (0, '')"));
        {
            auto item = savepoint::begin(*opened);
            REQUIRE(item);
            CHECK_FALSE(opened->each("SELECT 1 / (60 - n) FROM numbers", {}, ignore));
        }
        CHECK(changes->commit());
    }
    CHECK(number(*opened, "SELECT COUNT(*) FROM numbers") == 101);
}

TEST_CASE("programs that migrate an empty PostgreSQL database at once all succeed") {
    const postgres_test_database on;
    constexpr std::size_t programs = 6;
    std::array<std::unique_ptr<database>, programs> connections;
    for (auto& each : connections) each = open_at(on.url());
    std::array<std::optional<result<int>>, programs> ran;
    std::atomic<int> waiting = programs;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < programs; ++i) {
        threads.emplace_back([&, i] {
            --waiting;
            while (waiting > 0) std::this_thread::yield();
            ran[i] = migrate(*connections[i], at(1));
        });
    }
    for (auto& each : threads) each.join();
    int steps = 0;
    for (const auto& each : ran) {
        if (!*each) FAIL(each->error().detail);
        steps += **each;
    }
    CHECK(steps == static_cast<int>(known_migrations().size()));
    CHECK(*schema_version(*connections.front()) == steps);
}
