#include "runtime/configuration.hpp"

#include "runtime/settings.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <set>

using namespace perin;
using namespace perin::runtime;
using namespace std::chrono_literals;

namespace {

using variables = std::map<std::string, std::string>;

surroundings around(variables environment) {
    environment.emplace("HOME", "/home/ada");
    return {.environment = std::move(environment),
            .host_name = "lovelace",
            .read_file = [](const std::string& path) -> std::optional<std::string> {
                if (path == "/run/key") return "sk-from-a-file\r\n";
                if (path == "/run/empty") return "\n";
                return {};
            }};
}

result<configuration> parsed_of(const std::string& text, variables environment = {}) {
    return parse_configuration(text, around(std::move(environment)));
}

std::string value_shown(const configuration& read, const std::string& name) {
    for (const auto& row : read.shown) {
        if (row.name == name) return row.value;
    }
    return "no such row";
}

}  // namespace

TEST_CASE("nothing needs to be configured") {
    const auto read = parse_configuration({}, around({}));
    REQUIRE(read);
    CHECK(read->listen == endpoint{"127.0.0.1", 3000});
    CHECK(read->admin_listen == endpoint{"127.0.0.1", 3001});
    CHECK(read->url.empty());
    CHECK(read->data == "/home/ada/.local/share/perin");
    CHECK(read->node == "lovelace");
    CHECK(read->secret.empty());
    CHECK(read->limits);
    CHECK(read->offline);
    CHECK(read->openai_base_url == "https://api.openai.com/v1");
    CHECK(read->model == "gpt-4o-mini");
    CHECK(read->model_window == 128000);
    CHECK(read->model_connect == 5s);
    CHECK(read->model_first == 60s);
    CHECK(read->model_idle == 30s);
    CHECK(read->model_call == 300s);
    CHECK(read->turn == 600s);
    CHECK(read->patience == 15s);
    CHECK(read->retry_base == 1000ms);
    CHECK(read->passivate == 600s);
    CHECK(read->keep_conversations == 0s);
    CHECK(read->keep_workflows == 90 * 24h);
    CHECK(read->keep_bookings == 365 * 24h);
    CHECK(read->keep_notifications == 90 * 24h);
    CHECK(read->prune_every == 3600s);
    CHECK(read->drain == 30s);
    CHECK(read->max_connections == 50000);
    CHECK(read->max_resident == 10000);
    CHECK(read->io_threads == 0);
    CHECK(read->log_level == "info");
    CHECK_FALSE(read->debug_ai);
}

TEST_CASE("days may be parts of a day, and are bounded") {
    auto read = parsed_of("keep_conversations_days = 0.5\n",
                          {{"PERIN_KEEP_WORKFLOWS_DAYS", "7"}, {"PERIN_PRUNE_EVERY_S", "0.5"}});
    REQUIRE(read);
    CHECK(read->keep_conversations == 12h);
    CHECK(read->keep_workflows == 7 * 24h);
    CHECK(read->prune_every == 500ms);
    for (const std::string days : {"-1", "40000", "a week", "1e99", "nan"}) {
        INFO(days);
        read = parsed_of("", {{"PERIN_KEEP_BOOKINGS_DAYS", days}});
        REQUIRE_FALSE(read);
        CHECK(read.error().parameter == "PERIN_KEEP_BOOKINGS_DAYS");
        CHECK(read.error().detail == "PERIN_KEEP_BOOKINGS_DAYS: must be a number from 0 to 36500");
    }
}

TEST_CASE("the environment goes before the file, and an empty variable is as if unset") {
    const std::string file = "listen = \"127.0.0.1:4000\"\nmodel = \"small\"\npatience_s = 2\n";
    const auto read = parsed_of(file, {{"PERIN_LISTEN", "[::1]:0"}, {"PERIN_MODEL", ""}});
    REQUIRE(read);
    CHECK(read->listen == endpoint{"::1", 0});
    CHECK(to_string(read->listen) == "[::1]:0");
    CHECK(read->model == "small");
    CHECK(read->patience == 2s);
    CHECK(read->shown.front() ==
          shown_setting{"PERIN_LISTEN", "listen", "[::1]:0", setting_source::environment});
    CHECK(parsed_of("", {{"PERIN_NO_SUCH_THING", ""}}));
}

