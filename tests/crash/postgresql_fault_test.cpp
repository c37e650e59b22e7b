#include "persistence/journal.hpp"
#include "persistence/migrations.hpp"
#include "persistence/postgresql/postgresql_database.hpp"
#include "tests/crash/in_child.hpp"
#include "tests/crash/small_disk.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <fstream>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

using namespace perin;
using namespace perin::persistence;
using namespace perin::test;
using perin::persistence::test::postgres_cluster;
using perin::persistence::test::temporary_folder;

namespace {

const std::string stream = "faults";

std::unique_ptr<database> open_at(const std::string& url) {
    auto opened = open_postgresql(url, postgresql_mode::read_write);
    if (!opened) throw std::runtime_error(opened.error().detail);
    return std::move(*opened);
}

void run(database& on, const std::string& sql) {
    if (auto done = on.execute(sql); !done) throw std::runtime_error(done.error().detail);
}

/// Two records of 4,000 octets that cannot be made smaller, in a transaction.
result<void> append(database& db, std::uint64_t version) {
    auto all = transaction::begin(db);
    if (!all) return all.error();
    std::uint64_t state = version + 1;
    std::string text(4'000, ' ');
    for (char& each : text) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        each = static_cast<char>('!' + (state >> 57) % 90);
    }
    const std::array records{journal_record{0, "a", text, timestamp{}},
                             journal_record{0, "b", text, timestamp{}}};
    auto done = journal_repository(db).append(stream, version, records);
    return done ? all->commit() : done;
}

/// A folder that the server may call its own, whoever it runs as.
std::filesystem::path make_space(const std::filesystem::path& disk, const postgres_cluster& of) {
    struct stat data = {};
    const auto space = disk / "space";
    std::filesystem::create_directory(space);
    if (::stat((of.folder() / "data").c_str(), &data) != 0 ||
        ::chown(space.c_str(), data.st_uid, data.st_gid) != 0)
        throw std::runtime_error("the folder cannot be given to the server");
    return space;
}

}  // namespace

TEST_CASE("a PostgreSQL server's full disk is told as one, and once there is room all goes on") {
    const temporary_folder folder;
    const auto said = in_child([&]() -> std::string {
        if (!mount_small(folder.path(), "size=24m,mode=755")) return cannot_mount;
        const postgres_cluster server;
        auto owner = open_at(server.url("postgres", "postgres"));
        run(*owner, "CREATE TABLESPACE small LOCATION '" +
                        make_space(folder.path(), server).string() + "'");
        run(*owner, "CREATE DATABASE kept TEMPLATE template0 OWNER perin TABLESPACE small");
        auto db = open_at(server.url("kept"));
        if (auto done = migrate(*db, timestamp{}); !done) return done.error().detail;
        const auto ballast = folder.path() / "ballast";
        std::ofstream(ballast) << std::string(std::size_t{4'000'000}, 'x');

        constexpr std::uint64_t many = 10'000;
        std::uint64_t version = 0;
        std::optional<failure> why;
        for (; version < many && !why; version += 2)
            if (auto done = append(*db, version); !done) why = done.error();
        if (!why) return "there is no end to it";
        version -= 2;
        if (why->code != error_code::unavailable ||
            why->detail != "the disk of the database is full")
            return std::string(to_string(why->code)) + ": " + why->detail;
        if (version == 0) return "nothing was written before";
        // It stays so, and readers are served.
        if (append(*db, version)) return "there was room";
        auto seen = journal_repository(*open_at(server.url("kept"))).version(stream);
        if (!seen || *seen != version) return "a reader sees something else";
        std::filesystem::remove(ballast);
        if (auto done = append(*db, version); !done) return "going on: " + done.error().detail;
        seen = journal_repository(*db).version(stream);
        return seen && *seen == version + 2 ? "" : "at another version";
    });
    if (said == cannot_mount)
        WARN("not tried: this user may not mount a file system");
    else
        CHECK(said == "");
}
