#include "tests/net/front_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace perin;
using namespace perin::net;
using nlohmann::json;

namespace {

struct answer {
    int status = 0;
    json body;
};

answer ask(front_world& world, const std::string& method, const std::string& target,
           const std::string& body = {}, bool signed_in = true) {
    raw_peer peer(world.port());
    const auto more =
        std::string("Connection: close\r\n") + (signed_in ? front_world::bearer() : "");
    REQUIRE(peer.send(front_world::request(method, target, more, body)));
    REQUIRE(peer.to_end());
    const auto& all = peer.received();
    return {std::stoi(all.substr(9, 3)), json::parse(all.substr(all.find("\r\n\r\n") + 4))};
}

}  // namespace

TEST_CASE("notifications are listed for their user, by state and page") {
    front_world world;
    const auto all = ask(world, "GET", "/api/notifications");
    CHECK(all.status == 200);
    CHECK(all.body["nextCursor"] == "more");
    CHECK(all.body["items"] == json::array({{{"id", "ntf_1"},
                                             {"type", "note"},
                                             {"title", "all 20 -"},
                                             {"payload", {{"n", 1}}},
                                             {"actions", {"accept"}},
                                             {"status", "open"},
                                             {"createdAt", "1970-01-01T00:00:00Z"},
                                             {"expiresAt", nullptr}}}));
    const auto some = ask(world, "GET", "/api/notifications?status=expired&limit=3&cursor=abc");
    CHECK(some.body["items"][0]["title"] == "expired 3 abc");
    for (const auto* parameter : {"status", "limit"}) {
        const auto bad = ask(world, "GET", std::string("/api/notifications?") + parameter + "=no");
        CHECK(bad.status == 400);
        CHECK(bad.body["parameter"] == parameter);
    }
    CHECK(ask(world, "GET", "/api/notifications", {}, false).status == 401);
}

TEST_CASE("a notification is resolved as the body says") {
    front_world world;
    const std::string at = "/api/notifications/ntf_7/resolve";
    const auto done = ask(world, "POST", at, R"({"action":"accept","data":{"a":[1]}})");
    CHECK(done.status == 200);
    CHECK(done.body["title"] == R"(ntf_7 accept {"a":[1]})");
    CHECK(ask(world, "POST", at, R"({"action":"accept"})").body["title"] == "ntf_7 accept null");
    for (const auto* bad : {"{}", R"({"action":5})", R"({"action":""})"}) {
        const auto refused = ask(world, "POST", at, bad);
        CHECK(refused.status == 400);
        CHECK(refused.body["pointer"] == "/action");
    }
    const auto gone =
        ask(world, "POST", "/api/notifications/ntf_over/resolve", R"({"action":"accept"})");
    CHECK(gone.status == 410);
    CHECK(gone.body["code"] == "gone");
    CHECK(ask(world, "POST", at, R"({"action":"accept"})", false).status == 401);
    CHECK(ask(world, "GET", at).status == 405);
}

TEST_CASE("a socket is told of notifications from ready on, and resolves them") {
    front_world world;
    raw_peer peer(world.port());
    REQUIRE(peer.send(front_world::upgrade(front_world::bearer())));
    REQUIRE(peer.until(R"("type":"ready")"));
    REQUIRE(world.reaches([&] { return world.sessions().listens == 1; }));
    world.sessions().newest()->notified(
        std::make_shared<const std::string>(R"({"type":"notification","notification":{"id":1}})"));
    REQUIRE(peer.until(R"({"type":"notification","notification":{"id":1}})"));
    REQUIRE(peer.send(text_frame(
        R"({"type":"notification.resolve","requestId":"a","notificationId":"ntf_7","action":"x","data":2})")));
    REQUIRE(peer.until(R"(usr_anna ntf_7 x 2)"));
    REQUIRE(
        peer.send(text_frame(R"({"type":"notification.resolve","requestId":"b","action":"x"})")));
    REQUIRE(peer.until(R"("pointer":"/notificationId")"));
    REQUIRE(peer.send(
        text_frame(R"({"type":"notification.resolve","requestId":"c","notificationId":"ntf_7"})")));
    REQUIRE(peer.until(R"("pointer":"/action")"));
}
