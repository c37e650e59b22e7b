#include "persistence/database_copy.hpp"

#include "persistence/database_check.hpp"
#include "persistence/database_schema.hpp"
#include "persistence/journal.hpp"
#include "tests/persistence/filled_store.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

std::unique_ptr<database> open_source(const test_store& store) {
    auto opened = open_database(store.location(), access_mode::read_only);
    REQUIRE(opened);
    return std::move(*opened);
}

/// Two databases with the schema, the first one filled.
struct two_stores {
    explicit two_stores(const std::string& from, const std::string& to)
        : source(from), target(to), writing(target.open()) {
        fill(*source.open());
        reading = open_source(source);
    }

    test_store source;
    test_store target;
    std::unique_ptr<database> writing;
    std::unique_ptr<database> reading;
};

}  // namespace

TEST_CASE("every table is copied from any database to any other") {
    const auto from = GENERATE(from_range(drivers()));
    const auto to = GENERATE(from_range(drivers()));
    INFO(from << " to " << to);
    const two_stores with(from, to);
    std::vector<copied_table> told;
    copy_hooks hooks;
    hooks.copied = [&](const copied_table& one) { told.push_back(one); };
    const auto copied = copy_database(*with.reading, *with.writing, hooks);
    if (!copied) FAIL(copied.error().detail);
    CHECK(told == *copied);

    // Whoever adds a table to the schema adds a row of it to `fill`.
    const auto tables = tables_of(*with.writing);
    REQUIRE(tables);
    CHECK(copied->size() + 1 == tables->size());
    for (const auto& one : *copied) {
        INFO(one.name);
        CHECK(one.rows > 0);
    }
    const auto journal = std::ranges::find(*copied, "journal", &copied_table::name);
    REQUIRE(journal != copied->end());
    CHECK(journal->rows == 151);
    const auto findings = check_consistency(*with.writing);
    REQUIRE(findings);
    CHECK(findings->empty());

    // And back: what arrived is what was there.
    test_store third(from);
    const auto back = third.open();
    const auto returned = copy_database(*open_source(with.target), *back);
    if (!returned) FAIL(returned.error().detail);
    CHECK(*returned == *copied);
    const auto name = back->execute("SELECT name, profile FROM users WHERE id = 'usr_ada'");
    REQUIRE(name);
    CHECK(name->front().text(0) == "\xc3\xa9 '\"\\\t\n\xf0\x9f\x90\xa6");
    CHECK(nlohmann::json::parse(name->front().text(1))["a"][2] == 12345678901234567890U);
}

TEST_CASE("a copy is of one moment, whatever is written meanwhile") {
    const two_stores with(GENERATE(from_range(drivers())), "sqlite");
    const auto writer = open_database(with.source.location());
    REQUIRE(writer);
    std::int64_t extra = 0;
    copy_hooks hooks;
    hooks.copied = [&](const copied_table&) {
        REQUIRE((*writer)->execute("INSERT INTO settings (name, value) VALUES ($1, '')",
                                   {"extra" + std::to_string(extra++)}));
        REQUIRE(
            (*writer)->execute("INSERT INTO tokens (id, user_id, kind, hash, label, created_at) "
                               "VALUES ($1, 'usr_ada', 'api', $1, '', 1)",
                               {"tok_extra" + std::to_string(extra)}));
    };
    const auto copied = copy_database(*with.reading, *with.writing, hooks);
    REQUIRE(copied);
    for (const auto& one : *copied) {
        if (one.name == "settings" || one.name == "tokens") CHECK(one.rows == 1);
    }
}

TEST_CASE("a target that holds data is left as it is") {
    const two_stores with("sqlite", GENERATE(from_range(drivers())));
    CHECK(*holds_nothing(*with.writing));
    REQUIRE(with.writing->execute("INSERT INTO settings (name, value) VALUES ('mine', '1')"));
    CHECK_FALSE(*holds_nothing(*with.writing));
    CHECK(code_of(copy_database(*with.reading, *with.writing)) == error_code::conflict);
    const auto users = with.writing->execute("SELECT COUNT(*) FROM users");
    REQUIRE(users);
    CHECK(users->front().integer(0) == 0);
}

