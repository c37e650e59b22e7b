#include "persistence/migrations.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <sys/wait.h>
#include <unistd.h>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

constexpr std::array<std::string_view, 1> first = {"CREATE TABLE first (a BIGINT)"};
constexpr std::array<std::string_view, 3> second = {
    "CREATE TABLE second (a BIGINT)",
    "INSERT INTO first (a) VALUES (1)",
    "CREATE TABLE third (a BIGINT)",
};
constexpr std::array<std::string_view, 2> broken = {
    "CREATE TABLE second (a BIGINT)",
    "CREATE TABLE first (a BIGINT)",
};

constexpr std::array<migration, 2> two_steps = {migration{1, "first", first},
                                                migration{2, "second", second}};
constexpr std::array<migration, 2> broken_step = {migration{1, "first", first},
                                                  migration{2, "second", broken}};
constexpr std::array<migration, 1> one_step = {migration{1, "first", first}};
constexpr std::array<migration, 1> other_step = {migration{1, "another", first}};

bool has_table(database& on, const std::string& name) {
    return on.execute("SELECT COUNT(*) FROM " + name).has_value();
}

}  // namespace

TEST_CASE("an empty database gets the whole schema, and a second time nothing") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open_empty();
    CHECK(*schema_version(*opened) == 0);
    const auto known = static_cast<int>(known_migrations().size());
    CHECK(*migrate(*opened, at(1)) == known);
    CHECK(*schema_version(*opened) == known);
    CHECK(*migrate(*opened, at(2)) == 0);

    auto again = store.open_empty();
    CHECK(*migrate(*again, at(3)) == 0);
    auto recorded = again->execute("SELECT number, applied_at FROM migrations ORDER BY number");
    REQUIRE(recorded);
    REQUIRE(recorded->size() == known_migrations().size());
    CHECK(recorded->front().integer(1) == at(1).time_since_epoch().count());
}

TEST_CASE("the steps are numbered from one without a gap") {
    int expected = 0;
    for (const auto& step : known_migrations()) {
        CHECK(step.number == ++expected);
        CHECK_FALSE(step.name.empty());
        CHECK_FALSE(step.statements.empty());
    }
}

TEST_CASE("an up-to-date database costs two statements") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    int statements = 0;
    watched_database counted(*opened, [&](std::string_view) -> std::optional<failure> {
        ++statements;
        return std::nullopt;
    });
    CHECK(*migrate(counted, at(1)) == 0);
    CHECK(statements == 2);
}

TEST_CASE("only the steps that are missing run") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open_empty();
    CHECK(*migrate(*opened, at(1), one_step) == 1);
    CHECK_FALSE(has_table(*opened, "second"));
    CHECK(*migrate(*opened, at(2), two_steps) == 1);
    CHECK(has_table(*opened, "third"));
    CHECK(*schema_version(*opened) == 2);
}

TEST_CASE("a database that is newer than the program is left alone") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open_empty();
    REQUIRE(migrate(*opened, at(1), two_steps));
    const auto refused = migrate(*opened, at(2), one_step);
    REQUIRE(code_of(refused) == error_code::conflict);
    CHECK(refused.error().detail.find("newer version of Perin") != std::string::npos);
    CHECK(*schema_version(*opened) == 2);
}

TEST_CASE("a database that another program made is left alone") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open_empty();
    REQUIRE(migrate(*opened, at(1), other_step));
    CHECK(code_of(migrate(*opened, at(2), two_steps)) == error_code::conflict);
    CHECK(*schema_version(*opened) == 1);
}

TEST_CASE("a step that fails in the middle leaves the schema before it") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open_empty();
    const auto failed = migrate(*opened, at(1), broken_step);
    REQUIRE(code_of(failed) == error_code::internal);
    CHECK(failed.error().detail.starts_with("step 2 of the schema failed"));
    CHECK(*schema_version(*opened) == 1);
    CHECK(has_table(*opened, "first"));
    CHECK_FALSE(has_table(*opened, "second"));
    CHECK(*migrate(*opened, at(2), two_steps) == 1);
}

TEST_CASE("whichever statement of a migration fails, the next start completes it") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open_empty();
    const int failing = GENERATE(range(1, 9));
    int statements = 0;
    watched_database faulty(*opened, [&](std::string_view) -> std::optional<failure> {
        if (++statements != failing) return std::nullopt;
        return failure{error_code::unavailable, "the disk of the database is full"};
    });
    CHECK(code_of(migrate(faulty, at(1), two_steps)) == error_code::unavailable);
    REQUIRE(migrate(*opened, at(2), two_steps));
    CHECK(*schema_version(*opened) == 2);
    auto once = opened->execute("SELECT COUNT(*) FROM first");
    REQUIRE(once);
    CHECK(once->front().integer(0) == 1);
}

TEST_CASE("a program that is killed within a migration leaves the schema before it") {
    test_store store(GENERATE(from_range(drivers())));
    // Made by its first use, which must not be the child's.
    static_cast<void>(store.location());
    const pid_t child = ::fork();
    if (child == 0) {
        auto opened = store.open_empty();
        watched_database dying(*opened, [](std::string_view sql) -> std::optional<failure> {
            if (sql == second[2]) ::_exit(7);
            return std::nullopt;
        });
        static_cast<void>(migrate(dying, at(1), two_steps));
        ::_exit(1);
    }
    REQUIRE(child > 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 7);

    auto opened = store.open_empty();
    CHECK(*schema_version(*opened) == 1);
    CHECK_FALSE(has_table(*opened, "second"));
    CHECK(*migrate(*opened, at(2), two_steps) == 1);
    CHECK(has_table(*opened, "third"));
}

TEST_CASE("of two programs that start at once one runs a step") {
    test_store store(GENERATE(from_range(drivers())));
    auto slow = store.open_empty();
    auto quick = store.open_empty();
    bool overtaken = false;
    // The quick one comes between the slow one's look at the schema and its first step.
    watched_database late(*slow, [&](std::string_view sql) -> std::optional<failure> {
        const bool makes = sql.find("CREATE TABLE IF NOT EXISTS migrations") != sql.npos;
        if (makes && !overtaken) {
            overtaken = true;
            REQUIRE(*migrate(*quick, at(1), two_steps) == 2);
        }
        return std::nullopt;
    });
    CHECK(*migrate(late, at(2), two_steps) == 0);
    CHECK(overtaken);
    CHECK(*schema_version(*slow) == 2);
}
