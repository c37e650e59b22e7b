#include "tests/net/front_world.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::net;

namespace {

const std::string app = "Origin: https://app.example\r\n";
const std::string foreign = "Origin: https://elsewhere.example\r\n";
const std::string whole = R"("timezone":"UTC"})";

front_settings with_app() {
    front_settings settings;
    settings.cors_origins = {"https://app.example"};
    settings.url = "https://perin.example";
    return settings;
}

/// The head of the answer to a request on a connection of its own, and its body.
struct answer {
    int status = 0;
    std::string head;
    std::string body;

    [[nodiscard]] bool has(const std::string& line) const {
        return head.find("\r\n" + line + "\r\n") != std::string::npos;
    }
    [[nodiscard]] bool speaks_of_cors() const {
        return head.find("\r\nAccess-Control-") != std::string::npos;
    }
};

answer ask(front_world& world, const std::string& method, const std::string& target,
           const std::string& more, const std::string& body = {}) {
    raw_peer peer(world.port());
    REQUIRE(peer.send(front_world::request(method, target, more + "Connection: close\r\n", body)));
    REQUIRE(peer.to_end());
    const auto& all = peer.received();
    auto end = all.find("\r\n\r\n");
    REQUIRE(end != std::string::npos);
    return {std::stoi(all.substr(9, 3)), all.substr(0, end + 2), all.substr(end + 4)};
}

const std::string preflight = "Access-Control-Request-Method: POST\r\n";
const std::string allowed = "Access-Control-Allow-Origin: https://app.example";

}  // namespace

TEST_CASE("a configured origin is told before it asks that it may, without credentials") {
    front_world world(with_app());
    for (const auto* target : {"/api/ai/chat", "/api/auth/login", "/api/conversations/cnv_1"}) {
        const auto told = ask(world, "OPTIONS", target, app + preflight);
        CHECK(told.status == 204);
        CHECK(told.has(allowed));
        CHECK(told.has("Vary: Origin"));
        CHECK(told.has("Access-Control-Allow-Methods: GET, POST, PATCH, DELETE"));
        CHECK(told.head.find("Authorization") != std::string::npos);
        CHECK(told.head.find("Access-Control-Allow-Credentials") == std::string::npos);
        // Said once.
        CHECK(told.head.find("Allow-Origin") == told.head.rfind("Allow-Origin"));
    }
    CHECK(ask(world, "OPTIONS", "/api/no-such", app + preflight).status == 401);
}

TEST_CASE("nobody else is told anything about origins") {
    front_world configured(with_app());
    front_world plain;
    const std::string signed_in = front_world::bearer();
    for (auto* world : {&configured, &plain}) {
        const auto& from = world == &plain ? app : foreign;
        const auto told = ask(*world, "OPTIONS", "/api/ai/chat", from + preflight + signed_in);
        CHECK(told.status == 405);
        CHECK_FALSE(told.speaks_of_cors());
        CHECK(ask(*world, "OPTIONS", "/api/ai/chat", from + preflight).status == 401);
        const auto got = ask(*world, "GET", "/api/auth/me", from + signed_in);
        CHECK(got.status == 200);
        CHECK_FALSE(got.speaks_of_cors());
    }
}

TEST_CASE("a page of a configured origin may read every answer, also one that refuses") {
    front_world world(with_app());
    const std::string signed_in = front_world::bearer();
    const auto hello = R"({"messages":[{"role":"user","content":"hello"}]})";
    struct row {
        const char* what;
        int status;
        answer got;
    };
    const row rows[] = {
        {"an answer", 200, ask(world, "GET", "/api/auth/me", app + signed_in)},
        {"nobody", 401, ask(world, "GET", "/api/auth/me", app)},
        {"nothing there", 404, ask(world, "GET", "/api/no-such", app + signed_in)},
        {"a wrong method", 405, ask(world, "PATCH", "/api/auth/me", app + signed_in)},
        {"a wrong type", 415, ask(world, "POST", "/api/ai/memory", app + signed_in)},
        {"a bad body", 400, ask(world, "POST", "/api/ai/chat", app + signed_in, "{}")},
        {"a stream", 200, ask(world, "POST", "/api/ai/chat", app + signed_in, hello)},
    };
    for (const auto& row : rows) {
        INFO(row.what);
        CHECK(row.got.status == row.status);
        CHECK(row.got.has(allowed));
        CHECK(row.got.has("Cache-Control: no-store"));
    }
    int status = 0;
    for (int i = 0; i < 12 && status != 429; ++i) {
        const auto got = ask(world, "POST", "/api/ai/chat", app + signed_in, "{}");
        status = got.status;
        CHECK(got.has(allowed));
        CHECK(got.has("X-RateLimit-Limit: 10"));
    }
    CHECK(status == 429);
}