TEST_CASE("schemas that differ are not copied") {
    SECTION("a target without one") {
        test_store source("sqlite");
        REQUIRE(source.open());
        test_store target(GENERATE(from_range(drivers())));
        const auto writing = target.open_empty();
        CHECK(*holds_nothing(*writing));
        CHECK(code_of(copy_database(*open_source(source), *writing)) == error_code::conflict);
    }
    SECTION("a column of somebody else's") {
        const two_stores with("sqlite", GENERATE(from_range(drivers())));
        REQUIRE(with.writing->execute("ALTER TABLE users ADD COLUMN mine TEXT"));
        CHECK(code_of(copy_database(*with.reading, *with.writing)) == error_code::internal);
        CHECK(*holds_nothing(*with.writing));
    }
    SECTION("a table of somebody else's") {
        const two_stores with("sqlite", GENERATE(from_range(drivers())));
        REQUIRE(with.writing->execute("CREATE TABLE mine (id TEXT PRIMARY KEY NOT NULL)"));
        CHECK(code_of(copy_database(*with.reading, *with.writing)) == error_code::internal);
        CHECK(*holds_nothing(*with.writing));
    }
}

TEST_CASE("a copy that fails anywhere leaves the target empty") {
    const auto to = GENERATE(from_range(drivers()));
    const two_stores with("sqlite", to);
    std::size_t statements = 0;
    {
        test_store counted(to);
        const auto on = counted.open();
        watched_database watched(*on, [&](std::string_view) {
            ++statements;
            return std::nullopt;
        });
        REQUIRE(copy_database(*with.reading, watched));
    }
    REQUIRE(statements > 50);
    for (std::size_t n = 0; n < statements; n += 7) {
        INFO("statement " << n << " of " << statements);
        std::size_t left = n;
        watched_database watched(*with.writing, [&](std::string_view) -> std::optional<failure> {
            if (left-- != 0) return std::nullopt;
            return failure{error_code::unavailable, "the disk is full"};
        });
        const auto copied = copy_database(*with.reading, watched);
        REQUIRE_FALSE(copied);
        CHECK(copied.error().detail.find("the disk is full") != std::string::npos);
        CHECK(*holds_nothing(*with.writing));
    }
    CHECK(copy_database(*with.reading, *with.writing));
}

TEST_CASE("a copy that may not end leaves the target empty") {
    const two_stores with("sqlite", GENERATE(from_range(drivers())));
    std::size_t tables = 0;
    copy_hooks hooks;
    hooks.copied = [&](const copied_table&) { ++tables; };
    hooks.may_end = [&]() -> result<void> {
        CHECK(tables > 20);
        return failure{error_code::conflict, "somebody came"};
    };
    const auto copied = copy_database(*with.reading, *with.writing, hooks);
    REQUIRE_FALSE(copied);
    CHECK(copied.error().detail == "somebody came");
    CHECK(*holds_nothing(*with.writing));
}

TEST_CASE("what is written otherwise than it was read is found before the end") {
    test_store store("sqlite");
    fill(*store.open());
    test_store target("sqlite");
    const auto writing = target.open();
    REQUIRE(
        writing->execute("CREATE TRIGGER quiet AFTER INSERT ON memory BEGIN "
                         "UPDATE memory SET content = 'other' WHERE key = 'k2'; END"));
    const auto copied = copy_database(*open_source(store), *writing);
    REQUIRE_FALSE(copied);
    CHECK(copied.error().code == error_code::internal);
    CHECK(copied.error().detail == "table memory: what was written is not what was read");
    CHECK(*holds_nothing(*writing));
}

TEST_CASE("JSON that PostgreSQL does not keep fails by the name of its table") {
    test_store store("sqlite");
    {
        const auto on = store.open();
        fill(*on);
        REQUIRE(on->execute("UPDATE notifications SET payload = '\"\\u0000\"'"));
    }
    for (const auto& driver : drivers()) {
        test_store target(driver);
        const auto writing = target.open();
        const auto copied = copy_database(*open_source(store), *writing);
        CHECK(copied.has_value() == (driver == "sqlite"));
        if (copied) continue;
        CHECK(copied.error().detail.starts_with("table notifications: "));
        CHECK(*holds_nothing(*writing));
    }
}
