#include "cli/postgres_tools.hpp"

#include "tests/cli/backed_up_place.hpp"

#include <cstdlib>
#include <filesystem>

using namespace perin;
using namespace perin::cli;
namespace fs = std::filesystem;

TEST_CASE("PostgreSQL: tables that the backup does not know are gone after it") {
    const backed_up place("postgresql");
    {
        const auto on = place.open();
        for (const auto* sql :
             {"CREATE TABLE later (id TEXT PRIMARY KEY NOT NULL, user_id TEXT NOT NULL "
              "REFERENCES users (id))",
              "CREATE VIEW all_users AS SELECT * FROM users", "CREATE SEQUENCE counted",
              "CREATE FUNCTION one() RETURNS BIGINT LANGUAGE sql AS 'SELECT 1::bigint'"}) {
            REQUIRE(on->execute(sql));
        }
    }
    CHECK(place.run(restore_command{place.file}) == exit_code::done);
    CHECK(place.users() == everybody);
    const auto on = place.open();
    CHECK_FALSE(on->execute("SELECT * FROM later"));
    CHECK_FALSE(on->execute("SELECT * FROM all_users"));
    CHECK_FALSE(on->execute("SELECT one()"));
}

TEST_CASE("PostgreSQL: tables of somebody else's are left alone") {
    const backed_up from("postgresql");
    const data_place to("postgresql");
    REQUIRE(to.open()->execute("CREATE TABLE mine (id TEXT PRIMARY KEY NOT NULL)"));
    REQUIRE(to.open()->execute("INSERT INTO mine (id) VALUES ('1')"));
    scripted_console at;
    CHECK(to.run(restore_command{from.file}, at, true) == exit_code::failed);
    CHECK(contains(at.complained(), "not Perin's"));
    CHECK(to.open()->execute("SELECT id FROM mine")->size() == 1);
}

TEST_CASE("PostgreSQL: a backup that the database refuses changes nothing") {
    const backed_up place("postgresql");
    // What is not ours to drop stops the restore in the midst of its transaction.
    const auto name = place.open()->execute("SELECT current_database()::text");
    REQUIRE(name);
    const auto& cluster = persistence::test::postgres_cluster::shared();
    {
        const auto admin = persistence::open_database(
            {.url = cluster.url(name->front().text(0), "postgres"), .file = ""});
        REQUIRE(admin);
        REQUIRE((*admin)->execute("ALTER SCHEMA public OWNER TO postgres"));
        REQUIRE((*admin)->execute("GRANT ALL ON SCHEMA public TO perin"));
        REQUIRE((*admin)->execute("CREATE TABLE public.zzz (id TEXT)"));
    }
    scripted_console at;
    CHECK(place.run(restore_command{place.file}, at, true) == exit_code::failed);
    CHECK(contains(at.complained(), "psql failed: "));
    CHECK(contains(at.complained(), "must be owner of table zzz"));
    CHECK(place.users() == place.later);
    CHECK(is_whole(place));
}

TEST_CASE("PostgreSQL: a server that connects while all is being replaced stops that") {
    const backed_up place("postgresql");
    const auto server = place.open();
    REQUIRE(server->execute("SELECT 1"));
    const auto restored = restore_postgres({.url = place.configuration.database_url}, place.file);
    REQUIRE_FALSE(restored);
    CHECK(contains(restored.error().detail, "a server of Perin has connected"));
    CHECK(place.users() == place.later);
    CHECK(is_whole(place));
}

TEST_CASE("PostgreSQL: the schema of the search path is the one that is meant") {
    data_place place("postgresql");
    place.fill();
    auto elsewhere = place.configuration.database_url;
    elsewhere += (contains(elsewhere, "?") ? "&" : "?");
    elsewhere += "options=-csearch_path%3D%22Apartment%22";
    REQUIRE(place.open()->execute("CREATE SCHEMA \"Apartment\""));
    std::swap(place.configuration.database_url, elsewhere);
    place.fill();
    place.add_user("eve");
    const auto file = place.path("backup");
    REQUIRE(place.run(backup_command{file}) == exit_code::done);
    place.add_user("dan");
    CHECK(place.run(restore_command{file}) == exit_code::done);
    CHECK(place.users() == std::string(everybody) + " eve@example.com");
    CHECK(is_whole(place));

    std::swap(place.configuration.database_url, elsewhere);
    CHECK(place.users() == everybody);
    scripted_console at;
    CHECK(place.run(restore_command{file}, at, true) == exit_code::failed);
    CHECK(contains(at.complained(), "it holds no database of Perin's"));
    CHECK(place.users() == everybody);
}

TEST_CASE("PostgreSQL: what cannot be reached, and programs that are missing, are told") {
    const backed_up place("postgresql");
    auto nowhere = place.configuration;
    nowhere.database_url = "postgresql://perin:geheim@127.0.0.1:1/none";
    const auto run = [&](const auto& wanted, const runtime::configuration& configuration,
                         scripted_console& at) {
        return cli::run(wanted, operator_context{.configuration = configuration,
                                                 .at = at,
                                                 .now = persistence::test::at(1),
                                                 .json = false,
                                                 .yes = true});
    };
    scripted_console unreachable;
    CHECK(run(backup_command{place.path("other")}, nowhere, unreachable) == exit_code::unreachable);
    CHECK_FALSE(contains(unreachable.complained(), "geheim"));
    CHECK_FALSE(fs::exists(place.path("other")));

    const std::string path = std::getenv("PATH");
    ::setenv("PATH", place.path("empty").c_str(), 1);
    scripted_console dumping;
    const auto dumped = run(backup_command{place.path("other")}, place.configuration, dumping);
    scripted_console restoring;
    const auto restored = run(restore_command{place.file}, place.configuration, restoring);
    ::setenv("PATH", path.c_str(), 1);
    CHECK(dumped == exit_code::failed);
    CHECK(contains(dumping.complained(), "pg_dump is not installed"));
    CHECK(restored == exit_code::failed);
    CHECK(contains(restoring.complained(), "pg_restore is not installed"));
    CHECK(place.users() == place.later);
}
