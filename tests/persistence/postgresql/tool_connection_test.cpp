#include "persistence/postgresql/tool_connection.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;

TEST_CASE("a password for PostgreSQL's programs goes by the environment") {
    const auto to = tool_connection_of(
        "postgresql://ada:it%27s%20secret@db.example:5433/per%27in?sslmode=require");
    REQUIRE(to);
    CHECK(to->text ==
          "user='ada' dbname='per\\'in' host='db.example' port='5433' "
          "sslmode='require'");
    CHECK(to->environment == std::map<std::string, std::string>{{"PGPASSWORD", "it's secret"}});
    const auto plain = tool_connection_of("postgresql:///perin");
    REQUIRE(plain);
    CHECK(plain->text == "dbname='perin'");
    CHECK(plain->environment.empty());
    for (const auto* bad : {"", "http://x/y", "host=x", "postgresql://h/d?sslpassword=x",
                            "postgresql://h/d?no_such_option=1"}) {
        INFO(bad);
        const auto refused = tool_connection_of(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == error_code::invalid_request);
    }
}
