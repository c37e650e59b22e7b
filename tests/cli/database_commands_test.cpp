#include "cli/database_commands.hpp"

#include "domain/json.hpp"
#include "persistence/database_copy.hpp"
#include "runtime/crash_point.hpp"
#include "tests/cli/data_place.hpp"

#include <fstream>

using namespace perin;
using namespace perin::cli;
using persistence::test::drivers;
namespace fs = std::filesystem;

namespace {

const std::string everybody = "ada@example.com bob@example.com";

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// What `--to` takes for a place.
std::string target(const data_place& place) {
    const auto& url = place.configuration.database_url;
    return url.empty() ? (place.configuration.data / "perin.db").string() : url;
}

}  // namespace

TEST_CASE("a database that is whole has nothing to tell") {
    const data_place place(GENERATE(from_range(drivers())));
    place.fill();
    scripted_console at;
    CHECK(place.run(database_check{}, at) == exit_code::done);
    CHECK(at.said().starts_with("the database is whole (schema "));
    scripted_console machine;
    CHECK(place.run(database_check{}, machine, false, true) == exit_code::done);
    const auto said = parse_json(machine.said());
    REQUIRE(said);
    CHECK((*said)["ok"] == true);
    CHECK((*said)["schema"] == persistence::known_migrations().back().number);
    CHECK((*said)["findings"].empty());
}

TEST_CASE("what is wrong with a database is told, beside whoever uses it") {
    const data_place place(GENERATE(from_range(drivers())));
    place.fill();
    const auto on = place.open();
    REQUIRE(on->execute("DELETE FROM journal WHERE version = 10"));
    REQUIRE(on->execute("UPDATE streams SET version = 7"));
    scripted_console at;
    CHECK(place.run(database_check{}, at) == exit_code::failed);
    CHECK(at.said() ==
          "journal: conversation/usr_ada/cnv_1: its versions have a gap\n"
          "streams: workflow/1: its version is not that of its journal\n");
    scripted_console machine;
    CHECK(place.run(database_check{}, machine, false, true) == exit_code::failed);
    const auto said = parse_json(machine.said());
    REQUIRE(said);
    CHECK((*said)["ok"] == false);
    REQUIRE((*said)["findings"].size() == 2);
    CHECK((*said)["findings"][1]["check"] == "streams");
    CHECK((*said)["findings"][1]["subject"] == "workflow/1");
}

TEST_CASE("a database that is not there, or is none, cannot be checked") {
    const data_place place("sqlite");
    scripted_console missing;
    CHECK(place.run(database_check{}, missing) == exit_code::failed);
    CHECK(place.files().empty());
    {
        std::ofstream file(place.configuration.data / "perin.db");
        file << std::string(5000, 'x');
    }
    scripted_console foreign;
    CHECK(place.run(database_check{}, foreign) == exit_code::failed);
    CHECK(contains(foreign.complained(), "not a database"));
    const data_place empty("postgresql");
    CHECK(empty.run(database_check{}) == exit_code::failed);
    auto nowhere = empty.configuration;
    nowhere.database_url = "postgresql://perin@127.0.0.1:1/none";
    scripted_console at;
    CHECK(run(database_check{},
              operator_context{
                  .configuration = nowhere, .at = at, .now = persistence::test::at(1)}) ==
          exit_code::unreachable);
}

TEST_CASE("a newer version's database is told to be one") {
    const data_place place(GENERATE(from_range(drivers())));
    place.fill();
    REQUIRE(place.open()->execute(
        "INSERT INTO migrations (number, name, applied_at) VALUES (9999, 'future', 1)"));
    scripted_console at;
    CHECK(place.run(database_check{}, at) == exit_code::failed);
    CHECK(at.said().starts_with("schema: it was made by a newer version of Perin"));
}

TEST_CASE("all data move to another database, and say what to set next") {
    const auto from = GENERATE(from_range(drivers()));
    const auto to = GENERATE(from_range(drivers()));
    INFO(from << " to " << to);
    const data_place source(from);
    source.fill();
    const data_place other(to);
    scripted_console at;
    const auto code = source.run(database_move{target(other)}, at);
    INFO(at.complained());
    CHECK(code == exit_code::done);
    CHECK(contains(at.said(), "journal  151\n"));
    CHECK(contains(at.said(), "copied and compared 1"));
    CHECK(contains(at.said(), "DATABASE_URL") == (from != to || to == "postgresql"));
    CHECK(contains(at.said(), "the secret must stay the same"));
    CHECK(other.users() == everybody);
    CHECK(source.users() == everybody);
    CHECK(other.run(database_check{}) == exit_code::done);

    // There it is now, and so nothing is written there again.
    scripted_console again;
    CHECK(source.run(database_move{target(other)}, again, true) == exit_code::failed);
    CHECK(contains(again.complained(), "the target holds data already"));
    CHECK(other.users() == everybody);
}

