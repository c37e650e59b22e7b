#include "persistence/sqlite/sqlite_restore.hpp"

#include "persistence/database_check.hpp"
#include "persistence/migrations.hpp"
#include "persistence/settings.hpp"
#include "persistence/sqlite/sqlite_backup.hpp"
#include "persistence/sqlite/sqlite_database.hpp"
#include "tests/persistence/filled_store.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

/// A database whose setting `which` has this value.
void make_database(const fs::path& path, const std::string& which) {
    const auto on = opened(path);
    REQUIRE(migrate(*on, at(0)));
    REQUIRE(settings_repository(*on).put("which", which));
}

std::string which(const fs::path& path) {
    const auto on = opened(path);
    CHECK(require_whole_storage(*on));
    const auto found = settings_repository(*on).find("which");
    return found && *found ? **found : "nothing";
}

/// An old database and a backup of a new one.
struct fixture {
    fixture() {
        make_database(database, "old");
        make_database(folder.path() / "other.db", "new");
        const std::ofstream made(backup);
        REQUIRE(copy_sqlite((folder.path() / "other.db").string(), backup.string()));
        fs::remove(folder.path() / "other.db");
    }

    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& each : fs::directory_iterator(data)) {
            names.push_back(each.path().filename());
        }
        std::ranges::sort(names);
        return names;
    }

    temporary_folder folder;
    fs::path data = [this] {
        fs::create_directory(folder.path() / "data");
        return folder.path() / "data";
    }();
    fs::path database = data / "perin.db";
    fs::path backup = folder.path() / "backup";
};

void change_bytes(const fs::path& path, std::streamoff where, const std::string& to) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(where);
    file << to;
}

