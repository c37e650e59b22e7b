#include "persistence/accounts.hpp"
#include "persistence/database_schema.hpp"
#include "persistence/journal.hpp"
#include "persistence/memory.hpp"
#include "persistence/migrations.hpp"
#include "tests/persistence/sample_data.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

int newest() { return static_cast<int>(known_migrations().size()); }

std::span<const migration> up_to(int number) {
    return known_migrations().first(static_cast<std::size_t>(number));
}

using table_columns = std::map<std::string, std::vector<std::string>>;

table_columns columns_of(database& on) {
    table_columns all;
    const auto tables = tables_of(on);
    REQUIRE(tables);
    for (const auto& table : *tables) {
        for (const auto& column : table.columns) all[table.name].push_back(column.name);
    }
    // It grows with every step.
    all.erase("migrations");
    return all;
}

/// The rows of those columns, in no order.
std::map<std::string, std::multiset<std::string>> rows_of(database& on,
                                                          const table_columns& columns) {
    std::map<std::string, std::multiset<std::string>> all;
    for (const auto& [table, names] : columns) {
        std::string list;
        for (const auto& name : names) list += (list.empty() ? "" : ", ") + quoted_name(name);
        const auto read = on.execute("SELECT " + list + " FROM " + quoted_name(table));
        REQUIRE(read);
        for (const row& each : *read) {
            nlohmann::json values = nlohmann::json::array();
            for (std::size_t i = 0; i < each.size(); ++i) {
                const value& one = each.at(i);
                if (const auto* whole = std::get_if<std::int64_t>(&one)) values.push_back(*whole);
                if (const auto* real = std::get_if<double>(&one)) values.push_back(*real);
                if (const auto* text = std::get_if<std::string>(&one)) values.push_back(*text);
                if (std::holds_alternative<std::monostate>(one)) values.push_back(nullptr);
            }
            all[table].insert(values.dump());
        }
    }
    return all;
}

/// Runs the steps in a process of its own that is killed before a statement of the last one; the
/// first is its row in `migrations`, and past the last one it is about to commit. Whether it was
/// killed so.
bool killed_within(test_store& store, std::span<const migration> steps, std::size_t statement) {
    const pid_t child = ::fork();
    if (child == 0) {
        auto opened = store.open_empty();
        std::vector<std::string_view> statements(steps.back().statements.begin(),
                                                 steps.back().statements.end());
        statements.emplace_back("SELECT 1");
        std::vector<migration> all(steps.begin(), steps.end());
        all.back().statements = statements;
        std::optional<std::size_t> seen;
        watched_database dying(*opened, [&](std::string_view sql) -> std::optional<failure> {
            if (sql.starts_with("INSERT INTO migrations")) {
                seen = 0;
            } else if (seen) {
                ++*seen;
            }
            if (seen == statement) ::kill(::getpid(), SIGKILL);
            return std::nullopt;
        });
        static_cast<void>(migrate(dying, at(1), all));
        ::_exit(1);
    }
    REQUIRE(child > 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace

TEST_CASE("every earlier schema comes up to date with all its data") {
    test_store store(GENERATE(from_range(drivers())));
    const int earlier = GENERATE(range(1, newest() + 1));
    CAPTURE(earlier);
    auto opened = store.open_empty();
    REQUIRE(*migrate(*opened, at(1), up_to(earlier)) == earlier);
    add_sample_data(*opened, "ada", earlier);
    add_sample_data(*opened, "bob", earlier);
    auto columns = columns_of(*opened);
    // What a booking blocks is told by its own row since step 8.
    columns.erase("booked_minutes");
    const auto rows = rows_of(*opened, columns);

    CHECK(*migrate(*opened, at(2)) == newest() - earlier);
    CHECK(*schema_version(*opened) == newest());
    CHECK(rows_of(*opened, columns) == rows);

    // And whoever uses it finds them.
    const auto ada = account_repository(*opened).find_by_email("ada@example.org");
    REQUIRE(ada);
    REQUIRE(*ada);
    CHECK((*ada)->name == "ada");
    const auto memory = memory_repository(*opened).load("usr_ada");
    REQUIRE(memory);
    REQUIRE(memory->size() == 1);
    CHECK(memory->front().content == "is called ada");
    CHECK(*journal_repository(*opened).version("conversation/usr_ada/cnv_1") == 2);
    const auto documents = opened->execute(
        "SELECT profile, details FROM users JOIN memory ON user_id = id WHERE id = 'usr_ada'");
    REQUIRE(documents);
    REQUIRE(documents->size() == 1);
    CHECK(nlohmann::json::parse(documents->front().text(0)).empty() == (earlier < 2));
    CHECK(nlohmann::json::parse(documents->front().text(1)).empty() == (earlier < 2));
    if (earlier < newest()) add_sample_data(*opened, "cat", newest());
}

TEST_CASE("bookings of an earlier schema keep themselves apart once it is up to date") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open_empty();
    REQUIRE(migrate(*opened, at(1), up_to(7)));
    add_sample_data(*opened, "ada", 7);
    REQUIRE(migrate(*opened, at(2)));
    const auto copied_to = [&](const std::string& id, const std::string& from,
                               const std::string& until) {
        return opened->execute(
            "INSERT INTO bookings (id, user_id, idempotency_key, state, starts_at, ends_at, "
            "blocked_from, blocked_until, day, day_number, guest_name, guest_email, "
            "guest_timezone, note, created_at, updated_at) SELECT '" +
            id + "', user_id, '" + id + "', state, " + from + ", " + until + ", " + from + ", " +
            until + ", day, 1, '', '', '', '', 0, 0 FROM bookings WHERE id = 'bkg_ada'");
    };
    // That of the sample data is from 60,000 to 120,000.
    CHECK(code_of(copied_to("bkg_1", "119999", "180000")) == error_code::conflict);
    CHECK(copied_to("bkg_2", "120000", "180000"));
    CHECK(copied_to("bkg_3", "0", "60000"));
}

TEST_CASE("a migration that is killed at any statement leaves the schema before it") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open_empty();
    for (int number = 1; number <= newest(); ++number) {
        const auto steps = up_to(number);
        const auto columns = columns_of(*opened);
        const auto rows = rows_of(*opened, columns);
        for (std::size_t i = 0; i <= steps.back().statements.size() + 1; ++i) {
            INFO("step " << number << ", statement " << i);
            REQUIRE(killed_within(store, steps, i));
            CHECK(*schema_version(*opened) == number - 1);
            CHECK(columns_of(*opened) == columns);
            CHECK(rows_of(*opened, columns) == rows);
        }
        REQUIRE(*migrate(*opened, at(2), steps) == 1);
        if (number == 1) add_sample_data(*opened, "ada", number);
    }
    CHECK(*migrate(*opened, at(3)) == 0);
    CHECK(account_repository(*opened).find_by_email("ada@example.org")->has_value());
}

TEST_CASE("a JSON document is of the type that the database has for it") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    const auto tables = tables_of(*opened);
    REQUIRE(tables);
    std::vector<std::string> documents;
    for (const auto& table : *tables) {
        for (const auto& column : table.columns) {
            if (column.json) documents.push_back(table.name + "." + column.name);
        }
    }
    if (std::string_view(opened->driver()) == "sqlite") {
        CHECK(documents.empty());
    } else {
        CHECK(documents.size() == 11);
        CHECK(std::ranges::find(documents, "users.profile") != documents.end());
    }
}
