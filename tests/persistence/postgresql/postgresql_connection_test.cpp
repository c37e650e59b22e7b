#include "persistence/postgresql/postgresql_connection.hpp"

#include "persistence/postgresql/postgresql_database.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cmath>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

/// A port of this machine at which somebody listens who never says a word; or, once it is closed,
/// nobody.
class silent_server {
  public:
    silent_server() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at = {};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&at), size) == 0);
        REQUIRE(::listen(socket_, 4) == 0);
        REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
        port_ = std::to_string(ntohs(at.sin_port));
    }
    silent_server(const silent_server&) = delete;
    silent_server& operator=(const silent_server&) = delete;
    ~silent_server() { close(); }

    void close() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }
    [[nodiscard]] const std::string& port() const noexcept { return port_; }

  private:
    int socket_;
    std::string port_;
};

failure refusal(const std::string& url) {
    const auto refused = open_postgresql(url, postgresql_mode::read_write);
    REQUIRE_FALSE(refused);
    return refused.error();
}

std::unique_ptr<postgresql_connection> connect(const std::string& url) {
    const auto options = postgresql_options_of(url, postgresql_mode::read_write);
    REQUIRE(options);
    auto opened = postgresql_connection::open(*options);
    REQUIRE(opened);
    return std::move(*opened);
}

}  // namespace

TEST_CASE("who is not let into a PostgreSQL database is told why, and no password") {
    const postgres_test_database on;
    const auto& cluster = postgres_cluster::shared();
    CHECK(open_postgresql(on.url("secured:right"), postgresql_mode::read_write));
    const std::vector<std::pair<std::string, std::string>> refused = {
        {on.url("secured:swordfish"), "refuses the password"},
        {on.url("secured"), "wants a password"},
        {on.url("nobody_we_know:swordfish"), "refuses the user"},
        {cluster.url("not_" + on.name(), "perin:swordfish"), "no such database"},
        {on.url("perin:swordfish") + "?sslmode=require", "encryption"},
        {cluster.url(on.name(), "perin:swordfish") + "?port=1", "cannot be reached"},
        {"postgresql://perin:swordfish@no-such-host.invalid/perin", "cannot be reached"},
    };
    for (const auto& [url, words] : refused) {
        INFO(url);
        const failure why = refusal(url);
        CHECK(why.code == error_code::unavailable);
        INFO(why.detail);
        CHECK(why.detail.find(words) != std::string::npos);
        CHECK(why.detail.find("swordfish") == std::string::npos);
        CHECK(why.detail.find("127.0.0.1") == std::string::npos);
        CHECK(why.detail.find(on.name()) == std::string::npos);
    }
}

TEST_CASE("a PostgreSQL database is reached through its socket too") {
    const postgres_test_database on;
    auto opened = open_postgresql(postgres_cluster::shared().socket_url(on.name()),
                                  postgresql_mode::read_write);
    REQUIRE(opened);
    CHECK((*opened)->execute("SELECT 1")->front().integer(0) == 1);
    CHECK(std::string((*opened)->driver()) == "postgresql");
}

TEST_CASE("a server that does not answer is given up in time, and the next one is taken") {
    silent_server silent;
    const auto began = std::chrono::steady_clock::now();
    const failure why =
        refusal("postgresql://perin@127.0.0.1:" + silent.port() + "/perin?connect_timeout=1");
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(why.code == error_code::unavailable);
    CHECK(took >= std::chrono::milliseconds(900));
    CHECK(took < std::chrono::seconds(5));

    silent.close();
    const postgres_test_database on;
    const std::string both = "postgresql://perin@127.0.0.1:" + silent.port() +
                             ",127.0.0.1:" + std::to_string(postgres_cluster::shared().port()) +
                             "/" + on.name();
    CHECK(open_postgresql(both, postgresql_mode::read_write));
}

TEST_CASE("a user without a place for another connection is told so") {
    const postgres_test_database on;
    auto owner = connect(on.url("postgres"));
    const std::string user = "narrow_" + on.name();
    REQUIRE(owner->run_plain("CREATE ROLE " + user + " LOGIN CONNECTION LIMIT 1"));
    {
        const auto first = connect(on.url(user));
        CHECK(refusal(on.url(user)).detail.find("max_connections") != std::string::npos);
    }
    REQUIRE(owner->run_plain("DROP ROLE " + user));
}

TEST_CASE("columns of PostgreSQL are read by their type") {
    const postgres_test_database on;
    auto opened = connect(on.url());
    const auto answer = opened->run_plain(
        "SELECT 7::int2, -7::int4, 9223372036854775807::int8, 7::oid, true, false, 0.5::float4, "
        "0.1::float8, 12.25::numeric, 'a'::text, 'b'::varchar(5), 'c'::name, '{\"d\": 1}'::json, "
        "'{\"e\":1}'::jsonb, '00000000-0000-0000-0000-000000000001'::uuid, 'f', NULL, "
        "NULL::bigint, '', pg_advisory_xact_lock(1)");
    REQUIRE(answer);
    REQUIRE(answer->found.size() == 1);
    const row& found = answer->found.front();
    CHECK(found.integer(0) == 7);
    CHECK(found.integer(1) == -7);
    CHECK(found.integer(2) == std::numeric_limits<std::int64_t>::max());
    CHECK(found.integer(3) == 7);
    CHECK(found.integer(4) == 1);
    CHECK(found.integer(5) == 0);
    CHECK(found.real(6) == 0.5);
    CHECK(found.real(7) == 0.1);
    CHECK(found.real(8) == 12.25);
    CHECK(found.text(9) == "a");
    CHECK(found.text(10) == "b");
    CHECK(found.text(11) == "c");
    CHECK(found.text(12) == "{\"d\": 1}");
    CHECK(found.text(13) == "{\"e\": 1}");
    CHECK(found.text(14) == "00000000-0000-0000-0000-000000000001");
    CHECK(found.text(15) == "f");
    CHECK(found.is_null(16));
    CHECK(found.is_null(17));
    CHECK(found.text(18).empty());
    CHECK(found.is_null(19));
    CHECK_FALSE(answer->touched);
    CHECK(answer->bytes > 60);

    const auto endless = opened->run_plain("SELECT 'Infinity'::float8, 'NaN'::float8");
    REQUIRE(endless);
    CHECK(std::isinf(endless->found.front().real(0)));
    CHECK(std::isnan(endless->found.front().real(1)));
    CHECK(code_of(opened->run_plain("SELECT '\\x00'::bytea")) == error_code::internal);
    CHECK(opened->run_plain("SELECT 1"));
}