TEST_CASE("a WebSocket by the cookie is for our own page alone") {
    front_settings settings = with_app();
    settings.limits = false;
    front_world world(settings);
    const std::string cookie = std::string("Cookie: perin_session=") + good_token + "\r\n";
    const struct {
        const char* what;
        std::string headers;
        int status;
    } table[] = {
        {"our own origin", cookie + "Origin: https://perin.example\r\n", 101},
        {"our own page, as the browser says", cookie + "Sec-Fetch-Site: same-origin\r\n", 101},
        {"an own origin in other letters", cookie + "Origin: https://perin.example:443\r\n", 403},
        {"our origin without TLS", cookie + "Origin: http://perin.example\r\n", 403},
        {"a foreign origin", cookie + foreign, 403},
        {"a foreign origin that says same-origin",
         cookie + foreign + "Sec-Fetch-Site: same-origin\r\n", 403},
        {"a configured origin", cookie + app, 403},
        {"an origin that is null", cookie + "Origin: null\r\n", 403},
        {"a sister page", cookie + "Sec-Fetch-Site: same-site\r\n", 403},
        {"no origin", cookie, 403},
        {"a bearer of a token from anywhere", front_world::bearer() + foreign, 101},
        {"a bearer of a wrong token", "Authorization: Bearer prn_bad\r\n", 401},
        {"a wrong cookie", "Cookie: perin_session=prs_bad\r\nOrigin: https://perin.example\r\n",
         401},
    };
    for (const auto& row : table) {
        INFO(row.what);
        raw_peer peer(world.port());
        REQUIRE(peer.send(front_world::upgrade(row.headers)));
        REQUIRE(peer.until("\r\n\r\n"));
        CHECK(std::stoi(peer.received().substr(9, 3)) == row.status);
        if (row.status == 101) CHECK(peer.until(R"("type":"ready")"));
    }
    CHECK(world.rests());
}

TEST_CASE("the answer to HEAD has no body, so that the next answer is read as one") {
    front_world world;
    raw_peer peer(world.port());
    REQUIRE(peer.send(front_world::request("HEAD", "/api/health/live") +
                      front_world::request("GET", "/api/auth/me", front_world::bearer())));
    REQUIRE(peer.until(whole));
    CHECK(peer.received().starts_with("HTTP/1.1 405 "));
    auto end = peer.received().find("\r\n\r\n");
    CHECK(peer.received().substr(end + 4).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("frames that come with the auth frame are from who it names") {
    front_world world;
    raw_peer peer(world.port());
    REQUIRE(peer.send(front_world::upgrade()));
    REQUIRE(peer.until("\r\n\r\n"));
    const auto token = R"({"type":"auth","token":")" + std::string(good_token) + R"("})";
    REQUIRE(peer.send(text_frame(token) + text_frame(token) +
                      text_frame(R"({"type":"chat.send","message":"hello"})")));
    CHECK(peer.until(R"("type":"ready")"));
    CHECK(peer.until(R"("code":"conflict")"));
    CHECK(peer.until("turn.completed"));
}

TEST_CASE("with its token a client's streams end: no event is told to one who has logged out") {
    front_world world;
    raw_peer events(world.port());
    raw_peer socket(world.port());
    REQUIRE(events.send(front_world::request("GET", "/api/conversations/cnv_fake0001/events",
                                             front_world::bearer())));
    REQUIRE(events.until("turn.completed"));
    REQUIRE(socket.send(front_world::upgrade(front_world::bearer())));
    REQUIRE(socket.until(R"("type":"ready")"));
    world.sessions().answers = false;
    raw_peer chat(world.port());
    REQUIRE(chat.send(front_world::chat()));
    REQUIRE(world.reaches([&] { return world.sessions().sent == 1; }));

    CHECK(ask(world, "POST", "/api/auth/logout", front_world::bearer()).status == 204);
    CHECK(events.to_end());
    CHECK(chat.to_end());
    CHECK(socket.until("\x88\x02\x03\xF0"));
    CHECK(ask(world, "GET", "/api/auth/me", front_world::bearer()).status == 401);
}

TEST_CASE("a WebSocket is told of a drain once, and a new one is refused") {
    front_world world;
    raw_peer socket(world.port());
    REQUIRE(socket.send(front_world::upgrade(front_world::bearer())));
    REQUIRE(socket.until(R"("type":"ready")"));
    auto wire = std::make_shared<counted_wire>();
    world.befall(wire);
    raw_peer late(world.port());
    REQUIRE(late.send("GET /ws HTTP/1.1\r\n"));
    REQUIRE(world.reaches([&] { return wire->reads == 2; }));
    world.server().drain();
    REQUIRE(socket.until(R"("reason":"draining")"));
    REQUIRE(late.send(front_world::upgrade(front_world::bearer()).substr(18)));
    CHECK(late.to_end());
    CHECK(late.received().starts_with("HTTP/1.1 503 "));
    REQUIRE(socket.send(text_frame(R"({"type":"ping"})")));
    CHECK(socket.until(R"("type":"pong")"));
}