TEST_CASE("a value of the environment is read by the kind of its setting") {
    struct row {
        std::string name;
        std::string value;
        bool (*holds)(const configuration&);
    };
    const auto rows = std::vector<row>{
        {"PERIN_MODEL_FIRST_S", "0.25", [](const auto& c) { return c.model_first == 250ms; }},
        {"PERIN_PATIENCE_S", "0", [](const auto& c) { return c.patience == 0ms; }},
        {"PERIN_RETRY_BASE_MS", "0.5", [](const auto& c) { return c.retry_base == 1ms; }},
        {"PERIN_RETRY_BASE_MS", "20", [](const auto& c) { return c.retry_base == 20ms; }},
        {"PERIN_LIMITS", "off", [](const auto& c) { return !c.limits; }},
        {"DEBUG_AI", "true", [](const auto& c) { return c.debug_ai; }},
        {"PERIN_LOG_LEVEL", "warn", [](const auto& c) { return c.log_level == "warn"; }},
        {"PERIN_URL", "https://perin.example/",
         [](const auto& c) { return c.url == "https://perin.example"; }},
        {"OPENAI_BASE_URL", "http://127.0.0.1:9/v1/",
         [](const auto& c) { return c.openai_base_url == "http://127.0.0.1:9/v1" && !c.offline; }},
        {"OPENAI_API_KEY", "sk", [](const auto& c) { return !c.offline; }},
        {"PERIN_CORS_ORIGINS", "https://a.example, http://b.example:8080",
         [](const auto& c) {
             return c.cors_origins ==
                    std::vector<std::string>{"https://a.example", "http://b.example:8080"};
         }},
        {"PERIN_TOOL_APPROVAL", "a_tool=always, b_tool=external,c_tool=never",
         [](const auto& c) {
             return c.tool_approval ==
                    std::vector<std::string>{"a_tool=always", "b_tool=external", "c_tool=never"};
         }},
        {"PERIN_NODE", "eniac", [](const auto& c) { return c.node == "eniac"; }},
        {"PERIN_DATA", "/srv/perin", [](const auto& c) { return c.data == "/srv/perin"; }},
    };
    for (const auto& [name, value, holds] : rows) {
        CAPTURE(name, value);
        const auto read = parsed_of("", {{name, value}});
        REQUIRE(read);
        CHECK(holds(*read));
    }
}

TEST_CASE("a bad value is a failure that names its variable") {
    const auto rows = std::vector<std::pair<std::string, std::string>>{
        {"PERIN_LISTEN", "3000"},
        {"PERIN_LISTEN", "127.0.0.1:65536"},
        {"PERIN_LISTEN", "::1:3000"},
        {"PERIN_LISTEN", ":3000"},
        {"PERIN_ADMIN_LISTEN", "127.0.0.1:"},
        {"PERIN_URL", "perin.example"},
        {"PERIN_URL", "https://perin.example/?a=b"},
        {"OPENAI_BASE_URL", "https://user:password@api.example"},
        {"OPENAI_BASE_URL", "https://api.example:port"},
        {"PERIN_PATIENCE_S", "soon"},
        {"PERIN_PATIENCE_S", "-1"},
        {"PERIN_PATIENCE_S", "nan"},
        {"PERIN_MODEL_FIRST_S", "0"},
        {"PERIN_MODEL_FIRST_S", "1e9"},
        {"PERIN_MAX_CONNECTIONS", "0"},
        {"PERIN_MAX_CONNECTIONS", "12.5"},
        {"PERIN_IO_THREADS", "-1"},
        {"PERIN_LIMITS", "maybe"},
        {"PERIN_LOG_LEVEL", "inf"},
        {"PERIN_CORS_ORIGINS", "*"},
        {"PERIN_CORS_ORIGINS", "https://a.example/path"},
        {"PERIN_SECRET", "too short"},
        {"PERIN_SMTP_URL", "mail.example"},
        {"PERIN_DATA", "~/perin"},
        {"PERIN_NO_SUCH_THING", "1"},
        {"PERIN_LISTEN_FILE", "/run/key"},
        {"OPENAI_API_KEY_FILE", "/run/missing"},
        {"OPENAI_API_KEY_FILE", "/run/empty"},
        {"PERIN_SECRET_PREVIOUS", "too short"},
        {"PERIN_TOOL_APPROVAL", "a_tool"},
        {"PERIN_TOOL_APPROVAL", "=always"},
        {"PERIN_TOOL_APPROVAL", "a_tool=sometimes"},
        {"PERIN_TOOL_APPROVAL", "a_tool=always,a_tool=never"},
    };
    for (const auto& [name, value] : rows) {
        CAPTURE(name, value);
        const auto read = parsed_of("", {{name, value}});
        REQUIRE_FALSE(read);
        CHECK(read.error().code == error_code::invalid_request);
        CHECK(read.error().parameter == name);
        CHECK(read.error().detail.starts_with(name + ": "));
    }
}

