// What happens to a PostgreSQL connection when the other side, the network or another writer fails
// it.

#include "persistence/postgresql/postgresql_database.hpp"
#include "tests/persistence/postgresql/cutting_proxy.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <thread>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;
using fault = cutting_proxy::fault;

namespace {

std::unique_ptr<database> open_at(const std::string& url) {
    auto opened = open_postgresql(url, postgresql_mode::read_write);
    REQUIRE(opened);
    return std::move(*opened);
}

std::unique_ptr<database> open_with_table(const std::string& url) {
    auto opened = open_at(url);
    REQUIRE(opened->execute("CREATE TABLE things (name TEXT PRIMARY KEY NOT NULL, size BIGINT)"));
    return opened;
}

result<void> add(database& on, const std::string& name) {
    const auto added = on.execute("INSERT INTO things (name, size) VALUES ($1, 0)", {name});
    if (!added) return added.error();
    return {};
}

std::int64_t number(database& on, const std::string& sql) {
    auto found = on.execute(sql);
    REQUIRE(found);
    return found->front().integer(0);
}

std::int64_t count_of(database& on) { return number(on, "SELECT COUNT(*) FROM things"); }

std::int64_t process_of(database& on) { return number(on, "SELECT pg_backend_pid()"); }

std::string option(const std::string& setting) { return "?options=-c%20" + setting; }

std::string through(const cutting_proxy& proxy, const postgres_test_database& on) {
    return "postgresql://perin@127.0.0.1:" + std::to_string(proxy.port()) + "/" + on.name() +
           "?sslmode=disable";
}

/// Until the server has ended all of the connection's process.
void end_process(database& owner, std::int64_t process) {
    const auto all = "SELECT COUNT(*) FROM pg_stat_activity WHERE pid = " + std::to_string(process);
    REQUIRE(owner.execute("SELECT pg_terminate_backend($1)", {process}));
    while (number(owner, all) > 0) {
    }
}

}  // namespace

TEST_CASE("a PostgreSQL connection that was ended is made again by the next call") {
    const postgres_test_database on;
    auto opened = open_with_table(on.url());
    auto owner = open_at(on.url("postgres"));
    const auto process = process_of(*opened);
    REQUIRE(add(*opened, "a"));  // is kept prepared by the connection that goes
    end_process(*owner, process);
    SECTION("by a statement") { CHECK(add(*opened, "b")); }
    SECTION("by a transaction") {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(*opened, "b"));
        CHECK(changes->commit());
    }
    SECTION("by a query by rows") {
        int seen = 0;
        CHECK(opened->each("SELECT name FROM things", {}, [&](row&) { return ++seen > 0; }));
        CHECK(seen == 1);
        CHECK(add(*opened, "b"));
    }
    CHECK(count_of(*opened) == 2);
    CHECK(process_of(*opened) != process);
}

TEST_CASE("a PostgreSQL connection that ends within a transaction fails all of it until its end") {
    const postgres_test_database on;
    auto opened = open_with_table(on.url());
    auto owner = open_at(on.url("postgres"));
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(*opened, "a"));
        end_process(*owner, process_of(*opened));
        CHECK(code_of(add(*opened, "b")) == error_code::unavailable);
        CHECK(code_of(add(*opened, "c")) == error_code::unavailable);
        CHECK(code_of(savepoint::begin(*opened)) == error_code::unavailable);
        CHECK(code_of(opened->each("SELECT name FROM things", {}, [](row&) { return true; })) ==
              error_code::unavailable);
        CHECK(code_of(opened->begin()) == error_code::internal);
        const auto lost = changes->commit();
        REQUIRE(code_of(lost) == error_code::unavailable);
        CHECK(lost.error().detail.find("not known") == std::string::npos);
    }
    CHECK(count_of(*opened) == 0);
    CHECK(add(*opened, "d"));
}

TEST_CASE("a PostgreSQL connection that is cut in the middle of a walk says so") {
    const postgres_test_database on;
    cutting_proxy proxy(postgres_cluster::shared().port());
    auto opened = open_at(through(proxy, on));
    int seen = 0;
    const auto walked =
        opened->each("SELECT n FROM generate_series(1, 100000) AS n", {}, [&](row&) {
            if (++seen == 5000) proxy.cut();
            return true;
        });
    CHECK(code_of(walked) == error_code::unavailable);
    CHECK(seen >= 5000);
    CHECK(seen < 100'000);
    CHECK(number(*opened, "SELECT 1") == 1);
}

TEST_CASE("a COMMIT whose answer was lost is asked for") {
    const postgres_test_database on;
    cutting_proxy proxy(postgres_cluster::shared().port());
    auto opened = open_with_table(through(proxy, on));
    auto other = open_at(on.url());
    const auto [what, written] = GENERATE(table<fault, bool>({
        {fault::lose_answer, true},
        {fault::lose_request, false},
        {fault::lose_request_silently, false},
    }));
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(*opened, "a"));
        proxy.on_next_commit(what);
        CHECK(changes->commit().has_value() == written);
    }
    CHECK(count_of(*other) == (written ? 1 : 0));
    // The connection goes on.
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(*opened, "b"));
        CHECK(changes->commit());
    }
    CHECK(count_of(*other) == (written ? 2 : 1));
}

