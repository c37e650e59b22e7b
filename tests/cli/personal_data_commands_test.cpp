#include "cli/personal_data_commands.hpp"

#include "domain/json.hpp"
#include "tests/cli/answering_server.hpp"
#include "tests/cli/data_place.hpp"

#include <map>
#include <sstream>

using namespace perin;
using namespace perin::cli;
using persistence::test::drivers;

namespace {

std::vector<nlohmann::json> lines_of(const std::string& text) {
    std::vector<nlohmann::json> all;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        const auto parsed = parse_json(line);
        if (!parsed) FAIL(line);
        all.push_back(*parsed);
    }
    return all;
}

std::int64_t count(const data_place& place, const std::string& table) {
    const auto answer = place.open()->execute("SELECT COUNT(*) FROM " + table);
    REQUIRE(answer);
    return answer->front().integer(0);
}

}  // namespace

TEST_CASE("everything that is kept of a user is exported, line by line") {
    const data_place place(GENERATE(from_range(drivers())));
    place.fill();
    scripted_console at;
    CHECK(place.run(export_command{"ada@example.com"}, at) == exit_code::done);
    CHECK(at.complained().empty());
    const auto lines = lines_of(at.said());
    REQUIRE(lines.size() > 160);
    CHECK(lines.front()["export"] == "perin");
    CHECK(lines.front()["email"] == "ada@example.com");
    CHECK(lines.front()["at"] == "2026-01-01T00:00:00.001Z");
    CHECK(lines.back() == nlohmann::json{{"end", true}, {"rows", lines.size() - 2}});
    std::map<std::string, int> tables;
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) ++tables[lines[i]["table"]];
    CHECK(tables["users"] == 1);
    CHECK(tables["memory"] == 2);
    CHECK(tables["journal"] == 151);
    CHECK(tables["bookings"] == 1);
    CHECK(lines[1]["table"] == "users");
    CHECK(lines[1]["row"]["email"] == "ada@example.com");
    CHECK(lines[1]["row"]["profile"]["a b"].is_object());
    for (const auto& line : lines) {
        const auto text = line.dump();
        CHECK(text.find("password_hash") == std::string::npos);
        CHECK(text.find("token_hash") == std::string::npos);
    }
}

TEST_CASE("nothing is exported of nobody, nor from a schema of another time") {
    const data_place place(GENERATE(from_range(drivers())));
    if (place.configuration.database_url.empty()) {
        CHECK(place.run(export_command{"ada@example.com"}) == exit_code::failed);
    }
    REQUIRE(persistence::migrate(*place.open(), persistence::test::at(0),
                                 persistence::known_migrations().first(1)));
    scripted_console old;
    CHECK(place.run(export_command{"ada@example.com"}, old) == exit_code::failed);
    CHECK(old.complained().find("perin migrate") != std::string::npos);
    place.fill();
    scripted_console at;
    CHECK(place.run(export_command{"eve@example.com"}, at) == exit_code::failed);
    CHECK(at.complained() == "perin: there is no user eve@example.com\n");
    CHECK(at.said().empty());
}

TEST_CASE("an export that nobody takes comes to an end") {
    const data_place place("sqlite");
    place.fill();
    scripted_console at;
    at.out().setstate(std::ios::badbit);
    CHECK(place.run(export_command{"ada@example.com"}, at) == exit_code::done);
    // What runs the commands sees that the output is bad, and says so.
    CHECK_FALSE(at.out().good());
}

TEST_CASE("a user is erased once the address is typed again") {
    const data_place place(GENERATE(from_range(drivers())));
    place.fill();
    const erase_command wanted{"ada@example.com"};
    scripted_console nobody;
    CHECK(place.run(wanted, nobody) == exit_code::usage);
    for (const auto* typed : {"", "y", "bob@example.com", "ada"}) {
        scripted_console wrong({typed}, true);
        CHECK(place.run(wanted, wrong) == exit_code::failed);
        CHECK(wrong.complained().find("nothing was removed") != std::string::npos);
    }
    CHECK(place.users() == "ada@example.com bob@example.com");
    scripted_console sure({"Ada@Example.com"}, true);
    CHECK(place.run(wanted, sure) == exit_code::done);
    CHECK(sure.said() == "erased ada@example.com\n");
    CHECK(sure.complained().find("backups") != std::string::npos);
    CHECK(place.users() == "bob@example.com");
    for (const auto* table : {"journal", "memory", "turns", "bookings", "tokens", "effects"}) {
        INFO(table);
        CHECK(count(place, table) == 0);
    }
    CHECK(place.run(wanted) == exit_code::failed);
    scripted_console json;
    CHECK(place.run(erase_command{"bob@example.com"}, json, true, true) == exit_code::done);
    CHECK(json.said() == "{\"email\":\"bob@example.com\"}\n");
    CHECK(place.users().empty());
}

TEST_CASE("a running server erases, and so ends the sessions") {
    const data_place place("sqlite");
    const std::string users =
        R"({"items":[{"id":"usr_ada","email":"ada@example.com","name":"","timezone":"UTC",)"
        R"("admin":false,"createdAt":"2026-01-01T00:00:00Z"}]})";
    answering_server server({{200, users}, {200, users}, {204, ""}});
    REQUIRE(write_run_file(place.configuration.data, server.run()));
    CHECK(place.run(erase_command{"ada@example.com"}) == exit_code::done);
    const auto& asked = server.received();
    REQUIRE(asked.size() == 3);
    CHECK(asked[2].target() == "/private/users/remove");
    CHECK(asked[2].body() == R"({"email":"ada@example.com"})");
    CHECK(place.files() == std::vector<std::string>{"run.json"});
}
