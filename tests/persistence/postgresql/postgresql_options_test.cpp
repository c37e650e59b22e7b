#include "persistence/postgresql/postgresql_options.hpp"

#include "persistence/postgresql/postgresql_database.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

using namespace std::chrono_literals;

std::map<std::string, std::string> settings_of(const std::string& url, postgresql_mode mode) {
    auto opened = open_postgresql(url, mode);
    REQUIRE(opened);
    std::map<std::string, std::string> found;
    for (const std::string name :
         {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
          "application_name", "client_encoding", "timezone", "default_transaction_read_only"}) {
        auto shown = (*opened)->execute("SELECT current_setting($1)", {name});
        REQUIRE(shown);
        found[name] = shown->front().text(0);
    }
    return found;
}

}  // namespace

TEST_CASE("a PostgreSQL connection has a limit on all that could take forever") {
    const postgres_test_database on;
    auto found = settings_of(on.url(), postgresql_mode::read_write);
    CHECK(found["statement_timeout"] == "30s");
    CHECK(found["lock_timeout"] == "10s");
    CHECK(found["idle_in_transaction_session_timeout"] == "1min");
    CHECK(found["application_name"] == "perin");
    CHECK(found["client_encoding"] == "UTF8");
    CHECK(found["timezone"] == "UTC");
    CHECK(found["default_transaction_read_only"] == "off");
    CHECK(settings_of(on.url(), postgresql_mode::read_only)["default_transaction_read_only"] ==
          "on");
}

TEST_CASE("what the URL of a PostgreSQL database says holds, but for the encoding") {
    const postgres_test_database on;
    const std::string url = on.url() +
                            "?application_name=mine&client_encoding=LATIN1&options="
                            "-c%20statement_timeout%3D7s%20-c%20timezone%3DEurope/Zurich";
    auto found = settings_of(url, postgresql_mode::read_only);
    CHECK(found["statement_timeout"] == "7s");
    CHECK(found["timezone"] == "Europe/Zurich");
    CHECK(found["lock_timeout"] == "10s");
    CHECK(found["application_name"] == "mine");
    CHECK(found["client_encoding"] == "UTF8");
    CHECK(found["default_transaction_read_only"] == "on");
}

TEST_CASE("libpq is told what it has to do with a lost network") {
    const auto found =
        postgresql_options_of("postgresql://there/perin", postgresql_mode::read_write);
    REQUIRE(found);
    for (const std::string part : {"host='there'", "dbname='perin'", "tcp_user_timeout='30000'",
                                   "keepalives_idle='15'", "connect_timeout='2'"}) {
        INFO(part);
        CHECK(found->text.find(part) != std::string::npos);
    }
    CHECK(found->connect_timeout == 2s);
    const auto patient = postgresql_options_of(
        "postgres://there/perin?connect_timeout=9&keepalives=0", postgresql_mode::read_write);
    REQUIRE(patient);
    CHECK(patient->connect_timeout == 9s);
    CHECK(patient->text.find("keepalives='0'") != std::string::npos);
    CHECK(postgresql_options_of("postgresql://a/?connect_timeout=-1", postgresql_mode::read_write)
              ->connect_timeout == 0s);
}

TEST_CASE("several servers, encryption and odd characters of a URL reach libpq") {
    const auto found = postgresql_options_of(
        "postgresql://anna:it%27s%20%5C@one:1,two:2/perin?sslmode=verify-full&sslrootcert=/ca.pem",
        postgresql_mode::read_write);
    REQUIRE(found);
    for (const std::string part :
         {"host='one,two'", "port='1,2'", "user='anna'", R"(password='it\'s \\')",
          "sslmode='verify-full'", "sslrootcert='/ca.pem'"}) {
        INFO(part);
        CHECK(found->text.find(part) != std::string::npos);
    }
}

TEST_CASE("what is no URL of a PostgreSQL database is refused") {
    const std::string url =
        GENERATE("", "perin", "mysql://there/perin", "host=there dbname=perin", "postgresql:/there",
                 "postgresql://there/perin?nonsense=1", "postgresql://[::1/perin",
                 "postgresql://there/%zz", "postgresql://there/perin?connect_timeout=soon");
    INFO(url);
    const auto refused = open_postgresql(url, postgresql_mode::read_write);
    REQUIRE(code_of(refused) == error_code::invalid_request);
    CHECK(refused.error().detail.find("postgresql://user:password@host") != std::string::npos);
}