TEST_CASE("a move tells a machine what was copied") {
    const data_place source("sqlite");
    source.fill();
    const data_place other("sqlite");
    scripted_console at;
    CHECK(source.run(database_move{target(other)}, at, false, true) == exit_code::done);
    const auto said = parse_json(at.said());
    REQUIRE(said);
    std::uint64_t rows = 0;
    for (const auto& table : (*said)["tables"]) rows += table["rows"].get<std::uint64_t>();
    CHECK((*said)["rows"] == rows);
    CHECK(rows > 151);
}

TEST_CASE("a move that is killed leaves the target without data, and can be done again") {
    const auto to = GENERATE(from_range(drivers()));
    INFO(to);
    const data_place source("sqlite");
    source.fill();
    const data_place other(to);
    CHECK(signal_of([&] {
              runtime::arm_crash_point("move.table:12");
              (void)source.run(database_move{target(other)});
          }) == SIGKILL);
    CHECK(*persistence::holds_nothing(*other.open()));
    CHECK(source.run(database_move{target(other)}) == exit_code::done);
    CHECK(other.users() == everybody);
}

TEST_CASE("nothing moves where somebody is at one of the databases") {
    const data_place source(GENERATE(from_range(drivers())));
    source.fill();
    const data_place other("postgresql");
    SECTION("a server or a command at the source") {
        const auto hold = data_hold::take(source.configuration.data, hold_mode::shared);
        REQUIRE(hold);
        CHECK(source.run(database_move{target(other)}) == exit_code::failed);
    }
    SECTION("a node elsewhere at the source") {
        if (source.configuration.database_url.empty()) return;
        const auto on = source.open();
        REQUIRE(on->execute("SELECT 1"));
        scripted_console at;
        CHECK(source.run(database_move{target(other)}, at) == exit_code::failed);
        CHECK(contains(at.complained(), "the source: another program of Perin's"));
    }
    SECTION("a server at the target") {
        const auto on = other.open();
        REQUIRE(on->execute("SELECT 1"));
        scripted_console at;
        CHECK(source.run(database_move{target(other)}, at) == exit_code::failed);
        CHECK(contains(at.complained(), "the target: another program of Perin's"));
    }
    const auto users = other.open()->execute("SELECT COUNT(*) FROM users");
    CHECK_FALSE((users && users->front().integer(0) > 0));
}

TEST_CASE("a move needs a source that is up to date, and a target that is another one") {
    const data_place place("sqlite");
    const data_place other("sqlite");
    scripted_console missing;
    CHECK(place.run(database_move{target(other)}, missing) == exit_code::failed);
    CHECK(contains(missing.complained(), "the source: there is no database"));
    CHECK(other.files().empty());

    REQUIRE(persistence::migrate(*place.open(), persistence::test::at(0),
                                 persistence::known_migrations().first(1)));
    scripted_console old;
    CHECK(place.run(database_move{target(other)}, old) == exit_code::failed);
    CHECK(contains(old.complained(), "perin migrate"));
    CHECK(other.files().empty());

    CHECK(place.run(database_move{target(place)}) == exit_code::usage);
    CHECK(place.run(database_move{place.path("data/../data/perin.db")}) == exit_code::usage);
}

TEST_CASE("a target that is something else is left alone") {
    const data_place source("sqlite");
    source.fill();
    const auto file = source.path("letter");
    {
        std::ofstream out(file);
        out << "Dear Ada, this is no database at all.";
    }
    CHECK(source.run(database_move{file}) == exit_code::failed);
    CHECK(fs::file_size(file) == 37);
    scripted_console at;
    CHECK(source.run(database_move{"postgresql://perin:geheim@127.0.0.1:1/none"}, at) ==
          exit_code::unreachable);
    CHECK_FALSE(contains(at.complained(), "geheim"));
    CHECK(source.run(database_move{"/no/such/folder/file"}) == exit_code::unreachable);
}
