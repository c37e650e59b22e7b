#include "persistence/sqlite/sqlite_backup.hpp"

#include "persistence/database_check.hpp"
#include "persistence/journal.hpp"
#include "persistence/migrations.hpp"
#include "persistence/sqlite/sqlite_database.hpp"
#include "tests/persistence/filled_store.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <fstream>
#include <thread>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<database> opened(const fs::path& path, sqlite_mode mode = sqlite_mode::read_write) {
    auto made = open_sqlite(path.string(), mode);
    if (!made) FAIL(made.error().detail);
    return std::move(*made);
}

fs::path empty_file(const fs::path& path) {
    const std::ofstream made(path);
    return path;
}

std::int64_t number(database& on, std::string_view sql) {
    const auto answer = on.execute(sql);
    REQUIRE(answer);
    return answer->front().integer(0);
}

bool contains(const fs::path& path, const std::string& text) {
    std::ifstream in(path, std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    return all.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a copy of SQLite's is one file that holds everything") {
    const temporary_folder folder;
    const auto source = folder.path() / "perin.db";
    const auto on = opened(source);
    REQUIRE(migrate(*on, at(0)));
    fill(*on);
    const auto target = empty_file(folder.path() / "copy");
    std::vector<double> told;
    REQUIRE(copy_sqlite(source.string(), target.string(), [&](double n) { told.push_back(n); }));
    REQUIRE_FALSE(told.empty());
    CHECK(told.back() == 1.0);
    CHECK(std::ranges::is_sorted(told));

    const auto copy = opened(target, sqlite_mode::read_only);
    CHECK(require_whole_storage(*copy));
    CHECK(check_consistency(*copy)->empty());
    CHECK(number(*copy, "SELECT COUNT(*) FROM journal") == 151);
    CHECK_FALSE(fs::exists(target.string() + "-wal"));
    CHECK_FALSE(fs::exists(target.string() + "-shm"));
    CHECK_FALSE(fs::exists(target.string() + "-journal"));
}

TEST_CASE("what was erased is not in a copy") {
    const temporary_folder folder;
    const auto source = folder.path() / "perin.db";
    const std::string secret = "what nobody may know any more";
    {
        const auto on = opened(source);
        REQUIRE(migrate(*on, at(0)));
        // Some builds of SQLite overwrite what is deleted.
        REQUIRE(on->execute("PRAGMA secure_delete = OFF"));
        for (std::int64_t i = 0; i < 100; ++i) {
            REQUIRE(on->execute("INSERT INTO settings (name, value) VALUES ($1, $2)",
                                {std::to_string(i), secret}));
        }
        REQUIRE(on->execute("DELETE FROM settings"));
    }
    REQUIRE(contains(source, secret));
    const auto target = empty_file(folder.path() / "copy");
    REQUIRE(copy_sqlite(source.string(), target.string()));
    CHECK_FALSE(contains(target, secret));
}

TEST_CASE("a copy that is made while others write as fast as they can is of one moment") {
    const temporary_folder folder;
    const auto source = folder.path() / "perin.db";
    REQUIRE(migrate(*opened(source), at(0)));
    constexpr std::uint64_t least = 40;
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> written = 0;
    // Each transaction writes one record to each of two streams: they are never apart.
    std::thread writer([&] {
        const auto on = opened(source);
        journal_repository journal(*on);
        for (std::uint64_t version = 0; !stop; ++version) {
            auto both = transaction::begin(*on);
            const std::vector<journal_record> record = {
                {.version = 0, .kind = "k", .payload = std::string(2000, 'x'), .at = at(0)}};
            if (!both || !journal.append("a", version, record) ||
                !journal.append("b", version, record) || !both->commit()) {
                break;
            }
            written = version + 1;
        }
    });
    while (written < least) std::this_thread::yield();
    std::uint64_t before = 0;
    for (int i = 0; i < 5; ++i) {
        INFO("copy " << i);
        const auto target = empty_file(folder.path() / ("copy" + std::to_string(i)));
        const std::uint64_t at_least = written;
        const auto copied = copy_sqlite(source.string(), target.string());
        const std::uint64_t at_most = written + 1;
        CHECK(copied);
        if (!copied) break;
        const auto copy = opened(target, sqlite_mode::read_only);
        CHECK(require_whole_storage(*copy));
        CHECK(check_consistency(*copy)->empty());
        const auto a = journal_repository(*copy).version("a");
        const auto b = journal_repository(*copy).version("b");
        CHECK(*a == *b);
        CHECK(*a >= at_least);
        CHECK(*a <= at_most);
        CHECK(*a >= before);
        before = *a;
    }
    stop = true;
    writer.join();
    CHECK(written > least);
}

TEST_CASE("a copy needs a source that is a database, and a target that is empty") {
    const temporary_folder folder;
    const auto source = folder.path() / "perin.db";
    REQUIRE(migrate(*opened(source), at(0)));
    const auto target = (folder.path() / "copy").string();
    {
        std::ofstream taken(target);
        taken << "something else";
    }
    CHECK_FALSE(copy_sqlite(source.string(), target));
    CHECK(contains(target, "something else"));
    CHECK(code_of(copy_sqlite((folder.path() / "none").string(), target)) ==
          error_code::unavailable);
    CHECK(code_of(copy_sqlite(target, (folder.path() / "other").string())) == error_code::internal);
}