/// Runs `what` in a process of its own; the signal that ended it, or nothing.
template <class Do>
int signal_of(const Do& what) {
    const pid_t child = ::fork();
    if (child == 0) {
        what();
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE("a restored database is the backup's, and the old one is kept") {
    const fixture with;
    auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
    REQUIRE(prepared);
    CHECK(prepared->facts().schema == known_migrations().back().number);
    CHECK(prepared->facts().steps == 0);
    CHECK(prepared->facts().users == 0);
    CHECK(which(with.database) == "old");
    const auto kept = prepared->place();
    REQUIRE(kept);
    REQUIRE(*kept);
    CHECK(with.files() == std::vector<std::string>{"perin.db", "perin.db.before-restore"});
    CHECK(which(with.database) == "new");
    CHECK(**kept == with.data / "perin.db.before-restore");
    CHECK(which(**kept) == "old");
    struct stat found {};
    REQUIRE(::stat(with.database.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
    CHECK(which(with.backup) == "new");
}

TEST_CASE("what is in the log of the old database is kept with it") {
    const fixture with;
    // As a server that was killed leaves it: whoever closes the last connection writes the log into
    // the file, so the files are copied from under one.
    {
        const auto on = opened(with.database);
        REQUIRE(settings_repository(*on).put("late", "yes"));
        for (const auto* end : {"", "-wal"}) {
            fs::copy_file(with.database.string() + end, with.data / ("copy" + std::string(end)));
        }
    }
    for (const auto* end : {"", "-wal"}) {
        fs::rename(with.data / ("copy" + std::string(end)), with.database.string() + end);
    }
    REQUIRE(fs::file_size(with.database.string() + "-wal") > 0);
    auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
    REQUIRE(prepared);
    const auto kept = prepared->place();
    REQUIRE(kept);
    CHECK(with.files() == std::vector<std::string>{"perin.db", "perin.db.before-restore"});
    const auto on = opened(**kept);
    CHECK(*settings_repository(*on).find("late") == "yes");
    CHECK(which(with.database) == "new");
}

TEST_CASE("a second restore keeps both databases before it") {
    const fixture with;
    for (const auto* name :
         {"perin.db.before-restore", "perin.db.before-restore.2", "perin.db.before-restore.3"}) {
        auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
        REQUIRE(prepared);
        const auto kept = prepared->place();
        REQUIRE(kept);
        CHECK(**kept == with.data / name);
    }
    CHECK(which(with.data / "perin.db.before-restore") == "old");
    CHECK(which(with.data / "perin.db.before-restore.2") == "new");
}

TEST_CASE("without a database there is nothing to keep") {
    const fixture with;
    fs::remove(with.database);
    auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
    REQUIRE(prepared);
    const auto kept = prepared->place();
    REQUIRE(kept);
    CHECK_FALSE(*kept);
    CHECK(with.files() == std::vector<std::string>{"perin.db"});
    CHECK(which(with.database) == "new");
}

TEST_CASE("a restore that is not placed leaves nothing") {
    const fixture with;
    {
        const auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
        REQUIRE(prepared);
        CHECK(with.files() == std::vector<std::string>{"perin.db", "perin.db.restore"});
    }
    CHECK(with.files() == std::vector<std::string>{"perin.db"});
    CHECK(which(with.database) == "old");
}

TEST_CASE("a backup of an earlier schema is brought up to date") {
    const fixture with;
    const auto steps = known_migrations();
    const auto earlier = with.folder.path() / "earlier.db";
    {
        const auto on = opened(earlier);
        REQUIRE(migrate(*on, at(0), steps.first(1)));
        REQUIRE(settings_repository(*on).put("which", "new"));
    }
    auto prepared = sqlite_restore::prepare(earlier, with.database, at(1));
    REQUIRE(prepared);
    CHECK(prepared->facts().schema == 1);
    CHECK(prepared->facts().steps == static_cast<int>(steps.size()) - 1);
    REQUIRE(prepared->place());
    CHECK(*schema_version(*opened(with.database)) == steps.back().number);
    CHECK(which(with.database) == "new");
    // The backup itself stays as it was.
    CHECK(*schema_version(*opened(earlier)) == 1);
}

TEST_CASE("what is no backup of ours is refused before anything is touched") {
    const fixture with;
    std::string says;
    SECTION("an empty file") {
        fs::resize_file(with.backup, 0);
        says = "none of Perin's";
    }
    SECTION("something else") {
        change_bytes(with.backup, 0, "GIF89a");
        says = "not a database";
    }
    SECTION("a database of somebody else") {
        fs::remove(with.backup);
        REQUIRE(opened(with.backup)->execute("CREATE TABLE t (id TEXT PRIMARY KEY NOT NULL)"));
        says = "none of Perin's";
    }
    SECTION("a database of somebody else with migrations of its own") {
        fs::remove(with.backup);
        REQUIRE(opened(with.backup)->execute("CREATE TABLE migrations (id TEXT)"));
        says = "none of Perin's";
    }
    SECTION("steps that are not ours") {
        REQUIRE(opened(with.backup)->execute("UPDATE migrations SET name = 'x' WHERE number = 1"));
        says = "another version";
    }
    SECTION("a newer version") {
        REQUIRE(opened(with.backup)
                    ->execute("INSERT INTO migrations (number, name, applied_at) VALUES (9999, "
                              "'future', 1)"));
        says = "newer version";
    }
    SECTION("a table is missing") {
        REQUIRE(opened(with.backup)->execute("DROP TABLE turns"));
        says = "cannot be used";
    }
    SECTION("its end is missing") {
        fs::resize_file(with.backup, fs::file_size(with.backup) - 4096);
        says = "damaged";
    }
    SECTION("half of it is missing") {
        fs::resize_file(with.backup, fs::file_size(with.backup) / 2 + 100);
        says = "damaged";
    }
    SECTION("a page in the middle is another one") {
        change_bytes(with.backup, 4096 * 5, std::string(4096, '\x5a'));
        says = "damaged";
    }
    const auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
    REQUIRE_FALSE(prepared);
    CHECK(prepared.error().code == error_code::conflict);
    INFO(prepared.error().detail);
    CHECK(prepared.error().detail.find(says) != std::string::npos);
    CHECK(with.files() == std::vector<std::string>{"perin.db"});
    CHECK(which(with.database) == "old");
}

TEST_CASE("a database in use is no backup") {
    const fixture with;
    const auto live = with.folder.path() / "live.db";
    const auto on = opened(live);
    REQUIRE(migrate(*on, at(0)));
    const auto prepared = sqlite_restore::prepare(live, with.database, at(1));
    REQUIRE_FALSE(prepared);
    CHECK(prepared.error().code == error_code::conflict);
    CHECK(prepared.error().detail.find("in use") != std::string::npos);
}

TEST_CASE("a database that somebody uses is not replaced") {
    const fixture with;
    auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
    REQUIRE(prepared);
    {
        const auto somebody = opened(with.database, sqlite_mode::read_only);
        REQUIRE(somebody->execute("SELECT COUNT(*) FROM settings"));
        CHECK(code_of(prepared->place()) == error_code::conflict);
        CHECK(with.files().front() == "perin.db");
    }
    CHECK(which(with.database) == "old");
    CHECK(prepared->place());
    CHECK(which(with.database) == "new");
}

TEST_CASE("a database that is damaged is replaced, and kept") {
    const fixture with;
    change_bytes(with.database, 0, std::string(100, 'x'));
    auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
    REQUIRE(prepared);
    REQUIRE(prepared->place());
    CHECK(with.files() == std::vector<std::string>{"perin.db", "perin.db.before-restore"});
    CHECK(which(with.database) == "new");
}

TEST_CASE("a log without its database does not become the new one's") {
    const fixture with;
    fs::remove(with.database);
    {
        std::ofstream log(with.database.string() + "-wal");
        log << "a log";
    }
    auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
    REQUIRE(prepared);
    REQUIRE(prepared->place());
    CHECK_FALSE(fs::exists(with.database.string() + "-wal"));
    CHECK(which(with.database) == "new");
}

TEST_CASE("a restore that is killed at any step leaves the old or the new database, whole") {
    const std::string step = GENERATE("restore.prepared", "restore.kept", "restore.placed");
    INFO(step);
    const fixture with;
    const auto killed = signal_of([&] {
        auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
        if (!prepared) return;
        (void)prepared->place([&](const char* reached) {
            if (step == reached) ::kill(::getpid(), SIGKILL);
        });
    });
    REQUIRE(killed == SIGKILL);
    CHECK(which(with.database) == (step == "restore.placed" ? "new" : "old"));

    // And the next one does it.
    auto prepared = sqlite_restore::prepare(with.backup, with.database, at(1));
    REQUIRE(prepared);
    REQUIRE(prepared->place());
    CHECK(which(with.database) == "new");
    CHECK(which(with.data / "perin.db.before-restore") == "old");
    CHECK_FALSE(fs::exists(with.data / "perin.db.restore"));
}