TEST_CASE("a bad key of the file is a failure that names it") {
    const auto rows = std::vector<std::pair<std::string, std::string>>{
        {"liste", "liste = \"127.0.0.1:3000\""},
        {"server", "[server]\nlisten = \"127.0.0.1:3000\""},
        {"PERIN_LISTEN", "PERIN_LISTEN = \"127.0.0.1:3000\""},
        {"listen", "listen = 3000"},
        {"model", "model = true"},
        {"patience_s", "patience_s = true"},
        {"max_connections", "max_connections = 1.5"},
        {"cors_origins", "cors_origins = [\"https://a.example\", 1]"},
        {"limits", "limits = 0"},
        {"listen_file", "listen_file = \"/run/key\""},
    };
    for (const auto& [key, text] : rows) {
        CAPTURE(text);
        const auto read = parsed_of(text);
        REQUIRE_FALSE(read);
        CHECK(read.error().parameter == key);
    }
    const auto broken = parsed_of("model = \"small\"\nlisten = \n");
    REQUIRE_FALSE(broken);
    CHECK(broken.error().detail.find("line 2") != std::string::npos);
}

TEST_CASE("the file may give numbers, booleans and lists as TOML has them") {
    const auto read = parsed_of(
        "limits = false\npatience_s = 0.5\nretry_base_ms = 3\nmax_connections = 7\n"
        "cors_origins = [\"https://a.example\", \"https://b.example\"]\n"
        "openai_api_key_file = \"/run/key\"\n");
    REQUIRE(read);
    CHECK_FALSE(read->limits);
    CHECK(read->patience == 500ms);
    CHECK(read->retry_base == 3ms);
    CHECK(read->max_connections == 7);
    CHECK(read->cors_origins.size() == 2);
    CHECK(read->openai_api_key == "sk-from-a-file");
}

TEST_CASE("a secret may come from a file, and is never shown") {
    const auto read = parsed_of("", {{"OPENAI_API_KEY_FILE", "/run/key"},
                                     {"PERIN_SMTP_URL", "smtps://ada:swordfish@mail.example"},
                                     {"PERIN_SECRET", "0123456789abcdef0123456789abcdef"}});
    REQUIRE(read);
    CHECK(read->openai_api_key == "sk-from-a-file");
    CHECK_FALSE(read->offline);
    CHECK(value_shown(*read, "OPENAI_API_KEY") == "(set)");
    CHECK(value_shown(*read, "PERIN_SMTP_URL") == "(set)");
    CHECK(value_shown(*read, "PERIN_SECRET") == "(set)");
    CHECK(value_shown(*read, "GOOGLE_CLIENT_SECRET") == "(unset)");

    const auto twice =
        parsed_of("", {{"OPENAI_API_KEY_FILE", "/run/key"}, {"OPENAI_API_KEY", "sk"}});
    REQUIRE_FALSE(twice);
    CHECK(twice.error().detail.find("twice") != std::string::npos);
}

TEST_CASE("a failure about a secret does not hold its value") {
    const auto read = parsed_of("", {{"PERIN_SECRET", "swordfish"}});
    REQUIRE_FALSE(read);
    CHECK(read.error().detail.find("swordfish") == std::string::npos);
}

