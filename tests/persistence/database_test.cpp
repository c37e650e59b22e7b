#include "persistence/database.hpp"

#include "persistence/settings.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

std::unique_ptr<database> open_with_table(test_store& store) {
    auto opened = store.open_empty();
    REQUIRE(
        opened->execute("CREATE TABLE things (name TEXT PRIMARY KEY NOT NULL, size BIGINT, "
                        "weight DOUBLE PRECISION)"));
    return opened;
}

std::int64_t count_of(database& on) {
    auto counted = on.execute("SELECT COUNT(*) FROM things");
    REQUIRE(counted);
    return counted->front().integer(0);
}

result<rows> add(database& on, const std::string& name) {
    return on.execute("INSERT INTO things (name) VALUES ($1)", {name});
}

}  // namespace

TEST_CASE("values come back as they were written") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    const std::string name = GENERATE(std::string(), std::string("plain"),
                                      std::string("Grüße, 你好 🌍"), std::string("'; DROP TABLE--"));
    const std::int64_t size = GENERATE(std::int64_t{0}, std::numeric_limits<std::int64_t>::min(),
                                       std::numeric_limits<std::int64_t>::max());
    REQUIRE(opened->execute("INSERT INTO things (name, size, weight) VALUES ($1, $2, $3)",
                            {name, size, 0.1}));

    auto found = opened->execute("SELECT name, size, weight FROM things WHERE name = $1", {name});
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().text(0) == name);
    CHECK(found->front().integer(1) == size);
    CHECK(found->front().real(2) == 0.1);
}

TEST_CASE("a null is told from an empty text") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    REQUIRE(opened->execute("INSERT INTO things (name, size) VALUES ($1, $2)", {"a", value{}}));
    auto found = opened->execute("SELECT name, size FROM things");
    REQUIRE(found);
    CHECK_FALSE(found->front().is_null(0));
    CHECK(found->front().is_null(1));
}

TEST_CASE("parameters go by their number, not by where they are") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    REQUIRE(
        opened->execute("INSERT INTO things (size, name) VALUES ($2, $1)", {"a", std::int64_t{7}}));
    auto found = opened->execute(
        "SELECT size FROM things WHERE size = $2 AND name = $1 AND name = $1 AND size = $2",
        {"a", std::int64_t{7}});
    REQUIRE(found);
    CHECK(found->size() == 1);
}

TEST_CASE("a wrong number of parameters is refused") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    CHECK(code_of(opened->execute("SELECT name FROM things WHERE name = $1")) ==
          error_code::internal);
    CHECK(code_of(opened->execute("SELECT name FROM things WHERE name = $1", {"a", "b"})) ==
          error_code::internal);
}

TEST_CASE("a value of ten mebibytes is kept") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    std::string large(10 * 1024 * 1024, 'x');
    for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>('a' + i % 26);
    REQUIRE(opened->execute("CREATE TABLE texts (body TEXT NOT NULL)"));
    REQUIRE(opened->execute("INSERT INTO texts (body) VALUES ($1)", {large}));
    auto found = opened->execute("SELECT body FROM texts");
    REQUIRE(found);
    CHECK(found->front().take_text(0) == large);
    CHECK(found->front().text(0).empty());
}

TEST_CASE("a text that a database cannot keep is refused, and the connection goes on") {
    for (const std::string& driver : drivers()) {
        INFO(driver);
        test_store store(driver);
        auto db = store.open();
        settings_repository settings(*db);
        for (const auto& text :
             {std::string("a\0b", 3), std::string("\xff"), std::string("a\xc3")}) {
            CHECK(code_of(settings.put("name", text)) == error_code::invalid_request);
            CHECK(code_of(settings.find(text)) == error_code::invalid_request);
        }
        REQUIRE(settings.put("name", "whole"));
        CHECK(*settings.find("name") == "whole");
    }
}

TEST_CASE("a row refuses to be read as what it is not") {
    const row read({std::string("a"), std::int64_t{1}, value{}});
    CHECK_THROWS_AS(read.integer(0), unreadable_row);
    CHECK_THROWS_AS(read.text(1), unreadable_row);
    CHECK_THROWS_AS(read.real(2), unreadable_row);
    CHECK_THROWS_AS(read.is_null(3), unreadable_row);
    CHECK(read.real(1) == 1.0);
    CHECK(read.size() == 3);
}

TEST_CASE("a failure tells what happened without showing the statement") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    REQUIRE(add(*opened, "secret"));
    const auto twice = add(*opened, "secret");
    REQUIRE(code_of(twice) == error_code::conflict);
    CHECK(twice.error().detail == "it is there already");
    const auto nothing = opened->execute("INSERT INTO things (name) VALUES ($1)", {value{}});
    CHECK(code_of(nothing) == error_code::conflict);
    const auto wrong = opened->execute("SELECT secret FROM nowhere");
    REQUIRE(code_of(wrong) == error_code::internal);
    CHECK(wrong.error().detail.find("nowhere") == std::string::npos);
}

