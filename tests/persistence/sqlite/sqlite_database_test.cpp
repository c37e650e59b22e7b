#include "persistence/sqlite/sqlite_database.hpp"

#include "persistence/journal.hpp"
#include "persistence/migrations.hpp"
#include "persistence/settings.hpp"
#include "persistence/sqlite/sqlite_error.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <array>
#include <fstream>
#include <sys/stat.h>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

using namespace std::chrono_literals;

std::unique_ptr<database> open_at(const std::filesystem::path& path,
                                  sqlite_mode mode = sqlite_mode::read_write) {
    // A writer that finds another one fails at once: a test does not wait.
    auto opened = open_sqlite(path.string(), mode, 0ms);
    REQUIRE(opened);
    return std::move(*opened);
}

unsigned permissions_of(const std::filesystem::path& path) {
    return static_cast<unsigned>(std::filesystem::status(path).permissions()) & 0777u;
}

}  // namespace

TEST_CASE("an SQLite file and its log are for its owner only") {
    const temporary_folder folder;
    const mode_t before = ::umask(0);
    auto opened = open_at(folder.path() / "perin.db");
    REQUIRE(migrate(*opened, at(0)));
    ::umask(before);
    CHECK(permissions_of(folder.path() / "perin.db") == 0600u);
    CHECK(permissions_of(folder.path() / "perin.db-wal") == 0600u);
    CHECK(permissions_of(folder.path() / "perin.db-shm") == 0600u);
}

TEST_CASE("an SQLite connection is set up to be durable") {
    const temporary_folder folder;
    auto opened = open_at(folder.path() / "perin.db");
    CHECK(std::string(opened->driver()) == "sqlite");
    CHECK(opened->execute("PRAGMA journal_mode")->front().text(0) == "wal");
    CHECK(opened->execute("PRAGMA synchronous")->front().integer(0) == 2);  // FULL
    CHECK(opened->execute("PRAGMA foreign_keys")->front().integer(0) == 1);
    auto patient = open_sqlite((folder.path() / "perin.db").string(), sqlite_mode::read_write);
    REQUIRE(patient);
    CHECK((*patient)->execute("PRAGMA busy_timeout")->front().integer(0) == 5000);
}

TEST_CASE("a read-only SQLite connection reads and is refused to write") {
    const temporary_folder folder;
    {
        auto writer = open_at(folder.path() / "perin.db");
        REQUIRE(migrate(*writer, at(0)));
        REQUIRE(settings_repository(*writer).put("a", "b"));
    }
    auto reader = open_at(folder.path() / "perin.db", sqlite_mode::read_only);
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
        CHECK(view->commit());
    }
    CHECK(*settings.find("a") == "b");
}

TEST_CASE("a read-only SQLite connection does not make a file") {
    const temporary_folder folder;
    const auto path = folder.path() / "none.db";
    CHECK(code_of(open_sqlite(path.string(), sqlite_mode::read_only)) == error_code::unavailable);
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("an SQLite file that cannot be opened is unavailable") {
    const temporary_folder folder;
    const auto missing =
        open_sqlite((folder.path() / "no" / "perin.db").string(), sqlite_mode::read_write);
    REQUIRE(code_of(missing) == error_code::unavailable);
    CHECK(missing.error().detail.find(folder.path().string()) == std::string::npos);
    CHECK(code_of(open_sqlite(folder.path().string(), sqlite_mode::read_write)) ==
          error_code::unavailable);
    CHECK(code_of(open_sqlite("", sqlite_mode::read_write)) == error_code::internal);
    CHECK(code_of(open_sqlite(":memory:", sqlite_mode::read_write)) == error_code::internal);
}

TEST_CASE("a file that is not an SQLite database is told from one") {
    const temporary_folder folder;
    const auto path = folder.path() / "letter.txt";
    const std::string letter(5000, 'x');
    std::ofstream(path) << letter;
    const auto mode = GENERATE(sqlite_mode::read_write, sqlite_mode::read_only);
    const auto opened = open_sqlite(path.string(), mode);
    REQUIRE(code_of(opened) == error_code::internal);
    CHECK(opened.error().detail == "the file is not a database");
    std::string after;
    std::getline(std::ifstream(path), after);
    CHECK(after == letter);
}

TEST_CASE("a damaged SQLite file is internal") {
    const temporary_folder folder;
    const auto path = folder.path() / "perin.db";
    REQUIRE(migrate(*open_at(path), at(0)));
    const auto schema = std::filesystem::file_size(path);
    {
        auto opened = open_at(path);
        for (int i = 0; i < 200; ++i) {
            REQUIRE(settings_repository(*opened).put(std::to_string(i), std::string(500, 'x')));
        }
    }
    const auto overwrite = [&path](std::uintmax_t from) {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(from));
        file << std::string(std::filesystem::file_size(path) - from, '\xff');
    };
    // The rows, but for the first ones, which are on pages that the schema's steps left free; and
    // then all but the first page: that of the schema's, too.
    overwrite(schema);
    {
        auto opened = open_at(path);
        CHECK(code_of(settings_repository(*opened).find("199")) == error_code::internal);
    }
    overwrite(4096);
    const auto opened = open_sqlite(path.string(), sqlite_mode::read_write);
    REQUIRE(code_of(opened) == error_code::internal);
    CHECK(opened.error().detail == "the database is damaged");
}

TEST_CASE("a second SQLite writer is told that the database is busy, and readers go on") {
    const temporary_folder folder;
    auto first = open_at(folder.path() / "perin.db");
    REQUIRE(migrate(*first, at(0)));
    auto second = open_at(folder.path() / "perin.db");
    settings_repository settings(*second);
    {
        auto held = transaction::begin(*first);
        REQUIRE(held);
        const auto busy = transaction::begin(*second);
        REQUIRE(code_of(busy) == error_code::unavailable);
        CHECK(busy.error().detail == "the database is busy with another writer");
        CHECK(code_of(settings.put("a", "b")) == error_code::unavailable);
        CHECK(*settings.find("a") == std::nullopt);
    }
    CHECK(settings.put("a", "b"));
}

