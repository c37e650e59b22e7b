#include "persistence/personal_data.hpp"

#include "persistence/database_schema.hpp"
#include "persistence/migrations.hpp"
#include "persistence/personal_tables.hpp"
#include "tests/persistence/sample_data.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

std::unique_ptr<database> open_with(test_store& store, std::initializer_list<const char*> users) {
    auto opened = store.open();
    const auto schema = static_cast<int>(known_migrations().size());
    for (const auto* user : users) add_sample_data(*opened, user, schema);
    return opened;
}

/// Every row of the database as text, by table.
std::map<std::string, std::set<std::string>> everything(database& on) {
    std::map<std::string, std::set<std::string>> all;
    const auto tables = tables_of(on);
    REQUIRE(tables);
    for (const auto& table : *tables) {
        auto& texts = all[table.name];
        const auto read = on.execute("SELECT * FROM " + quoted_name(table.name));
        REQUIRE(read);
        for (const row& each : *read) {
            std::string text;
            for (std::size_t i = 0; i < each.size(); ++i) {
                if (const auto* part = std::get_if<std::string>(&each.at(i))) text += *part + " | ";
            }
            texts.insert(text);
        }
    }
    return all;
}

using exported = std::vector<std::pair<std::string, nlohmann::json>>;

exported export_all(database& on, const std::string& user) {
    exported all;
    REQUIRE(export_personal_data(on, user, [&](std::string_view table, const std::string& row) {
        all.emplace_back(table, nlohmann::json::parse(row));
        return true;
    }));
    return all;
}

const nlohmann::json& first_of(const exported& all, const std::string& table) {
    const auto found =
        std::ranges::find_if(all, [&](const auto& each) { return each.first == table; });
    REQUIRE(found != all.end());
    return found->second;
}

result<std::size_t> erase(database& on, const std::string& user) {
    auto changes = transaction::begin(on);
    REQUIRE(changes);
    auto erased = erase_personal_data(on, user);
    if (erased) REQUIRE(changes->commit());
    return erased;
}

}  // namespace

TEST_CASE("every table and column of the schema is named as personal or not") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    std::map<std::string, std::set<std::string>> of_schema;
    const auto tables = tables_of(*opened);
    REQUIRE(tables);
    for (const auto& table : *tables) {
        for (const auto& column : table.columns) of_schema[table.name].insert(column.name);
    }
    std::map<std::string, std::set<std::string>> named;
    for (const auto& table : personal_tables()) {
        for (const auto& column : table.columns) {
            named[std::string(table.name)].insert(std::string(column.name));
        }
    }
    CHECK(named == of_schema);
}

TEST_CASE("a table comes before those that it refers to") {
    test_store store("sqlite");
    auto opened = store.open();
    const auto tables = tables_of(*opened);
    REQUIRE(tables);
    const auto place = [](const std::string& name) {
        return std::ranges::find(personal_tables(), name, &personal_table::name) -
               personal_tables().begin();
    };
    for (const auto& table : *tables) {
        for (const auto& other : table.refers_to) {
            INFO(table.name << " refers to " << other);
            CHECK(place(table.name) < place(other));
        }
    }
}

TEST_CASE("the sample data have a row in every table") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with(store, {"ada"});
    for (const auto& [table, rows] : everything(*opened)) {
        INFO(table);
        CHECK_FALSE(rows.empty());
    }
}

TEST_CASE("an export has a row of every table and no secret") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with(store, {"ada", "bob"});
    const auto all = export_all(*opened, "usr_ada");
    for (const auto& table : personal_tables()) {
        INFO(table.name);
        const bool there =
            std::ranges::any_of(all, [&](const auto& each) { return each.first == table.name; });
        CHECK(there == (table.kind != personal_kind::nobodys));
    }
    for (const auto& [table, row] : all) {
        INFO(table << " " << row.dump());
        CHECK(row.dump().find("secret") == std::string::npos);
        CHECK(row.dump().find("bob") == std::string::npos);
    }
    CHECK(all.front().first == "users");
}