TEST_CASE("a change tells how many rows it touched") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    REQUIRE(opened->execute("INSERT INTO things (name) VALUES ('a'), ('b'), ('c')"));
    CHECK(opened->changed() == 3);
    REQUIRE(opened->execute("UPDATE things SET size = 1 WHERE name <> 'a'"));
    CHECK(opened->changed() == 2);
    REQUIRE(opened->execute("INSERT INTO things (name) VALUES ('a') ON CONFLICT DO NOTHING"));
    CHECK(opened->changed() == 0);
    REQUIRE(opened->execute("DELETE FROM things"));
    CHECK(opened->changed() == 3);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(*opened, "a"));
    }
    CHECK(count_of(*opened) == 0);
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(add(*opened, "a"));
        REQUIRE(changes->commit());
        CHECK(code_of(changes->commit()) == error_code::internal);
    }
    CHECK(count_of(*opened) == 1);
}

TEST_CASE("a transaction within another is refused and leaves the outer one whole") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    auto outer = transaction::begin(*opened);
    REQUIRE(outer);
    REQUIRE(add(*opened, "a"));
    CHECK(code_of(transaction::begin(*opened)) == error_code::internal);
    REQUIRE(outer->commit());
    CHECK(count_of(*opened) == 1);
}

TEST_CASE("a commit without a transaction is refused") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open_empty();
    CHECK(code_of(opened->commit()) == error_code::internal);
    opened->rollback();
    CHECK(transaction::begin(*opened));
}

TEST_CASE("one failing item of a batch does not spoil the others") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    auto batch = transaction::begin(*opened);
    REQUIRE(batch);
    std::vector<bool> kept;
    for (const std::string name : {"a", "b", "a", "c"}) {
        auto item = savepoint::begin(*opened);
        REQUIRE(item);
        // The first statement of an item that fails later must go as well.
        const bool first = add(*opened, name + std::to_string(kept.size())).has_value();
        const bool second = add(*opened, name).has_value();
        kept.push_back(first && second);
        if (kept.back()) REQUIRE(item->release());
    }
    REQUIRE(batch->commit());
    CHECK(kept == std::vector<bool>{true, true, false, true});
    CHECK(count_of(*opened) == 6);
    auto left = opened->execute("SELECT name FROM things WHERE name = 'a2'");
    REQUIRE(left);
    CHECK(left->empty());
}

TEST_CASE("savepoints nest, and each undoes its own part only") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    auto batch = transaction::begin(*opened);
    REQUIRE(batch);
    {
        auto outer = savepoint::begin(*opened);
        REQUIRE(outer);
        REQUIRE(add(*opened, "outer"));
        {
            auto inner = savepoint::begin(*opened);
            REQUIRE(inner);
            REQUIRE(add(*opened, "undone"));
            inner->rollback();
            CHECK(code_of(inner->release()) == error_code::internal);
        }
        {
            auto inner = savepoint::begin(*opened);
            REQUIRE(inner);
            REQUIRE(add(*opened, "inner"));
            REQUIRE(inner->release());
        }
        REQUIRE(outer->release());
    }
    REQUIRE(batch->commit());
    auto found = opened->execute("SELECT name FROM things ORDER BY name");
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(found->at(0).text(0) == "inner");
    CHECK(found->at(1).text(0) == "outer");
}

TEST_CASE("an item that cannot be undone alone takes the whole batch with it") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_table(store);
    watched_database failing(*opened, [](std::string_view sql) -> std::optional<failure> {
        if (!sql.starts_with("ROLLBACK TO")) return std::nullopt;
        return failure{error_code::unavailable, "no memory"};
    });
    {
        auto batch = transaction::begin(failing);
        REQUIRE(batch);
        REQUIRE(add(failing, "a"));
        {
            auto item = savepoint::begin(failing);
            REQUIRE(item);
            REQUIRE(add(failing, "b"));
        }
        CHECK(code_of(add(failing, "c")) == error_code::unavailable);
        CHECK(code_of(batch->commit()) == error_code::unavailable);
    }
    CHECK(count_of(*opened) == 0);
    CHECK(add(*opened, "d"));
}

TEST_CASE("another connection sees a transaction only once it is committed") {
    test_store store(GENERATE(from_range(drivers())));
    auto writer = open_with_table(store);
    auto reader = store.open_empty();
    auto changes = transaction::begin(*writer);
    REQUIRE(changes);
    REQUIRE(add(*writer, "a"));
    CHECK(count_of(*reader) == 0);
    REQUIRE(changes->commit());
    CHECK(count_of(*reader) == 1);
}

TEST_CASE("a connection that closes within a transaction leaves nothing of it") {
    test_store store(GENERATE(from_range(drivers())));
    auto reader = open_with_table(store);
    auto writer = store.open_empty();
    REQUIRE(writer->begin());
    REQUIRE(add(*writer, "a"));
    writer.reset();
    CHECK(count_of(*reader) == 0);
    CHECK(add(*reader, "b"));
}
