#include "cli/migrate_command.hpp"

#include "domain/json.hpp"
#include "tests/cli/data_place.hpp"

#include <fstream>

using namespace perin;
using namespace perin::cli;
using persistence::known_migrations;
using persistence::test::drivers;

namespace {

int newest() { return known_migrations().back().number; }

/// A database that is some steps behind.
void make_earlier(const data_place& place, std::size_t steps) {
    REQUIRE(persistence::migrate(*place.open(), persistence::test::at(0),
                                 known_migrations().first(steps)));
}

int version_of(const data_place& place) {
    const auto version = persistence::schema_version(*place.open());
    REQUIRE(version);
    return *version;
}

std::string lines(const std::string& verb, std::size_t from) {
    std::string text;
    for (const auto& step : known_migrations().subspan(from)) {
        text +=
            verb + " step " + std::to_string(step.number) + " (" + std::string(step.name) + ")\n";
    }
    return text;
}

std::string up_to_date() {
    return "the schema is at step " + std::to_string(newest()) + ", the newest\n";
}

}  // namespace

TEST_CASE("the missing steps run, and are told") {
    const data_place place(GENERATE(from_range(drivers())));
    scripted_console first;
    CHECK(place.run(migrate_command{}, first) == exit_code::done);
    CHECK(first.said() == lines("ran", 0) + up_to_date());
    CHECK(version_of(place) == newest());
    scripted_console again;
    CHECK(place.run(migrate_command{}, again) == exit_code::done);
    CHECK(again.said() == up_to_date());
}

TEST_CASE("a schema in the middle gets only the rest") {
    const data_place place(GENERATE(from_range(drivers())));
    make_earlier(place, 2);
    scripted_console at;
    CHECK(place.run(migrate_command{}, at) == exit_code::done);
    CHECK(at.said() == lines("ran", 2) + up_to_date());
}

TEST_CASE("a dry run tells the steps and runs none") {
    const data_place place(GENERATE(from_range(drivers())));
    make_earlier(place, 2);
    scripted_console at;
    CHECK(place.run(migrate_command{.dry_run = true}, at) == exit_code::done);
    CHECK(at.said() ==
          lines("would run", 2) + "the schema is at step 2 of " + std::to_string(newest()) + "\n");
    CHECK(version_of(place) == 2);
}

TEST_CASE("a dry run makes no database") {
    const data_place place("sqlite");
    scripted_console at;
    CHECK(place.run(migrate_command{.dry_run = true}, at) == exit_code::done);
    CHECK(at.said().starts_with("would run step 1 ("));
    CHECK(place.files().empty());
    const data_place server("postgresql");
    scripted_console other;
    CHECK(server.run(migrate_command{.dry_run = true}, other) == exit_code::done);
    CHECK(other.said() == at.said());
    CHECK(version_of(server) == 0);
}

TEST_CASE("the steps are told as JSON") {
    const data_place place(GENERATE(from_range(drivers())));
    make_earlier(place, known_migrations().size() - 1);
    const auto& last = known_migrations().back();
    for (const bool dry_run : {true, false}) {
        scripted_console at;
        CHECK(place.run(migrate_command{.dry_run = dry_run}, at, false, true) == exit_code::done);
        const auto said = parse_json(at.said());
        REQUIRE(said);
        CHECK(*said == nlohmann::json{{"schema", dry_run ? newest() - 1 : newest()},
                                      {"newest", newest()},
                                      {"dryRun", dry_run},
                                      {"steps", {{{"number", last.number}, {"name", last.name}}}}});
    }
}

TEST_CASE("a database of a newer version is refused and left as it is") {
    const data_place place(GENERATE(from_range(drivers())));
    const bool dry_run = GENERATE(false, true);
    CHECK(place.run(migrate_command{}) == exit_code::done);
    REQUIRE(place.open()->execute(
        "INSERT INTO migrations (number, name, applied_at) VALUES (99, 'of the future', 0)"));
    scripted_console at;
    CHECK(place.run(migrate_command{.dry_run = dry_run}, at) == exit_code::failed);
    CHECK(at.said().empty());
    CHECK(at.complained().find("newer version of Perin") != std::string::npos);
    CHECK(version_of(place) == 99);
}

TEST_CASE("a database that cannot be reached is told as such") {
    data_place place("sqlite");
    const bool dry_run = GENERATE(false, true);
    place.configuration.database_url = "postgresql://nobody@127.0.0.1:1/none";
    scripted_console at;
    CHECK(place.run(migrate_command{.dry_run = dry_run}, at) == exit_code::unreachable);
    CHECK(at.said().empty());
    CHECK(at.complained().starts_with("perin: "));
}

TEST_CASE("a file that is no database is left as it is") {
    const data_place place("sqlite");
    const bool dry_run = GENERATE(false, true);
    {
        std::ofstream file(place.configuration.data / "perin.db");
        file << std::string(5000, 'x');
    }
    scripted_console at;
    CHECK(place.run(migrate_command{.dry_run = dry_run}, at) == exit_code::failed);
    CHECK(at.complained().find("not a database") != std::string::npos);
}
