#include "persistence/database_check.hpp"

#include "persistence/sqlite/sqlite_database.hpp"
#include "tests/persistence/filled_store.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

void change(database& on, std::string_view sql) {
    const auto done = on.execute(sql);
    if (!done) FAIL(done.error().detail);
}

}  // namespace

TEST_CASE("a database that is filled as it should be has no findings") {
    test_store store(GENERATE(from_range(drivers())));
    const auto on = store.open();
    fill(*on);
    const auto storage = check_storage(*on);
    REQUIRE(storage);
    CHECK(storage->empty());
    CHECK(require_whole_storage(*on));
    const auto consistency = check_consistency(*on);
    REQUIRE(consistency);
    CHECK(consistency->empty());
}

TEST_CASE("each thing that does not fit together is found") {
    const auto driver = GENERATE(from_range(drivers()));
    const std::string stream = "conversation/usr_ada/cnv_1";
    struct wrong {
        std::string sql;
        std::vector<finding> found;
    };
    const std::vector<wrong> all = {
        {"DELETE FROM journal WHERE stream = 'conversation/usr_ada/cnv_1' AND version = 20",
         {{"journal", stream, "its versions have a gap"}}},
        {"DELETE FROM journal WHERE stream = 'conversation/usr_ada/cnv_1' AND version = 1",
         {{"journal", stream, "its first records are gone, and no snapshot stands for them"}}},
        {"UPDATE snapshots SET version = 1",
         {{"journal", "workflow/1",
           "its first records are gone, and no snapshot stands for "
           "them"}}},
        {"DELETE FROM journal WHERE stream = 'conversation/usr_ada/cnv_1' AND version = 150",
         {{"turns", "trn_1", "its versions are not in its conversation's journal"}}},
        {"UPDATE turns SET ended_version = 148 WHERE turn_id = 'trn_2'",
         {{"turns", "trn_2", "its versions are not in its conversation's journal"}}},
        {"UPDATE turns SET accepted_version = 0 WHERE turn_id = 'trn_2'",
         {{"turns", "trn_2", "its versions are not in its conversation's journal"}}},
        {"INSERT INTO conversations (user_id, id, title, created_at, updated_at, last_seq) "
         "VALUES ('usr_ada', 'cnv_2', '', 1, 1, 1)",
         {{"conversations", "conversation/usr_ada/cnv_2", "the conversation has no journal"}}},
        {"UPDATE conversations SET deleted_at = 1",
         {{"conversations", stream, "the journal is of no conversation"}}},
        {"UPDATE streams SET version = 4",
         {{"streams", "workflow/1", "its version is not that of its journal"}}},
    };
    for (const auto& [sql, found] : all) {
        INFO(driver << ": " << sql);
        test_store store(driver);
        const auto on = store.open();
        fill(*on);
        change(*on, sql);
        const auto findings = check_consistency(*on);
        REQUIRE(findings);
        CHECK(*findings == found);
    }
}

TEST_CASE("a stream whose records a snapshot stands for has its version") {
    test_store store(GENERATE(from_range(drivers())));
    const auto on = store.open();
    fill(*on);
    change(*on, "DELETE FROM journal WHERE stream = 'workflow/1'");
    change(*on, "UPDATE snapshots SET version = 3");
    const auto findings = check_consistency(*on);
    REQUIRE(findings);
    CHECK(findings->empty());
}

TEST_CASE("of many findings the first hundred are told") {
    test_store store(GENERATE(from_range(drivers())));
    const auto on = store.open();
    auto all = transaction::begin(*on);
    REQUIRE(all);
    for (std::int64_t i = 1000; i < 1150; ++i) {
        REQUIRE(
            on->execute("INSERT INTO journal (stream, version, kind, payload, at) "
                        "VALUES ($1, 2, 'k', '{}', 1)",
                        {"s" + std::to_string(i)}));
    }
    REQUIRE(all->commit());
    const auto findings = check_consistency(*on);
    REQUIRE(findings);
    REQUIRE(findings->size() == 101);
    CHECK(findings->front().subject == "s1000");
    CHECK((*findings)[99].subject == "s1099");
    CHECK((*findings)[100] == finding{"journal", "", "there are more of these"});
}

TEST_CASE("a database without our schema is none to be checked") {
    test_store store(GENERATE(from_range(drivers())));
    const auto on = store.open_empty();
    CHECK(code_of(check_consistency(*on)) == error_code::not_found);
    REQUIRE(check_storage(*on));
    CHECK(check_storage(*on)->empty());
}

TEST_CASE("a database of an earlier schema is checked as far as it goes") {
    test_store store(GENERATE(from_range(drivers())));
    const auto on = store.open();
    change(*on, "DROP TABLE streams");
    change(*on, "DROP TABLE snapshots");
    const auto findings = check_consistency(*on);
    REQUIRE(findings);
    CHECK(findings->empty());
}

TEST_CASE("a reference of SQLite's that leads nowhere is found") {
    test_store store("sqlite");
    const auto on = store.open();
    fill(*on);
    change(*on, "PRAGMA foreign_keys = OFF");
    change(*on, "DELETE FROM users WHERE id = 'usr_ada'");
    const auto findings = check_storage(*on);
    REQUIRE(findings);
    REQUIRE_FALSE(findings->empty());
    for (const auto& one : *findings) {
        CHECK(one.check == "references");
        CHECK(one.subject.find("refers to users") != std::string::npos);
    }
    CHECK(code_of(require_whole_storage(*on)) == error_code::internal);
}

TEST_CASE("a damaged page of SQLite's is found") {
    const temporary_folder folder;
    const auto path = (folder.path() / "damaged.db").string();
    {
        auto on = open_sqlite(path, sqlite_mode::read_write);
        REQUIRE(on);
        change(**on, "CREATE TABLE t (id TEXT PRIMARY KEY NOT NULL, content TEXT)");
        for (std::int64_t i = 0; i < 200; ++i) {
            REQUIRE((*on)->execute("INSERT INTO t (id, content) VALUES ($1, $2)",
                                   {std::to_string(i), std::string(300, 'x')}));
        }
    }
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096 * 3);
        file << std::string(4096, '\x7f');
    }
    auto on = open_sqlite(path, sqlite_mode::read_only);
    REQUIRE(on);
    const auto findings = check_storage(**on);
    REQUIRE(findings);
    REQUIRE_FALSE(findings->empty());
    CHECK(findings->front().check == "storage");
    CHECK_FALSE(findings->front().detail.empty());
    const auto whole = require_whole_storage(**on);
    REQUIRE_FALSE(whole);
    CHECK(whole.error().code == error_code::internal);
    CHECK(whole.error().detail.starts_with("it is damaged: "));
}
