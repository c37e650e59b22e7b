#include "cli/backup_commands.hpp"

#include "cli/child_process.hpp"
#include "domain/json.hpp"
#include "persistence/journal.hpp"
#include "runtime/crash_point.hpp"
#include "tests/cli/answering_server.hpp"
#include "tests/cli/backed_up_place.hpp"

#include <atomic>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

using namespace perin;
using namespace perin::cli;
using persistence::test::drivers;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
}

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a backup is a file for its owner alone, and says what it is not") {
    const auto driver = GENERATE(from_range(drivers()));
    INFO(driver);
    const data_place place(driver);
    place.fill();
    const auto file = place.path("backup");
    scripted_console at;
    CHECK(place.run(backup_command{file}, at) == exit_code::done);
    CHECK(at.said().starts_with("wrote " + file + " (" + driver + ", schema "));
    CHECK(contains(at.complained(), "the secret is not in the backup"));
    struct stat found {};
    REQUIRE(::stat(file.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
    CHECK(read(file).starts_with(driver == "sqlite" ? "SQLite format 3" : "PGDMP"));
    CHECK_FALSE(fs::exists(file + ".part"));

    scripted_console machine;
    CHECK(place.run(backup_command{file}, machine, true, true) == exit_code::done);
    const auto said = parse_json(machine.said());
    REQUIRE(said);
    CHECK((*said)["file"] == file);
    CHECK((*said)["kind"] == driver);
    CHECK((*said)["bytes"] == fs::file_size(file));
    CHECK((*said)["secret"] == false);
}

TEST_CASE("a backup does not replace a file unless that is wanted") {
    const data_place place("sqlite");
    place.fill();
    const auto file = place.path("taken");
    write(file, "mine");
    scripted_console nobody;
    CHECK(place.run(backup_command{file}, nobody) == exit_code::usage);
    scripted_console unwilling({"n"}, true);
    CHECK(place.run(backup_command{file}, unwilling) == exit_code::failed);
    CHECK(contains(unwilling.complained(), "Replace " + file + "?"));
    CHECK(read(file) == "mine");
    scripted_console willing({"y"}, true);
    CHECK(place.run(backup_command{file}, willing) == exit_code::done);
    CHECK(contains(willing.complained(), "100 %"));
    CHECK(read(file).starts_with("SQLite format 3"));
}

TEST_CASE("a backup goes nowhere where it would do harm") {
    const data_place place("sqlite");
    CHECK(place.run(backup_command{place.path("none")}) == exit_code::failed);
    place.fill();
    const auto database = (place.configuration.data / "perin.db").string();
    for (const auto& file : {database, database + "-wal", place.path("data/../data/perin.db"),
                             place.folder.path().string()}) {
        INFO(file);
        CHECK(place.run(backup_command{file}) == exit_code::usage);
    }
    fs::create_hard_link(database, place.path("second name"));
    CHECK(place.run(backup_command{place.path("second name")}) == exit_code::usage);
    CHECK(place.run(backup_command{"/no/such/folder/file"}) == exit_code::failed);
    CHECK(place.users() == everybody);
}

TEST_CASE("a database that is not ours is not backed up") {
    const data_place place(GENERATE(from_range(drivers())));
    REQUIRE(place.open()->execute("CREATE TABLE mine (id TEXT PRIMARY KEY NOT NULL)"));
    CHECK(place.run(backup_command{place.path("backup")}) == exit_code::failed);
    CHECK_FALSE(fs::exists(place.path("backup")));
    CHECK_FALSE(fs::exists(place.path("backup.part")));
}

TEST_CASE("a backup that is killed leaves the file that was there") {
    const data_place place("sqlite");
    place.fill();
    const auto file = place.path("backup");
    write(file, "the one before");
    CHECK(signal_of([&] {
              runtime::arm_crash_point("backup.written");
              (void)place.run(backup_command{file});
          }) == SIGKILL);
    CHECK(read(file) == "the one before");
    CHECK(fs::exists(file + ".part"));
    CHECK(place.run(backup_command{file}) == exit_code::done);
    CHECK_FALSE(fs::exists(file + ".part"));
}

TEST_CASE("a backup for which there is no room leaves nothing") {
    const data_place place(GENERATE(from_range(drivers())));
    place.fill();
    const auto file = place.path("backup");
    const memory_file said;
    CHECK(signal_of([&] {
              const rlimit files{.rlim_cur = 40'000, .rlim_max = 40'000};
              ::setrlimit(RLIMIT_FSIZE, &files);
              ::signal(SIGXFSZ, SIG_IGN);
              scripted_console at;
              const auto code = place.run(backup_command{file}, at);
              const auto text = std::to_string(static_cast<int>(code)) + at.complained();
              if (::write(said.descriptor(), text.data(), text.size()) < 0) ::_exit(1);
          }) == 0);
    CHECK(said.content(1) == "1");
    CHECK(said.content(1000).size() > 20);
    CHECK_FALSE(fs::exists(file));
    CHECK_FALSE(fs::exists(file + ".part"));
}

TEST_CASE("what a backup holds is restored") {
    const auto driver = GENERATE(from_range(drivers()));
    INFO(driver);
    const backed_up place(driver);
    REQUIRE(place.users() == place.later);
    scripted_console at;
    const auto code = place.run(restore_command{place.file}, at, true);
    INFO(at.complained());
    CHECK(code == exit_code::done);
    CHECK(at.said().starts_with("restored " + place.file + " (schema "));
    CHECK(contains(at.said(), ", 2 users)"));
    CHECK(contains(at.said(), "perin.db.before-restore") == (driver == "sqlite"));
    CHECK(contains(at.complained(), "is back"));
    CHECK(contains(at.complained(), "there is no secret"));
    CHECK(place.users() == everybody);
    CHECK(is_whole(place));

    // The other's rows too, of every kind.
    const auto on = place.open();
    const auto profile = on->execute("SELECT profile FROM users WHERE id = 'usr_ada'");
    REQUIRE(profile);
    CHECK(contains(profile->front().text(0), "12345678901234567890"));
}

TEST_CASE("a backup beside somebody who writes as fast as they can is of one moment") {
    const auto driver = GENERATE(from_range(drivers()));
    INFO(driver);
    const data_place place(driver);
    place.fill();
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> written = 0;
    // Each transaction writes a record to each of two streams: they are never apart.
    std::thread writer([&] {
        const auto on = place.open();
        persistence::journal_repository journal(*on);
        const std::vector<journal_record> record = {
            {.version = 0, .kind = "k", .payload = "{}", .at = persistence::test::at(0)}};
        for (std::uint64_t version = 0; !stop; ++version) {
            auto both = persistence::transaction::begin(*on);
            if (!both || !journal.append("a", version, record) ||
                !journal.append("b", version, record) || !both->commit()) {
                break;
            }
            written = version + 1;
        }
    });
    constexpr std::uint64_t least = 20;
    while (written < least) std::this_thread::yield();
    const auto file = place.path("backup");
    const auto code = place.run(backup_command{file});
    stop = true;
    writer.join();
    REQUIRE(code == exit_code::done);
    const data_place other(driver);
    REQUIRE(other.run(restore_command{file}) == exit_code::done);
    CHECK(is_whole(other));
    const auto on = other.open();
    persistence::journal_repository journal(*on);
    CHECK(*journal.version("a") == *journal.version("b"));
    CHECK(*journal.version("a") >= least);
    CHECK(*journal.version("a") <= written);
}

TEST_CASE("a backup is restored to where nothing is, without a question") {
    const auto driver = GENERATE(from_range(drivers()));
    INFO(driver);
    const backed_up from(driver);
    const data_place to(driver);
    write(to.configuration.data / "secret", "there");
    scripted_console at;
    CHECK(to.run(restore_command{from.file}, at, false, true) == exit_code::done);
    CHECK(to.users() == everybody);
    const auto said = parse_json(at.said());
    REQUIRE(said);
    CHECK((*said)["users"] == 2);
    CHECK((*said)["kept"].is_null());
    CHECK((*said)["kind"] == driver);
    CHECK_FALSE(contains(at.complained(), "there is no secret"));
}

TEST_CASE("nothing is replaced without a yes") {
    const auto driver = GENERATE(from_range(drivers()));
    INFO(driver);
    const backed_up place(driver);
    scripted_console nobody;
    CHECK(place.run(restore_command{place.file}, nobody) == exit_code::usage);
    scripted_console unwilling({""}, true);
    CHECK(place.run(restore_command{place.file}, unwilling) == exit_code::failed);
    CHECK(contains(unwilling.complained(), "nothing was changed"));
    CHECK(place.users() == place.later);
    scripted_console willing({"yes"}, true);
    CHECK(place.run(restore_command{place.file}, willing) == exit_code::done);
    CHECK(place.users() == everybody);
}

TEST_CASE("a file that is no backup is refused, and the data stay as they are") {
    const auto driver = GENERATE(from_range(drivers()));
    INFO(driver);
    const backed_up place(driver);
    const auto whole = read(place.file);
    const auto file = place.path("bad");
    scripted_console at;
    SECTION("not there") {
        CHECK(place.run(restore_command{place.path("none")}, at, true) == exit_code::failed);
        CHECK(contains(at.complained(), "is not there"));
        return;
    }
    SECTION("empty") { write(file, ""); }
    SECTION("something else") { write(file, "GIF89a, and no backup"); }
    SECTION("its head alone") { write(file, whole.substr(0, 200)); }
    SECTION("half of it") { write(file, whole.substr(0, whole.size() / 2)); }
    SECTION("without its end") { write(file, whole.substr(0, whole.size() - 5000)); }
    SECTION("with other bytes in the middle") {
        auto other = whole;
        other.replace(other.size() / 2, 5000, std::string(5000, '\x5a'));
        write(file, other);
    }
    CHECK(place.run(restore_command{file}, at, true) == exit_code::failed);
    CHECK(at.complained().starts_with("perin: "));
    CHECK(place.users() == place.later);
    CHECK(is_whole(place));
}

TEST_CASE("a backup of another kind is refused with what to do") {
    const backed_up file("sqlite");
    const backed_up server("postgresql");
    scripted_console at;
    CHECK(server.run(restore_command{file.file}, at, true) == exit_code::failed);
    CHECK(contains(at.complained(), "perin db move"));
    scripted_console other;
    CHECK(file.run(restore_command{server.file}, other, true) == exit_code::failed);
    CHECK(contains(other.complained(), "perin db move"));
    CHECK(server.users() == server.later);
    CHECK(file.users() == file.later);
}

TEST_CASE("a newer version's backup, and another program's, are refused") {
    const auto driver = GENERATE(from_range(drivers()));
    INFO(driver);
    const data_place place(driver);
    place.fill();
    std::string says;
    const auto file = place.path("backup");
    {
        const data_place other(driver);
        SECTION("newer") {
            other.fill();
            REQUIRE(other.open()->execute(
                "INSERT INTO migrations (number, name, applied_at) VALUES (9999, 'future', 1)"));
            says = "newer version";
        }
        SECTION("another program's") {
            other.fill();
            REQUIRE(other.open()->execute("UPDATE migrations SET name = 'x' WHERE number = 2"));
            says = driver == "sqlite" ? "another version" : "step 2 of its schema is not ours";
        }
        REQUIRE(other.run(backup_command{file}) == exit_code::done);
    }
    scripted_console at;
    CHECK(place.run(restore_command{file}, at, true) == exit_code::failed);
    CHECK(contains(at.complained(), says));
    CHECK(place.users() == everybody);
}

TEST_CASE("nothing is restored beside a server") {
    const backed_up place(GENERATE(from_range(drivers())));
    SECTION("that answers") {
        answering_server server({{200, R"({"items":[]})"}});
        REQUIRE(write_run_file(place.configuration.data, server.run()));
        scripted_console at;
        CHECK(place.run(restore_command{place.file}, at, true) == exit_code::failed);
        CHECK(contains(at.complained(), "a server runs on this data folder"));
        CHECK(server.received().at(0).target() == "/private/users");
        CHECK(place.users() == place.later);
    }
    SECTION("that has not come so far, or a command") {
        const auto hold = data_hold::take(place.configuration.data, hold_mode::shared);
        REQUIRE(hold);
        CHECK(place.run(restore_command{place.file}) == exit_code::failed);
        CHECK(place.users() == place.later);
    }
    SECTION("that is another one by now") {
        answering_server server({{401, R"({"code":"unauthenticated"})"}});
        REQUIRE(write_run_file(place.configuration.data, server.run()));
        CHECK(place.run(restore_command{place.file}) == exit_code::done);
        CHECK(place.users() == everybody);
    }
    SECTION("that is connected") {
        const auto on = place.open();
        REQUIRE(on->execute("SELECT COUNT(*) FROM users"));
        CHECK(place.run(restore_command{place.file}) == exit_code::failed);
        CHECK(place.users() == place.later);
    }
}

TEST_CASE("the database itself is no backup of it") {
    const backed_up place("sqlite");
    scripted_console at;
    CHECK(place.run(restore_command{(place.configuration.data / "perin.db").string()}, at, true) ==
          exit_code::usage);
    CHECK(place.users() == place.later);
}

TEST_CASE("a restore that is killed leaves the old data or the new, whole") {
    struct killed_at {
        std::string driver;
        std::string step;
        bool replaced;
    };
    const auto [driver, step, replaced] =
        GENERATE(values<killed_at>({{"sqlite", "restore.prepared", false},
                                    {"sqlite", "restore.kept", false},
                                    {"sqlite", "restore.placed", true},
                                    {"postgresql", "restore.sent", false}}));
    INFO(driver << " at " << step);
    const backed_up place(driver);
    CHECK(signal_of([&, step = step] {
              runtime::arm_crash_point(step);
              (void)place.run(restore_command{place.file});
          }) == SIGKILL);
    CHECK(place.users() == (replaced ? everybody : place.later));
    CHECK(is_whole(place));
    CHECK(place.run(restore_command{place.file}) == exit_code::done);
    CHECK(place.users() == everybody);
}
