#include "domain/notification.hpp"

#include "domain/approval.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using nlohmann::json;

TEST_CASE("a notification is shown as the protocol says") {
    notification one;
    one.id = "ntf_1";
    one.user_id = "usr_1";
    one.type = "note";
    one.title = "Hello";
    one.payload = R"({"a":[1]})";
    one.actions = R"(["dismiss"])";
    one.created_at = timestamp{std::chrono::seconds{0}};
    CHECK(to_json(one) == json{{"id", "ntf_1"},
                               {"type", "note"},
                               {"title", "Hello"},
                               {"payload", {{"a", {1}}}},
                               {"actions", {"dismiss"}},
                               {"status", "open"},
                               {"createdAt", "1970-01-01T00:00:00Z"},
                               {"expiresAt", nullptr}});
    one.expires_at = timestamp{std::chrono::seconds{60}};
    one.state = notification_state::expired;
    CHECK(to_json(one)["expiresAt"] == "1970-01-01T00:01:00Z");
    CHECK(to_json(one)["status"] == "expired");
}

TEST_CASE("a payload or actions that cannot be read are empty") {
    notification one;
    one.payload = "not json";
    one.actions = R"({"a":1})";
    CHECK(to_json(one)["payload"] == json::object());
    CHECK(to_json(one)["actions"] == json::array());
    one.actions = R"(["yes",5])";
    CHECK(actions_of(one) == std::vector<std::string>{"yes"});
}

TEST_CASE("a rule of approval names a tool and a policy") {
    using enum approval_policy;
    CHECK(approval_rule_of("a_tool=always").value() == approval_rule{"a_tool", always});
    CHECK(approval_rule_of("a_tool=external").value() == approval_rule{"a_tool", external});
    CHECK(approval_rule_of("a_tool=never").value() == approval_rule{"a_tool", never});
    for (const auto* bad : {"", "a_tool", "=always", "a_tool=", "a_tool=sometimes", "always"}) {
        const auto read = approval_rule_of(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().detail.find(bad) != std::string::npos);
    }
}
