#include "persistence/journal.hpp"
#include "persistence/migrations.hpp"
#include "persistence/sqlite/sqlite_database.hpp"
#include "tests/crash/in_child.hpp"
#include "tests/crash/small_disk.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

using namespace perin;
using namespace perin::persistence;
using namespace perin::test;
using perin::persistence::test::code_of;
using perin::persistence::test::temporary_folder;
using namespace std::chrono_literals;

namespace {

const std::string stream = "faults";
constexpr auto busy_timeout = 20ms;

std::unique_ptr<database> open_at(const std::filesystem::path& path,
                                  sqlite_mode mode = sqlite_mode::read_write) {
    auto opened = open_sqlite(path.string(), mode, busy_timeout);
    if (!opened) throw std::runtime_error(opened.error().detail);
    return std::move(*opened);
}

std::unique_ptr<database> open_migrated(const std::filesystem::path& path) {
    auto opened = open_at(path);
    if (auto done = migrate(*opened, timestamp{}); !done)
        throw std::runtime_error(done.error().detail);
    return opened;
}

/// Two records of `size` octets after `version`, in a transaction.
result<void> append(database& db, std::uint64_t version, std::size_t size) {
    auto all = transaction::begin(db);
    if (!all) return all.error();
    const std::array records{journal_record{0, "a", std::string(size, 'x'), timestamp{}},
                             journal_record{0, "b", std::string(size, 'y'), timestamp{}}};
    auto done = journal_repository(db).append(stream, version, records);
    return done ? all->commit() : done;
}

/// Appends until that fails. Gives the version until which it went well, and why no further.
std::pair<std::uint64_t, failure> append_until_failure(database& db, std::uint64_t version) {
    constexpr std::uint64_t many = 10'000;
    for (; version < many; version += 2)
        if (auto done = append(db, version, 4'000); !done) return {version, done.error()};
    return {version, {error_code::internal, "there is no end to it"}};
}

/// What is wrong with a database that should hold the stream up to a version, and goes on.
std::string check_whole(database& db, std::uint64_t version) {
    auto found = journal_repository(db).version(stream);
    if (!found) return "reading: " + found.error().detail;
    if (*found != version)
        return "at version " + std::to_string(*found) + ", not " + std::to_string(version);
    if (auto done = append(db, version, 4'000); !done) return "going on: " + done.error().detail;
    auto whole = db.execute("PRAGMA integrity_check");
    if (!whole) return whole.error().detail;
    return whole->at(0).text(0) == "ok" ? "" : whole->at(0).text(0);
}

std::string unexpected(const failure& why) {
    return std::string(to_string(why.code)) + ": " + why.detail;
}

void stop_growth_at(std::uintmax_t octets) {
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = octets;
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

/// Where root may do everything, somebody who may not.
void become_ordinary(const std::filesystem::path& folder) {
    if (::geteuid() != 0) return;
    constexpr uid_t nobody = 65'534;
    if (::chown(folder.c_str(), nobody, nobody) != 0 || ::setgid(nobody) != 0 ||
        ::setuid(nobody) != 0)
        throw std::runtime_error("cannot become nobody");
}

void overwrite(const std::filesystem::path& path, std::uintmax_t at, const std::string& octets) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << octets;
}

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a full disk is told as one, and once there is room the same connection goes on") {
    const temporary_folder folder;
    const auto said = in_child([&]() -> std::string {
        if (!mount_small(folder.path(), "size=3m")) return cannot_mount;
        const auto ballast = folder.path() / "ballast";
        std::ofstream(ballast) << std::string(std::size_t{1'000'000}, 'x');
        auto db = open_migrated(folder.path() / "perin.db");
        const auto [version, why] = append_until_failure(*db, 0);
        if (why.code != error_code::unavailable || why.detail != "the disk of the database is full")
            return unexpected(why);
        if (version == 0) return "nothing was written before";
        // It stays so, and readers are served.
        if (append(*db, version, 4'000)) return "there was room";
        auto reader = open_at(folder.path() / "perin.db", sqlite_mode::read_only);
        auto seen = journal_repository(*reader).version(stream);
        if (!seen || *seen != version) return "a reader sees something else";
        std::filesystem::remove(ballast);
        return check_whole(*db, version);
    });
    if (said == cannot_mount)
        WARN("not tried: this user may not mount a file system");
    else
        CHECK(said == "");
}

TEST_CASE("a file that may not grow is told as the disk's error, and then the connection goes on") {
    const temporary_folder folder;
    const auto path = folder.path() / "perin.db";
    const auto said = in_child([&]() -> std::string {
        std::signal(SIGXFSZ, SIG_IGN);
        auto db = open_migrated(path);
        if (auto done = append(*db, 0, 4'000); !done) return unexpected(done.error());
        stop_growth_at(std::filesystem::file_size(path.string() + "-wal") + 100'000);
        const auto [version, why] = append_until_failure(*db, 2);
        if (why.code != error_code::unavailable ||
            why.detail != "the disk of the database reports an error")
            return unexpected(why);
        if (append(*db, version, 4'000)) return "it could grow";
        stop_growth_at(RLIM_INFINITY);
        return check_whole(*db, version);
    });
    CHECK(said == "");
}

TEST_CASE("a file that may only be read is told as one, and opened once it may be written") {
    const temporary_folder folder;
    const auto said = in_child([&]() -> std::string {
        const auto path = folder.path() / "perin.db";
        become_ordinary(folder.path());
        {
            auto db = open_migrated(path);
            if (auto done = append(*db, 0, 100); !done) return unexpected(done.error());
        }
        std::filesystem::permissions(path, std::filesystem::perms::owner_read);
        auto opened = open_sqlite(path.string(), sqlite_mode::read_write, busy_timeout);
        if (opened) return "it can be written";
        if (opened.error().code != error_code::unavailable ||
            opened.error().detail != "the database is read-only")
            return unexpected(opened.error());
        std::filesystem::permissions(
            path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        return check_whole(*open_at(path), 2);
    });
    CHECK(said == "");
}

TEST_CASE("a damaged page is told as damage, and what lies elsewhere is read and written") {
    const temporary_folder folder;
    const auto path = folder.path() / "perin.db";
    std::uint64_t version = 0;
    {
        auto db = open_migrated(path);
        for (; version < 200; version += 2) REQUIRE(append(*db, version, 1'000));
    }
    // The pages of the records' texts alone: no other table's, nor any that leads there.
    const auto whole = contents(path);
    constexpr std::size_t page = 4'096;
    std::vector<std::size_t> pages;
    for (std::size_t at = page; at < whole.size(); at += page) {
        const auto text = std::string_view(whole).substr(at, page);
        if (text[0] == '\x0d' && text.find(std::string(100, 'y')) != std::string::npos)
            pages.push_back(at);
    }
    REQUIRE(pages.size() > 10);
    const auto bad = pages[pages.size() / 2];
    overwrite(path, bad, std::string(page, '\xa5'));

    auto db = open_at(path);
    std::size_t damaged = 0;
    for (std::uint64_t after = 0; after < version; after += 10) {
        auto read = journal_repository(*db).read(stream, after, 10);
        if (read) continue;
        ++damaged;
        CHECK(read.error().code == error_code::internal);
        CHECK(read.error().detail == "the database is damaged");
    }
    CHECK(damaged >= 1);
    CHECK(damaged <= 2);
    CHECK(db->execute("UPDATE users SET name = name"));
    CHECK(append(*db, version, 1'000));
    version += 2;

    // Put back as a backup would; a connection that has seen the damage is closed.
    db.reset();
    overwrite(path, bad, whole.substr(bad, page));
    CHECK(check_whole(*open_at(path), version) == "");
}

TEST_CASE("a file that another program holds is told as busy, and then the connection goes on") {
    const temporary_folder folder;
    const auto path = folder.path() / "perin.db";
    std::string held_for = GENERATE("writing", "everything");
    INFO(held_for);
    static_cast<void>(open_migrated(path));
    const auto said = in_child([&]() -> std::string {
        std::unique_ptr<database> db;
        auto hold = [&] {
            // Kept open on purpose.
            auto* other = open_at(path).release();
            if (held_for == "everything") {
                if (!other->execute("PRAGMA locking_mode = EXCLUSIVE")) return false;
                return append(*other, 0, 100).has_value();
            }
            return other->begin().has_value();
        };
        // Where it holds everything it must come first.
        const auto version = held_for == "everything" ? std::uint64_t{2} : std::uint64_t{0};
        {
            const holding_child holder(hold);
            auto opened = open_sqlite(path.string(), sqlite_mode::read_write, busy_timeout);
            auto done = opened ? append(**opened, version, 100) : result<void>{opened.error()};
            if (done) return "it could be written";
            if (done.error().code != error_code::unavailable ||
                done.error().detail != "the database is busy with another writer")
                return unexpected(done.error());
            if (opened) db = std::move(*opened);
        }
        if (!db) db = open_at(path);
        return check_whole(*db, version);
    });
    CHECK(said == "");
}