TEST_CASE("a COMMIT that goes on after its connection was lost is waited for") {
    const postgres_test_database on;
    cutting_proxy proxy(postgres_cluster::shared().port());
    auto opened = open_with_table(through(proxy, on));
    auto other = open_at(on.url());
    // Work that is done within the COMMIT: a trigger that waits for a lock of ours.
    REQUIRE(
        other->execute("CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
                       "$$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$"));
    REQUIRE(
        other->execute("CREATE CONSTRAINT TRIGGER late AFTER INSERT ON things "
                       "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()"));
    REQUIRE(other->execute("SELECT pg_advisory_lock(7)"));
    auto changes = transaction::begin(*opened);
    REQUIRE(changes);
    REQUIRE(add(*opened, "a"));
    proxy.on_next_commit(fault::lose_client);
    std::optional<bool> committed;
    std::thread committing([&] { committed = changes->commit().has_value(); });
    // Until it is within its COMMIT, and its connection was lost: then a new one asks for it.
    while (number(*other,
                  "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = "
                  "current_database() AND query LIKE 'SELECT pg_terminate%'") == 0) {
    }
    CHECK(count_of(*other) == 0);
    REQUIRE(other->execute("SELECT pg_advisory_unlock(7)"));
    committing.join();
    CHECK(committed == true);
    CHECK(count_of(*other) == 1);
}

TEST_CASE("a statement that takes too long is stopped, and the connection goes on") {
    const postgres_test_database on;
    auto opened = open_at(on.url() + option("statement_timeout%3D50ms"));
    const auto slow = opened->execute("SELECT pg_sleep(60)");
    REQUIRE(code_of(slow) == error_code::unavailable);
    CHECK(slow.error().detail.find("too long") != std::string::npos);
    CHECK(number(*opened, "SELECT 1") == 1);
}

TEST_CASE("a PostgreSQL transaction that rests too long is ended") {
    const postgres_test_database on;
    auto opened = open_with_table(on.url() + option("idle_in_transaction_session_timeout%3D50ms"));
    auto other = open_at(on.url());
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(*opened, "a"));
        while (number(*other,
                      "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = "
                      "current_database() AND state LIKE 'idle in%'") > 0) {
        }
        CHECK(code_of(add(*opened, "b")) == error_code::unavailable);
    }
    CHECK(add(*opened, "c"));
    CHECK(count_of(*opened) == 1);
}

TEST_CASE("a second PostgreSQL writer of a row is told that it is busy, and readers go on") {
    const postgres_test_database on;
    auto first = open_with_table(on.url());
    REQUIRE(add(*first, "a"));
    auto second = open_at(on.url() + option("lock_timeout%3D20ms"));
    const std::string grow = "UPDATE things SET size = size + 1 WHERE name = 'a'";
    {
        auto held = transaction::begin(*first);
        REQUIRE(held);
        REQUIRE(first->execute(grow));
        const auto busy = second->execute(grow);
        REQUIRE(code_of(busy) == error_code::unavailable);
        CHECK(busy.error().detail == "the database is busy with another writer");
        CHECK(count_of(*second) == 1);
    }
    CHECK(second->execute(grow));
}

