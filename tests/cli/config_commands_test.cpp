#include "cli/config_commands.hpp"

#include "domain/json.hpp"
#include "tests/cli/scripted_console.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::cli;

namespace {

runtime::configuration configured() {
    const runtime::surroundings around{
        .environment = {{"HOME", "/home/ada"}, {"OPENAI_API_KEY", "sk-swordfish"}},
        .host_name = "lovelace",
        .read_file = {}};
    auto read = runtime::parse_configuration("model = \"a \\\"model\\\"\"", around);
    REQUIRE(read);
    return std::move(*read);
}

}  // namespace

TEST_CASE("the configuration is shown as TOML with where each value comes from") {
    scripted_console at;
    show_configuration(configured(), at, false);
    const auto said = at.said();
    CHECK(said.starts_with("listen = \"127.0.0.1:3000\"  # default\n"));
    CHECK(said.find("\nmodel = \"a \\\"model\\\"\"  # file\n") != std::string::npos);
    CHECK(said.find("\nopenai_api_key = \"(set)\"  # environment\n") != std::string::npos);
    CHECK(said.find("\nsecret = \"(unset)\"  # default\n") != std::string::npos);
    CHECK(said.find("swordfish") == std::string::npos);
}

TEST_CASE("the configuration is shown as JSON") {
    scripted_console at;
    show_configuration(configured(), at, true);
    const auto shown = parse_json(at.said());
    REQUIRE(shown);
    CHECK((*shown)["model"] ==
          nlohmann::json{{"name", "PERIN_MODEL"}, {"value", "a \"model\""}, {"source", "file"}});
    CHECK((*shown)["openai_api_key"]["value"] == "(set)");
}