TEST_CASE("settings that need each other are refused alone") {
    const auto at_fault = [](variables environment) {
        const auto read = parsed_of("", std::move(environment));
        return read ? std::string("none") : read.error().parameter;
    };
    CHECK(at_fault({{"PERIN_TLS_CERTIFICATE", "/c.pem"}}) == "PERIN_TLS_KEY");
    CHECK(at_fault({{"PERIN_TLS_KEY", "/k.pem"}}) == "PERIN_TLS_CERTIFICATE");
    CHECK(at_fault({{"PERIN_TLS_CERTIFICATE", "/c.pem"}, {"PERIN_TLS_KEY", "/k.pem"}}) == "none");
    CHECK(at_fault({{"PERIN_MAIL_FROM", "nobody"}}) == "PERIN_MAIL_FROM");
    CHECK(at_fault({{"PERIN_SMTP_URL", "smtp://mail.example"}}) == "none");
    CHECK(at_fault({{"GOOGLE_CLIENT_ID", "id"}}) == "GOOGLE_CLIENT_SECRET");
    CHECK(at_fault({{"GOOGLE_CLIENT_SECRET", "s"}}) == "GOOGLE_CLIENT_ID");
    CHECK(at_fault({{"PERIN_LIMITS", "off"}, {"PERIN_LISTEN", "0.0.0.0:3000"}}) == "PERIN_LIMITS");
    CHECK(at_fault({{"PERIN_LIMITS", "off"}, {"PERIN_LISTEN", "[::1]:3000"}}) == "none");
    CHECK(at_fault({{"HOME", ""}}) == "PERIN_DATA");
    const std::string secret(32, 's');
    CHECK(at_fault({{"DATABASE_URL", "postgresql://localhost/perin"}}) == "PERIN_SECRET");
    CHECK(at_fault({{"DATABASE_URL", "mysql://localhost/perin"}, {"PERIN_SECRET", secret}}) ==
          "DATABASE_URL");
    CHECK(at_fault({{"DATABASE_URL", "postgresql://localhost/perin"}, {"PERIN_SECRET", secret}}) ==
          "none");
    CHECK(at_fault({{"PERIN_SECRET", secret}, {"PERIN_SECRET_PREVIOUS", secret}}) ==
          "PERIN_SECRET_PREVIOUS");
    CHECK(at_fault({{"PERIN_SECRET", secret}, {"PERIN_SECRET_PREVIOUS", secret + "!"}}) == "none");
    CHECK(at_fault({{"PERIN_SECRET_PREVIOUS", secret}}) == "none");
}

TEST_CASE("a crash point is refused by a build without them") {
    const auto read = parsed_of("", {{"PERIN_CRASH_AT", "turn.accepted"}});
#ifdef PERIN_CRASH_POINTS
    REQUIRE(read);
    CHECK(read->crash_at == "turn.accepted");
#else
    REQUIRE_FALSE(read);
    CHECK(read.error().parameter == "PERIN_CRASH_AT");
#endif
}

TEST_CASE("a listener is loopback or it is not") {
    for (const auto* host : {"127.0.0.1", "127.8.9.1", "localhost", "::1"}) {
        CAPTURE(host);
        CHECK(is_loopback(host));
    }
    for (const auto* host : {"0.0.0.0", "::", "192.168.0.1", "127.example.com", "perin.example"}) {
        CAPTURE(host);
        CHECK_FALSE(is_loopback(host));
    }
}

TEST_CASE("every setting has its own name, the key of that name and a line of help") {
    std::set<std::string_view> names;
    for (const auto& row : settings()) {
        CAPTURE(std::string(row.name));
        CHECK(names.insert(row.name).second);
        CHECK(names.insert(row.key).second);
        CHECK_FALSE(row.help.empty());
        std::string key;
        const auto bare = row.name.starts_with("PERIN_") ? row.name.substr(6) : row.name;
        for (const char letter : bare) {
            key += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
        }
        CHECK(row.key == key);
        configuration scratch;
        if (!row.fallback.empty()) CHECK(store(scratch, row, std::string(row.fallback)));
    }
}

TEST_CASE("config/perin.toml and docs/configuration.md tell of every setting") {
    const auto content = [](const std::string& path) {
        std::ifstream in(std::string(PERIN_SOURCE_DIR) + path);
        return std::string{std::istreambuf_iterator<char>(in), {}};
    };
    const auto toml = content("/config/perin.toml");
    const auto docs = content("/docs/configuration.md");
    REQUIRE_FALSE(toml.empty());
    REQUIRE_FALSE(docs.empty());
    for (const auto& row : settings()) {
        const std::string name(row.name);
        const std::string key(row.key);
        CAPTURE(name, key);
        const auto line = toml.find("\n#" + key + " = ");
        REQUIRE(line != std::string::npos);
        CHECK(docs.find("`" + name + "`") != std::string::npos);
        if (row.fallback.empty()) continue;
        const auto end = toml.find('\n', line + 1);
        const auto written = toml.substr(line + 1, end - line - 1);
        const std::string fallback(row.fallback);
        const bool told = written == "#" + key + " = " + fallback ||
                          written == "#" + key + " = \"" + fallback + "\"";
        CAPTURE(written, fallback);
        CHECK(told);
    }
    CHECK(parsed_of(toml));
}
