#include "cli/secret_commands.hpp"

#include "cli/data_hold.hpp"
#include "cli/database_location.hpp"
#include "cli/open_vault.hpp"
#include "cli/run_file.hpp"
#include "domain/json.hpp"
#include "persistence/integrations.hpp"
#include "persistence/migrations.hpp"
#include "persistence/vault/sealing_key.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/private_file.hpp"
#include "runtime/secret_file.hpp"
#include "tests/cli/scripted_console.hpp"
#include "tests/cli/temporary_folder.hpp"
#include "tests/persistence/test_store.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace perin;
using namespace perin::cli;
using persistence::test::test_store;

namespace {

const std::string first_secret = "the first secret, of 32 bytes or more";
const std::string second_secret = "the second secret, of 32 bytes or more";

constexpr int integrations_made = 130;

timestamp now() { return persistence::test::at(0); }

integration_tokens tokens(int number) {
    const auto name = std::to_string(number);
    return {.access = "access " + name, .refresh = "refresh " + name};
}

std::string id_of(int number) { return "int_" + std::to_string(1000 + number); }

/// A data folder, where the tests say how it is configured.
class world {
  public:
    explicit world(const std::string& driver = "sqlite") : store_(driver) {
        configuration.data = folder_.path() / "data";
        configuration.database_url = store_.location().url;
        REQUIRE(runtime::make_private_folder(configuration.data));
    }

    [[nodiscard]] std::unique_ptr<persistence::database> open() const {
        auto opened = persistence::open_database(location_of(configuration));
        REQUIRE(opened);
        REQUIRE(persistence::migrate(**opened, now()));
        return std::move(*opened);
    }

    /// Makes integrations as a server with this configuration would.
    void fill() {
        auto on = open();
        const auto keys = open_vault(configuration, random);
        REQUIRE(keys);
        auto change = persistence::transaction::begin(*on);
        REQUIRE(change);
        persistence::integration_repository integrations(*on, **keys);
        for (int i = 0; i < integrations_made; ++i) {
            const integration fresh{
                .id = id_of(i), .user_id = "usr_1", .type = "google", .label = id_of(i)};
            REQUIRE(integrations.create(fresh, tokens(i)));
        }
        REQUIRE(change->commit());
    }

    /// How many integrations have their tokens, for a program that starts now.
    [[nodiscard]] int readable() {
        auto on = open();
        const auto keys = open_vault(configuration, random);
        REQUIRE(keys);
        return readable(*on, **keys);
    }

    [[nodiscard]] static int readable(persistence::database& on, persistence::vault& keys) {
        persistence::integration_repository integrations(on, keys);
        int count = 0;
        for (int i = 0; i < integrations_made; ++i) {
            const auto found = integrations.tokens(id_of(i));
            if (found && *found == tokens(i)) ++count;
        }
        return count;
    }

    exit_code rotate(scripted_console& at, bool json = false, bool lost = false, bool yes = false) {
        const operator_context with{configuration, at, now(), json, yes};
        return run(secrets_rotate{.lost = lost}, with, random);
    }

    exit_code rotate() {
        scripted_console at;
        return rotate(at);
    }

    [[nodiscard]] std::string content(const std::string& file) const {
        std::ifstream in(configuration.data / file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    runtime::configuration configuration;
    runtime::system_entropy random;

  private:
    temporary_folder folder_;
    test_store store_;
};

/// A server that says that it is one, to whoever asks, until it goes.
class living_server {
  public:
    living_server(const world& on, std::vector<std::string> keys, bool kept_secret)
        : acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}),
          thread_([this] { answer(); }) {
        const run_file run{
            .url = "",
            .admin = "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()),
            .pid = static_cast<int>(::getpid()),
            .token = "t",
            .node = "n",
            .keys = std::move(keys),
            .kept_secret = kept_secret};
        REQUIRE(write_run_file(on.configuration.data, run));
    }
    living_server(const living_server&) = delete;
    living_server& operator=(const living_server&) = delete;
    ~living_server() {
        ending_ = true;
        boost::asio::io_context context;
        boost::asio::ip::tcp::socket waking(context);
        boost::system::error_code ignored;
        waking.connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }

  private:
    void answer() {
        namespace http = boost::beast::http;
        for (;;) {
            auto socket = acceptor_.accept();
            if (ending_) return;
            boost::beast::flat_buffer buffer;
            boost::system::error_code ec;
            http::request<http::string_body> request;
            http::read(socket, buffer, request, ec);
            http::response<http::string_body> response(http::status::ok, 11, R"({"items":[]})");
            response.keep_alive(false);
            response.prepare_payload();
            http::write(socket, response, ec);
        }
    }

    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

}  // namespace

TEST_CASE("the kept secret is replaced, and all is sealed with the new one") {
    world on;
    on.fill();
    const auto old = on.content("secret");
    scripted_console at;
    CHECK(on.rotate(at) == exit_code::done);
    CHECK(at.said() == "made a new secret; 260 values sealed again; the old secret is gone\n");
    CHECK(at.complained().empty());
    CHECK(on.content("secret") != old);
    CHECK(on.content("secret").size() == 65);
    CHECK_FALSE(std::filesystem::exists(on.configuration.data / "secret.previous"));
    CHECK(on.readable() == integrations_made);

    // And again, as often as one likes.
    scripted_console again;
    CHECK(on.rotate(again, true) == exit_code::done);
    CHECK(*parse_json(again.said()) == nlohmann::json{{"sealed", 260},
                                                      {"removed", 0},
                                                      {"unopened", 0},
                                                      {"madeSecret", true},
                                                      {"done", true}});
    CHECK(on.readable() == integrations_made);
}

TEST_CASE("a secret of a folder in which nothing was sealed is replaced as well") {
    world on;
    const auto before = runtime::kept_secret(on.configuration.data, on.random);
    REQUIRE(before);
    scripted_console at;
    CHECK(on.rotate(at) == exit_code::done);
    CHECK(at.said() == "made a new secret; 0 values sealed again; the old secret is gone\n");
    CHECK(*runtime::kept_secret(on.configuration.data, on.random) != *before);
}

TEST_CASE("one goes over from a configured secret to another") {
    world on(GENERATE(from_range(persistence::test::drivers())));
    on.configuration.secret = first_secret;
    on.fill();
    scripted_console alone;
    CHECK(on.rotate(alone) == exit_code::usage);
    CHECK(alone.complained().find("PERIN_SECRET_PREVIOUS") != std::string::npos);

    on.configuration.secret = second_secret;
    CHECK(on.readable() == 0);
    on.configuration.secret_previous = first_secret;
    CHECK(on.readable() == integrations_made);
    scripted_console at;
    CHECK(on.rotate(at) == exit_code::done);
    CHECK(at.said() == "260 values sealed again; PERIN_SECRET_PREVIOUS is not needed any more\n");
    CHECK(on.rotate() == exit_code::done);
    on.configuration.secret_previous = "";
    CHECK(on.readable() == integrations_made);
    // Nothing of it is in the folder.
    CHECK(on.content("secret").empty());
}

TEST_CASE("one goes over from a configured secret to a kept one, and back") {
    world on;
    on.configuration.secret = first_secret;
    on.fill();
    on.configuration.secret = "";
    on.configuration.secret_previous = first_secret;
    scripted_console at;
    CHECK(on.rotate(at) == exit_code::done);
    CHECK(at.said() == "260 values sealed again; PERIN_SECRET_PREVIOUS is not needed any more\n");
    on.configuration.secret_previous = "";
    CHECK(on.readable() == integrations_made);

    auto kept = on.content("secret");
    kept.pop_back();
    on.configuration.secret = first_secret;
    on.configuration.secret_previous = kept;
    CHECK(on.rotate() == exit_code::done);
    on.configuration.secret_previous = "";
    CHECK(on.readable() == integrations_made);
}

TEST_CASE("what seals must be known before anything is changed") {
    world on;
    on.configuration.secret = first_secret;
    on.fill();
    SECTION("the previous secret is another one") {
        on.configuration.secret = second_secret;
        on.configuration.secret_previous = "yet another secret, of 32 bytes or more";
    }
    SECTION("the command does not have the server's configuration") {
        on.configuration.secret = "";
    }
    scripted_console at;
    CHECK(on.rotate(at) == exit_code::usage);
    CHECK(at.complained().find("--lost") != std::string::npos);
    CHECK(at.said().empty());
    on.configuration.secret = first_secret;
    on.configuration.secret_previous = "";
    CHECK(on.readable() == integrations_made);
}

TEST_CASE("what is damaged keeps the old secret, until it is given up") {
    world on;
    on.fill();
    REQUIRE(on.open()->execute("UPDATE integrations SET access_token = refresh_token WHERE id = $1",
                               {id_of(7)}));
    scripted_console at;
    CHECK(on.rotate(at, true) == exit_code::failed);
    CHECK(*parse_json(at.said()) == nlohmann::json{{"sealed", 259},
                                                   {"removed", 0},
                                                   {"unopened", 1},
                                                   {"madeSecret", true},
                                                   {"done", false}});
    CHECK(at.complained().find("1 value cannot be opened") != std::string::npos);
    CHECK_FALSE(on.content("secret.previous").empty());
    const auto secret = on.content("secret");

    scripted_console silent;
    CHECK(on.rotate(silent, false, true) == exit_code::usage);
    scripted_console doubtful({"no"}, true);
    CHECK(on.rotate(doubtful, false, true) == exit_code::failed);
    CHECK_FALSE(on.content("secret.previous").empty());

    scripted_console sure;
    CHECK(on.rotate(sure, false, true, true) == exit_code::done);
    CHECK(sure.said() ==
          "0 values sealed again, 1 value removed that nobody can open; the old secret is gone\n");
    // No third one is made for that.
    CHECK(on.content("secret") == secret);
    CHECK(on.content("secret.previous").empty());
    CHECK(on.readable() == integrations_made - 1);
}

TEST_CASE("a database that came without its secret can be used again") {
    world on;
    on.fill();
    REQUIRE(std::filesystem::remove(on.configuration.data / "secret"));
    CHECK(on.readable() == 0);
    CHECK(on.rotate() == exit_code::usage);
    scripted_console at;
    CHECK(on.rotate(at, false, true, true) == exit_code::done);
    auto opened = on.open();
    const auto keys = open_vault(on.configuration, on.random);
    REQUIRE(keys);
    persistence::integration_repository integrations(*opened, **keys);
    CHECK(*integrations.tokens(id_of(1)) == integration_tokens{});
    CHECK((*integrations.find(id_of(1)))->status == integration_status::needs_reconnect);
    auto change = persistence::transaction::begin(*opened);
    REQUIRE(change);
    CHECK(integrations.put_tokens(id_of(1), tokens(1), now()));
    CHECK(change->commit());
    CHECK(on.readable() == 1);
}

TEST_CASE("a rotation that was cut off anywhere goes on, and loses nothing") {
    struct row {
        std::string point;
        /// Whether the next one makes a secret: only where the first one had not.
        bool makes;
    };
    const auto rows = std::vector<row>{{"secrets.old_kept", true}, {"secrets.replaced", false},
                                       {"secrets.begun", false},   {"secrets.batch:1", false},
                                       {"secrets.batch:2", false}, {"secrets.batch:4", false},
                                       {"secrets.sealed", false}};
    for (const auto& [point, makes] : rows) {
        CAPTURE(point);
        world on;
        on.fill();
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            runtime::arm_crash_point(point);
            scripted_console at;
            ::_exit(static_cast<int>(on.rotate(at)));
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
#ifdef PERIN_CRASH_POINTS
        REQUIRE(WIFSIGNALED(status));
        CHECK(on.readable() == integrations_made);
        const auto secret = on.content("secret");
        scripted_console at;
        CHECK(on.rotate(at, true) == exit_code::done);
        const auto told = parse_json(at.said());
        REQUIRE(told);
        CHECK((*told)["madeSecret"] == makes);
        CHECK((on.content("secret") != secret) == makes);
#else
        REQUIRE(WIFEXITED(status));
#endif
        CHECK(on.content("secret.previous").empty());
        CHECK(on.readable() == integrations_made);
    }
}

TEST_CASE("a running server reads what is sealed again, without being told") {
    world on;
    on.fill();
    // What a server has opened when it started.
    auto connection = on.open();
    const auto keys = open_vault(on.configuration, on.random);
    REQUIRE(keys);
    const living_server server(on, (*keys)->known(), true);
    for (int times = 0; times < 3; ++times) {
        CHECK(on.rotate() == exit_code::done);
        CHECK(world::readable(*connection, **keys) == integrations_made);
        auto change = persistence::transaction::begin(*connection);
        REQUIRE(change);
        persistence::integration_repository integrations(*connection, **keys);
        CHECK(integrations.put_tokens(id_of(1), tokens(1), now()));
        CHECK(change->commit());
        CHECK(on.readable() == integrations_made);
    }
}

TEST_CASE("a running server that could not read it is not left behind") {
    world on;
    on.configuration.secret = first_secret;
    on.fill();
    const auto old = open_vault(on.configuration, on.random);
    REQUIRE(old);
    on.configuration.secret = second_secret;
    on.configuration.secret_previous = first_secret;
    const auto both = open_vault(on.configuration, on.random);
    REQUIRE(both);
    {
        const living_server server(on, (*old)->known(), false);
        scripted_console at;
        CHECK(on.rotate(at) == exit_code::failed);
        CHECK(at.complained().find("start it again") != std::string::npos);
        CHECK(world::readable(*on.open(), **old) == integrations_made);
    }
    {
        // Nor one that was told of a secret which this command does not know.
        on.configuration.secret = on.configuration.secret_previous = "";
        const living_server server(on, (*old)->known(), false);
        CHECK(on.rotate() == exit_code::failed);
        on.configuration.secret = second_secret;
        on.configuration.secret_previous = first_secret;
    }
    {
        const living_server server(on, (*both)->known(), false);
        CHECK(on.rotate() == exit_code::done);
    }
    // The file of a server that is gone is nobody's.
    on.configuration.secret = first_secret;
    on.configuration.secret_previous = second_secret;
    CHECK(on.rotate() == exit_code::done);
    CHECK(on.readable() == integrations_made);
}

TEST_CASE("two rotations, and one beside a restore, do not come about") {
    world on;
    on.fill();
    {
        const auto other = runtime::secret_rotation::begin(on.configuration.data);
        REQUIRE(other);
        scripted_console at;
        CHECK(on.rotate(at) == exit_code::failed);
        CHECK(at.complained() == "perin: the secret is being replaced by another program\n");
    }
    {
        const auto restore = data_hold::take(on.configuration.data, hold_mode::exclusive);
        REQUIRE(restore);
        CHECK(on.rotate() == exit_code::failed);
    }
    CHECK(on.rotate() == exit_code::done);
    CHECK(on.readable() == integrations_made);
}

TEST_CASE("a secret or a database that cannot be read is told, and nothing is changed") {
    world on;
    on.fill();
    const auto secret = on.configuration.data / "secret";
    std::filesystem::permissions(secret, std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
    scripted_console open_to_others;
    CHECK(on.rotate(open_to_others) == exit_code::failed);
    CHECK(open_to_others.complained().find("chmod 600") != std::string::npos);
    std::filesystem::permissions(secret, std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::remove);
    on.configuration.secret = second_secret;
    on.configuration.secret_previous = first_secret;
    on.configuration.database_url = "postgresql://127.0.0.1:1/perin";
    CHECK(on.rotate() == exit_code::unreachable);
    on.configuration.database_url = on.configuration.secret = on.configuration.secret_previous = "";
    CHECK(on.readable() == integrations_made);
}

TEST_CASE("no secret is in what is said") {
    world on;
    on.fill();
    std::set<std::string> secrets{on.content("secret").substr(0, 64)};
    for (const bool json : {false, true}) {
        scripted_console at;
        CHECK(on.rotate(at, json) == exit_code::done);
        secrets.insert(on.content("secret").substr(0, 64));
        for (const auto& secret : secrets) {
            CHECK(at.said().find(secret) == std::string::npos);
            CHECK(at.complained().find(secret) == std::string::npos);
        }
    }
    CHECK(secrets.size() == 3);
}
