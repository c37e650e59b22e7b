#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <optional>

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

/// Rolls transactions back until one has had that number.
void waste_numbers(database& db, std::int64_t number) {
    for (std::int64_t reached = 0; reached < number;) {
        REQUIRE(db.begin());
        reached = number_of(db);
        db.rollback();
    }
}

struct aftermath {
    const char* what;
    /// What others do after the crash, given the lost transaction's number.
    void (*others)(const postgres_test_database& in, std::int64_t number);
    /// Nothing: it cannot be told.
    std::optional<bool> settled;
};

const std::array<aftermath, 4> aftermaths = {{
    {"nobody has its number", [](const auto&, std::int64_t) {}, false},
    {"another one has it",
     [](const auto& in, std::int64_t number) { take_numbers(*open_at(in.url()), number); }, false},
    {"another one has it that was rolled back",
     [](const auto& in, std::int64_t number) { waste_numbers(*open_at(in.url()), number); }, false},
    {"another one has it, and the server has forgotten where it began",
     [](const auto& in, std::int64_t number) {
         take_numbers(*open_at(in.url()), number);
         REQUIRE(open_at(in.url("postgres"))->execute("CHECKPOINT"));
     },
     std::nullopt},
}};

}  // namespace

// What a transaction did reaches the disk with its COMMIT, its number among it: a crash before that
// gives the number to another one.
TEST_CASE("a commit that a crash of PostgreSQL prevented is not taken for another one") {
    postgres_cluster server;
    const postgres_test_database in(server);
    auto lost = open_at(in.url());
    REQUIRE(lost->execute("CREATE TABLE things (name TEXT)"));
    for (const bool all_of_it : {true, false}) {
        for (const auto& after : aftermaths) {
            INFO((all_of_it ? "the server" : "one of its processes") << " died, " << after.what);
            REQUIRE(lost->begin());
            REQUIRE(lost->execute("INSERT INTO things VALUES ('lost')"));
            const auto number = number_of(*lost);
            if (all_of_it) {
                server.stop_immediate();
                server.start();
            } else {
                kill_process_of(in.url());
            }
            REQUIRE(code_of(lost->commit()) == error_code::unavailable);
            after.others(in, number);
            const auto settled = lost->settle();
            REQUIRE(settled.has_value() == after.settled.has_value());
            if (settled) CHECK(*settled == *after.settled);
            if (!settled) CHECK(settled.error().code == error_code::unavailable);
            lost->rollback();
            auto found = lost->execute("SELECT name FROM things WHERE name = 'lost'");
            REQUIRE(found);
            CHECK(found->empty());
        }
    }
}