TEST_CASE("an export shows times, flags and documents as what they are") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with(store, {"ada"});
    const auto all = export_all(*opened, "usr_ada");
    using nlohmann::json;
    CHECK(first_of(all, "users") == json{{"id", "usr_ada"},
                                         {"email", "ada@example.org"},
                                         {"name", "ada"},
                                         {"timezone", "Europe/Vienna"},
                                         {"admin", true},
                                         {"created_at", "1970-01-01T00:00:01Z"},
                                         {"profile", {{"days", {"mon"}}}}});
    CHECK(first_of(all, "memory")["importance"] == 0.5);
    CHECK(first_of(all, "memory")["details"] == json{{"from", "ada"}});
    CHECK(first_of(all, "conversations")["deleted_at"] == nullptr);
    CHECK(first_of(all, "journal")["payload"] == json{{"text", "I am ada"}});
    // What is no JSON is exported as the text that it is.
    const bool text = std::ranges::any_of(
        all, [](const auto& each) { return each.second.value("payload", json()) == "no JSON"; });
    CHECK(text);
}

TEST_CASE("an export ends where nobody wants more") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with(store, {"ada"});
    int rows = 0;
    REQUIRE(export_personal_data(*opened, "usr_ada",
                                 [&](std::string_view, const std::string&) { return ++rows < 5; }));
    CHECK(rows == 5);
}

TEST_CASE("nothing of an erased user is left, and all of another's is") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with(store, {"bob"});
    auto expected = everything(*opened);
    add_sample_data(*opened, "ada", static_cast<int>(known_migrations().size()));
    const auto erased = erase(*opened, "usr_ada");
    REQUIRE(erased);
    CHECK(*erased > personal_tables().size() - 3);

    // Except for what is the other one's too, which no longer says whose it was.
    auto left = everything(*opened);
    for (const std::string table : {"negotiations", "proposals"}) {
        for (const auto& each : left[table]) {
            INFO(each);
            CHECK(each.find("usr_ada") == std::string::npos);
            CHECK(each.find("says ada") == std::string::npos);
            CHECK(each.find("with ada") == std::string::npos);
        }
        CHECK(std::ranges::includes(left[table], expected[table]));
        left.erase(table);
        expected.erase(table);
    }
    CHECK(left == expected);

    const auto state = [&](const std::string& id) {
        const auto found = opened->execute(
            "SELECT state, initiator_id, counterpart_id, title FROM negotiations WHERE id = $1",
            {id});
        REQUIRE(found);
        if (found->empty()) return std::string("gone");
        const row& one = found->front();
        return one.text(0) + " " + one.text(1) + " " + one.text(2) + " '" + one.text(3) + "'";
    };
    CHECK(state("neg_1ada") == "cancelled usr_erased usr_~somebody ''");
    CHECK(state("neg_2ada") == "confirmed usr_~somebody usr_erased 'Supper'");
    CHECK(state("neg_3ada") == "gone");
    CHECK(state("neg_1bob") == "agreed usr_bob usr_~somebody 'Lunch with bob'");
}

TEST_CASE("whom there is not can be neither exported nor erased") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with(store, {"ada"});
    const auto take = [](std::string_view, const std::string&) { return true; };
    CHECK(code_of(export_personal_data(*opened, "usr_bob", take)) == error_code::not_found);
    CHECK(code_of(erase(*opened, "usr_bob")) == error_code::not_found);
    REQUIRE(erase(*opened, "usr_ada"));
    CHECK(code_of(erase(*opened, "usr_ada")) == error_code::not_found);
}

TEST_CASE("an erasure that fails leaves all as it was") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with(store, {"ada"});
    const auto before = everything(*opened);
    watched_database faulty(*opened, [](std::string_view sql) -> std::optional<failure> {
        if (!sql.starts_with("DELETE FROM users")) return std::nullopt;
        return failure{error_code::unavailable, "the disk of the database is full"};
    });
    CHECK(code_of(erase(faulty, "usr_ada")) == error_code::unavailable);
    CHECK(everything(*opened) == before);
}
