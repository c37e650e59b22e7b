#include "persistence/database_schema.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

std::vector<std::string> names_of(const std::vector<table_shape>& tables) {
    std::vector<std::string> names;
    names.reserve(tables.size());
    for (const auto& each : tables) names.push_back(each.name);
    return names;
}

}  // namespace

TEST_CASE("an empty database has no tables") {
    test_store store(GENERATE(from_range(drivers())));
    const auto opened = store.open_empty();
    const auto tables = tables_of(*opened);
    REQUIRE(tables);
    CHECK(tables->empty());
}

TEST_CASE("tables come after those that they refer to, whatever their names") {
    test_store store(GENERATE(from_range(drivers())));
    const auto on = store.open_empty();
    REQUIRE(on->execute("CREATE TABLE z (id TEXT PRIMARY KEY NOT NULL)"));
    REQUIRE(
        on->execute("CREATE TABLE b (id TEXT PRIMARY KEY NOT NULL REFERENCES z (id), "
                    "above TEXT REFERENCES b (id), \"Order\" BIGINT)"));
    REQUIRE(
        on->execute("CREATE TABLE a (id TEXT PRIMARY KEY NOT NULL REFERENCES b (id), "
                    "other TEXT REFERENCES z (id))"));
    const auto tables = tables_of(*on);
    REQUIRE(tables);
    CHECK(names_of(*tables) == std::vector<std::string>{"z", "b", "a"});
    const auto& b = (*tables)[1];
    REQUIRE(b.columns.size() == 3);
    CHECK(b.columns[0].name == "Order");
    CHECK(b.columns[1].name == "above");
    CHECK(b.columns[2].name == "id");
    CHECK(b.refers_to == std::vector<std::string>{"z"});
}

TEST_CASE("only PostgreSQL tells which columns are JSON") {
    const auto driver = GENERATE(from_range(drivers()));
    test_store store(driver);
    const auto on = store.open();
    const auto tables = tables_of(*on);
    REQUIRE(tables);
    const auto users = std::ranges::find(*tables, "users", &table_shape::name);
    REQUIRE(users != tables->end());
    const auto profile = std::ranges::find(users->columns, "profile", &column_shape::name);
    REQUIRE(profile != users->columns.end());
    CHECK(profile->json == (driver == "postgresql"));
    const auto email = std::ranges::find(users->columns, "email", &column_shape::name);
    REQUIRE(email != users->columns.end());
    CHECK_FALSE(email->json);
}

TEST_CASE("both databases tell of the same tables and columns") {
    std::vector<std::vector<std::string>> told;
    for (const auto& driver : drivers()) {
        test_store store(driver);
        const auto on = store.open();
        const auto tables = tables_of(*on);
        REQUIRE(tables);
        std::vector<std::string> all;
        for (const auto& table : *tables) {
            for (const auto& column : table.columns) all.push_back(table.name + "." + column.name);
        }
        std::ranges::sort(all);
        told.push_back(std::move(all));
    }
    for (const auto& each : told) CHECK(each == told.front());
}

TEST_CASE("a name is quoted for SQL") {
    CHECK(quoted_name("users") == "\"users\"");
    CHECK(quoted_name("a\"b") == "\"a\"\"b\"");
}