TEST_CASE("numbers reach PostgreSQL exactly, and typed as the statement wants them") {
    const postgres_test_database on;
    auto opened = connect(on.url());
    const std::array<value, 6> sent = {std::numeric_limits<std::int64_t>::min(),
                                       0.1,
                                       1e300,
                                       std::int64_t{1},
                                       std::string("{\"a\": [1]}"),
                                       value{}};
    const auto answer = opened->run(
        "SELECT $1::bigint, $2::float8, $3::float8, $4::float8, $5::jsonb, $6::text", sent);
    REQUIRE(answer);
    const row& found = answer->found.front();
    CHECK(found.integer(0) == std::numeric_limits<std::int64_t>::min());
    CHECK(found.real(1) == 0.1);
    CHECK(found.real(2) == 1e300);
    CHECK(found.real(3) == 1.0);
    CHECK(found.text(4) == "{\"a\": [1]}");
    CHECK(found.is_null(5));
}

TEST_CASE("PostgreSQL tells of rows that were touched, and of those alone") {
    const postgres_test_database on;
    auto opened = connect(on.url());
    REQUIRE(opened->run_plain("CREATE TABLE things (a BIGINT)"));
    using answer = std::optional<std::size_t>;
    CHECK(opened->run("INSERT INTO things VALUES (1), (2)", {})->touched == answer(2));
    CHECK(opened->run(" insert into things values (3) returning a", {})->touched == answer(1));
    CHECK(opened->run("SELECT a FROM things", {})->touched == answer());
    CHECK(opened->run("WITH more AS (SELECT 1) SELECT * FROM more", {})->touched == answer());
    CHECK(
        opened->run("WITH more AS (SELECT 4) INSERT INTO things SELECT * FROM more", {})->touched ==
        answer(1));
    CHECK(opened->run("UPDATE things SET a = 5 WHERE a > 5", {})->touched == answer(0));
    CHECK(opened->run("DELETE FROM things", {})->touched == answer(4));
    CHECK(opened->run("DROP TABLE things", {})->touched == answer());
}

TEST_CASE("PostgreSQL is given one well-formed statement at a time") {
    const postgres_test_database on;
    auto opened = open_postgresql(on.url(), postgresql_mode::read_write);
    REQUIRE(opened);
    const std::string sql = GENERATE("SELECT 1; SELECT 2", "SELECT ?", "SELECT :a", "SELECT $a",
                                     "SELECT $0", "SELEC 1", "SELECT \"text\"", "SELECT $1");
    INFO(sql);
    CHECK(code_of((*opened)->execute(sql)) == error_code::internal);
    CHECK((*opened)->execute("SELECT 1; ")->front().integer(0) == 1);
}

TEST_CASE("a PostgreSQL connection that meets ever new statements goes on") {
    const postgres_test_database on;
    auto opened = open_postgresql(on.url(), postgresql_mode::read_write);
    REQUIRE(opened);
    for (std::int64_t i = 0; i < 600; ++i) {
        auto found =
            (*opened)->execute("SELECT $1::bigint + " + std::to_string(i), {std::int64_t{1000}});
        REQUIRE(found);
        REQUIRE(found->front().integer(0) == 1000 + i);
    }
    auto kept = (*opened)->execute("SELECT COUNT(*) FROM pg_prepared_statements");
    REQUIRE(kept);
    CHECK(kept->front().integer(0) == 256);
}

TEST_CASE("a statement that PostgreSQL kept from before a change of the schema still runs") {
    const postgres_test_database on;
    auto first = open_postgresql(on.url(), postgresql_mode::read_write);
    auto second = open_postgresql(on.url(), postgresql_mode::read_write);
    REQUIRE((first && second));
    REQUIRE((*first)->execute("CREATE TABLE things (a BIGINT)"));
    REQUIRE((*first)->execute("INSERT INTO things (a) VALUES ($1)", {std::int64_t{1}}));
    const auto read = [&] {
        return (*first)->execute("SELECT * FROM things WHERE a = $1", {std::int64_t{1}});
    };
    REQUIRE(read());
    SECTION("at once, where nothing is lost by it") {
        REQUIRE((*second)->execute("ALTER TABLE things ADD COLUMN b TEXT"));
        REQUIRE(read());
        CHECK(read()->front().size() == 2);
    }
    SECTION("after the transaction that meets the change") {
        {
            auto changes = transaction::begin(**first);
            REQUIRE(changes);
            REQUIRE((*second)->execute("ALTER TABLE things ADD COLUMN b TEXT"));
            CHECK(code_of(read()) == error_code::unavailable);
            CHECK(code_of(changes->commit()) == error_code::unavailable);
        }
        auto changes = transaction::begin(**first);
        REQUIRE(changes);
        CHECK(read()->front().size() == 2);
    }
    SECTION("also where the server forgot it") {
        REQUIRE((*first)->execute("DEALLOCATE ALL"));
        CHECK(read());
    }
}