TEST_CASE("of two PostgreSQL transactions that wait for each other one is given up") {
    const postgres_test_database on;
    auto first = open_with_table(on.url("postgres") + option("deadlock_timeout%3D20ms"));
    auto second = open_at(on.url("postgres") + option("deadlock_timeout%3D10s"));
    REQUIRE(add(*first, "a"));
    REQUIRE(add(*first, "b"));
    const std::string grow_a = "UPDATE things SET size = size + 1 WHERE name = 'a'";
    const std::string grow_b = "UPDATE things SET size = size + 1 WHERE name = 'b'";
    auto one = transaction::begin(*first);
    auto other = transaction::begin(*second);
    REQUIRE((one && other));
    REQUIRE(first->execute(grow_a));
    REQUIRE(second->execute(grow_b));
    std::thread waiting([&] { static_cast<void>(second->execute(grow_a)); });
    auto watcher = open_at(on.url("postgres"));
    while (number(*watcher,
                  "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                  "AND datname = current_database()") == 0) {
    }
    // The one that finds the circle gives way.
    const auto given_up = first->execute(grow_b);
    REQUIRE(code_of(given_up) == error_code::unavailable);
    CHECK(given_up.error().detail.find("another one") != std::string::npos);
    waiting.join();
    CHECK(code_of(one->commit()) == error_code::unavailable);
    CHECK(other->commit());
    CHECK(number(*watcher, "SELECT SUM(size)::bigint FROM things") == 2);
}

TEST_CASE("a PostgreSQL transaction that cannot be put in an order is given up") {
    const postgres_test_database on;
    auto first = open_with_table(on.url());
    auto second = open_at(on.url());
    REQUIRE(add(*first, "a"));
    REQUIRE(first->execute("BEGIN ISOLATION LEVEL SERIALIZABLE"));
    REQUIRE(first->execute("SELECT size FROM things"));
    REQUIRE(second->execute("UPDATE things SET size = 5"));
    const auto given_up = first->execute("UPDATE things SET size = size + 1");
    REQUIRE(code_of(given_up) == error_code::unavailable);
    CHECK(given_up.error().detail.find("another one") != std::string::npos);
    REQUIRE(first->execute("ROLLBACK"));
    CHECK(number(*first, "SELECT size FROM things") == 5);
}

TEST_CASE("a PostgreSQL transaction that was ended from outside lets nothing through") {
    const postgres_test_database on;
    auto opened = open_with_table(on.url());
    {
        auto batch = transaction::begin(*opened);
        REQUIRE(batch);
        REQUIRE(add(*opened, "a"));
        REQUIRE(opened->execute("ROLLBACK"));
        CHECK(code_of(add(*opened, "b")) == error_code::unavailable);
        CHECK(code_of(savepoint::begin(*opened)) == error_code::unavailable);
        CHECK(code_of(batch->commit()) == error_code::unavailable);
    }
    CHECK(count_of(*opened) == 0);
    CHECK(add(*opened, "c"));
}

TEST_CASE("a PostgreSQL server that crashes and starts again keeps what was committed") {
    postgres_cluster cluster;
    const postgres_test_database on(cluster);
    auto opened = open_with_table(on.url());
    auto idle = open_at(on.url());
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(*opened, "a"));
        REQUIRE(changes->commit());
    }
    std::string file;
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(*opened, "b"));
        cluster.stop_immediate();
        CHECK(code_of(add(*opened, "c")) == error_code::unavailable);
        CHECK(code_of(changes->commit()) == error_code::unavailable);
    }
    const auto down = idle->execute("SELECT 1");
    REQUIRE(code_of(down) == error_code::unavailable);
    CHECK(down.error().detail.find("cannot be reached") != std::string::npos);
    CHECK(code_of(transaction::begin(*idle)) == error_code::unavailable);
    cluster.start();
    CHECK(count_of(*idle) == 1);
    CHECK(add(*opened, "d"));
    CHECK(count_of(*idle) == 2);

    // A COMMIT while the server is down cannot be asked for; once it is up, it can.
    cutting_proxy proxy(cluster.port());
    auto far = open_at(through(proxy, on));
    REQUIRE(far->begin());
    REQUIRE(add(*far, "e"));
    proxy.on_next_commit(fault::lose_answer);
    CHECK(code_of(far->commit()) == error_code::unavailable);
    cluster.stop_immediate();
    CHECK(code_of(far->settle()) == error_code::unavailable);
    CHECK(code_of(far->settle()) == error_code::unavailable);
    cluster.start();
    const auto settled = far->settle();
    REQUIRE(settled);
    CHECK(*settled);
    CHECK(*far->settle());
    far->rollback();
    CHECK(count_of(*far) == 3);

    // Damage to the file of a table is told from other failures.
    auto owner = open_at(on.url("postgres"));
    auto path = owner->execute("SELECT pg_relation_filepath('things')");
    REQUIRE(path);
    file = path->front().text(0);
    REQUIRE(owner->execute("CHECKPOINT"));
    cluster.stop_immediate();
    {
        std::fstream table(cluster.folder() / "data" / file,
                           std::ios::in | std::ios::out | std::ios::binary);
        REQUIRE(table);
        table << std::string(8192, '\x5a');
    }
    cluster.start();
    const auto damaged = idle->execute("SELECT COUNT(*) FROM things");
    REQUIRE(code_of(damaged) == error_code::internal);
    CHECK(damaged.error().detail == "the database is damaged");
}