TEST_CASE("a full disk fails the SQLite batch as a whole and the next one succeeds") {
    const temporary_folder folder;
    auto opened = open_at(folder.path() / "perin.db");
    REQUIRE(migrate(*opened, at(0)));
    REQUIRE(opened->execute("PRAGMA max_page_count = 60"));
    settings_repository settings(*opened);
    {
        auto batch = transaction::begin(*opened);
        REQUIRE(batch);
        REQUIRE(settings.put("small", "x"));
        {
            auto item = savepoint::begin(*opened);
            REQUIRE(item);
            const auto full = settings.put("large", std::string(1024 * 1024, 'x'));
            REQUIRE(code_of(full) == error_code::unavailable);
            CHECK(full.error().detail == "the disk of the database is full");
        }
        // The database may have given the whole transaction up: then nothing may slip through.
        const bool goes_on = settings.put("after", "x").has_value();
        CHECK(batch->commit().has_value() == goes_on);
        CHECK(settings.find("small")->has_value() == goes_on);
        CHECK(settings.find("after")->has_value() == goes_on);
        CHECK(*settings.find("large") == std::nullopt);
    }
    REQUIRE(opened->execute("PRAGMA max_page_count = 100000"));
    CHECK(settings.put("large", std::string(1024 * 1024, 'x')));
}

TEST_CASE("an SQLite transaction that was given up lets nothing through until it ends") {
    const temporary_folder folder;
    auto opened = open_at(folder.path() / "perin.db");
    REQUIRE(migrate(*opened, at(0)));
    settings_repository settings(*opened);
    {
        auto batch = transaction::begin(*opened);
        REQUIRE(batch);
        REQUIRE(settings.put("a", "x"));
        REQUIRE(opened->execute("ROLLBACK"));  // as SQLite does on some errors
        CHECK(code_of(settings.put("b", "x")) == error_code::unavailable);
        CHECK(code_of(savepoint::begin(*opened)) == error_code::unavailable);
        CHECK(code_of(batch->commit()) == error_code::unavailable);
    }
    CHECK(*settings.find("a") == std::nullopt);
    CHECK(*settings.find("b") == std::nullopt);
    CHECK(settings.put("c", "x"));
}

TEST_CASE("SQLite is given one well-formed statement at a time") {
    const temporary_folder folder;
    auto opened = open_at(folder.path() / "perin.db");
    const std::string sql = GENERATE("", "  ", "SELECT 1; SELECT 2", "SELECT ?", "SELECT :a",
                                     "SELECT $a", "SELECT $0", "SELEC 1", "SELECT \"text\"");
    CHECK(code_of(opened->execute(sql)) == error_code::internal);
    CHECK(opened->execute("SELECT 1; ")->front().integer(0) == 1);
}

TEST_CASE("an SQLite connection that meets ever new statements goes on") {
    const temporary_folder folder;
    auto opened = open_at(folder.path() / "perin.db");
    for (int i = 0; i < 1000; ++i) {
        auto found = opened->execute("SELECT " + std::to_string(i));
        REQUIRE(found);
        REQUIRE(found->front().integer(0) == i);
    }
}

TEST_CASE("a statement kept from before a change of the schema still runs") {
    const temporary_folder folder;
    auto first = open_at(folder.path() / "perin.db");
    auto second = open_at(folder.path() / "perin.db");
    REQUIRE(first->execute("CREATE TABLE things (a BIGINT)"));
    REQUIRE(first->execute("INSERT INTO things (a) VALUES ($1)", {std::int64_t{1}}));
    REQUIRE(second->execute("ALTER TABLE things ADD COLUMN b TEXT"));
    REQUIRE(first->execute("INSERT INTO things (a) VALUES ($1)", {std::int64_t{2}}));
    CHECK(second->execute("SELECT a, b FROM things")->size() == 2);
}

TEST_CASE("result codes of SQLite have their place in our vocabulary") {
    const auto [code, expected] = GENERATE(table<int, error_code>({
        {SQLITE_CONSTRAINT_UNIQUE, error_code::conflict},
        {SQLITE_CONSTRAINT_PRIMARYKEY, error_code::conflict},
        {SQLITE_CONSTRAINT_FOREIGNKEY, error_code::conflict},
        {SQLITE_CONSTRAINT_NOTNULL, error_code::conflict},
        {SQLITE_BUSY, error_code::unavailable},
        {SQLITE_BUSY_SNAPSHOT, error_code::unavailable},
        {SQLITE_LOCKED, error_code::unavailable},
        {SQLITE_PROTOCOL, error_code::unavailable},
        {SQLITE_FULL, error_code::unavailable},
        {SQLITE_READONLY_DBMOVED, error_code::unavailable},
        {SQLITE_IOERR_FSYNC, error_code::unavailable},
        {SQLITE_CANTOPEN_ISDIR, error_code::unavailable},
        {SQLITE_PERM, error_code::unavailable},
        {SQLITE_CORRUPT_INDEX, error_code::internal},
        {SQLITE_NOTADB, error_code::internal},
        {SQLITE_NOMEM, error_code::internal},
        {SQLITE_TOOBIG, error_code::internal},
        {SQLITE_MISUSE, error_code::internal},
        {SQLITE_ERROR, error_code::internal},
    }));
    INFO(code);
    CHECK(sqlite_failure(code).code == expected);
    CHECK_FALSE(sqlite_failure(code).detail.empty());
}
