#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace perin;
using namespace perin::persistence;
using perin::persistence::test::code_of;
using perin::persistence::test::postgres_cluster;
using perin::persistence::test::postgres_test_database;

namespace {

std::unique_ptr<database> open_at(const std::string& url) {
    auto opened = open_database({.url = url});
    REQUIRE(opened);
    return std::move(*opened);
}

/// The number of the transaction under way.
std::int64_t number_of(database& db) {
    auto found = db.execute("SELECT pg_current_xact_id()::text::bigint");
    REQUIRE(found);
    return found->at(0).integer(0);
}

/// Commits transactions until one has that number.
void take_numbers(database& db, std::int64_t number) {
    for (std::int64_t reached = 0; reached < number;) {
        REQUIRE(db.begin());
        reached = number_of(db);
        REQUIRE(reached <= number);
        REQUIRE(db.execute("INSERT INTO things VALUES ('other')"));
        REQUIRE(db.commit());
    }
}

/// One process of the server dies; it ends all others, and recovers.
void kill_process_of(const std::string& url) {
    auto dying = open_at(url);
    auto process = dying->execute("SELECT pg_backend_pid()");
    REQUIRE(process);
    REQUIRE(::kill(static_cast<pid_t>(process->at(0).integer(0)), SIGKILL) == 0);
    // The server waits for nobody: it may take a moment to be back.
    while (!dying->execute("SELECT 1")) {
    }
}

std::size_t count_of(database& db) {
    auto found = db.execute("SELECT name FROM things");
    REQUIRE(found);
    return found->size();
}

}  // namespace

// What a transaction did reaches the disk with its COMMIT, its number among it: a crash before that
// gives the number to another one.
TEST_CASE("a commit that a crash of PostgreSQL prevented is not taken for another one") {
    postgres_cluster server;
    const postgres_test_database made(server);
    auto lost = open_at(made.url());
    REQUIRE(lost->execute("CREATE TABLE things (name TEXT)"));
    REQUIRE(lost->begin());
    REQUIRE(lost->execute("INSERT INTO things VALUES ('lost')"));
    const auto number = number_of(*lost);
    const bool starts_anew = GENERATE(true, false);
    INFO((starts_anew ? "the whole server" : "one of its processes"));
    if (starts_anew) {
        server.stop_immediate();
        server.start();
    } else {
        kill_process_of(made.url());
    }
    REQUIRE(code_of(lost->commit()) == error_code::unavailable);
    SECTION("while nobody has its number") {
        const auto settled = lost->settle();
        REQUIRE(settled);
        CHECK_FALSE(*settled);
    }
    SECTION("when another one has it") {
        auto other = open_at(made.url());
        take_numbers(*other, number);
        const auto settled = lost->settle();
        REQUIRE(settled);
        CHECK_FALSE(*settled);
    }
    SECTION("when another one has it, and nobody can tell") {
        auto other = open_at(made.url());
        take_numbers(*other, number);
        REQUIRE(open_at(made.url("postgres"))->execute("CHECKPOINT"));
        CHECK(code_of(lost->settle()) == error_code::unavailable);
    }
    SECTION("when another one has it that was rolled back") {
        auto other = open_at(made.url());
        for (std::int64_t reached = 0; reached < number;) {
            REQUIRE(other->begin());
            reached = number_of(*other);
            other->rollback();
        }
        const auto settled = lost->settle();
        REQUIRE(settled);
        CHECK_FALSE(*settled);
    }
    lost->rollback();
    REQUIRE(lost->execute("INSERT INTO things VALUES ('later')"));
    CHECK(count_of(*lost) >= 1);
}
