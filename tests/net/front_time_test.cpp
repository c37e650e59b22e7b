#include "tests/net/front_world.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::net;
using namespace std::chrono_literals;

namespace {

const std::string me = front_world::request("GET", "/api/auth/me", front_world::bearer());
const std::string whole = R"("timezone":"UTC"})";

/// A connection whose operations are counted, so that a test knows when the front waits again.
struct watched_peer {
    explicit watched_peer(front_world& in) : world(in), peer((in.befall(wire), in.port())) {
        REQUIRE(world.reaches([&] { return wire->reads == 1; }));
    }
    /// Sends, and waits until the front has read it and waits for more.
    void send(std::string_view octets) {
        const auto before = wire->reads.load();
        REQUIRE(peer.send(octets));
        REQUIRE(world.reaches([&] { return wire->reads > before; }));
        world.settle();
    }

    front_world& world;
    std::shared_ptr<counted_wire> wire = std::make_shared<counted_wire>();
    raw_peer peer;
};

/// A WebSocket that is signed in.
struct watched_socket : watched_peer {
    explicit watched_socket(front_world& in) : watched_peer(in) {
        REQUIRE(peer.send(front_world::upgrade(front_world::bearer())));
        REQUIRE(peer.until(R"("type":"ready")"));
        REQUIRE(peer.until("}"));
        REQUIRE(world.reaches([&] { return wire->reads == 2; }));
        world.settle();
        seen = peer.received().size();
    }
    /// The frames since the last call.
    std::vector<server_frame> frames() {
        std::string_view fresh(peer.received());
        fresh.remove_prefix(seen);
        std::vector<server_frame> out;
        while (auto one = take_frame(fresh)) out.push_back(std::move(*one));
        seen = peer.received().size() - fresh.size();
        return out;
    }
    std::size_t seen = 0;
};

/// Events of a turn with far more text than the kernel takes for a peer that does not read.
constexpr std::size_t delta_size = 64 * 1024;
constexpr std::uint64_t delta_count = 384;

void tell_much(runtime::session_sink& to) {
    for (std::uint64_t seq = 1; seq <= delta_count; ++seq)
        to.events("cnv_fake0001", {event_of(seq, text_delta{std::string(delta_size, 'x')})}, false);
}

}  // namespace

TEST_CASE("a header has ten seconds from its first octet, however it drips") {
    front_world world;
    watched_peer one(world);
    // Before the first octet the connection is an idle one.
    world.advance(60s);
    for (std::size_t i = 0; i < 10; ++i) {
        one.send(std::string_view(me).substr(i, 1));
        world.advance(i < 9 ? 1s : 999ms);
        REQUIRE(one.peer.silent());
    }
    world.advance(1ms);
    CHECK(one.peer.to_end());
    CHECK(one.peer.received().starts_with("HTTP/1.1 408 "));
    CHECK(one.peer.received().find(R"("code":"request_timeout")") != std::string::npos);
    CHECK(one.peer.received().find("\r\nConnection: close\r\n") != std::string::npos);
}

TEST_CASE("a body has thirty seconds for each progress") {
    front_world world;
    watched_peer one(world);
    one.send("POST /api/ai/chat HTTP/1.1\r\nHost: x\r\n" + front_world::bearer() +
             "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 5; ++i) {
        world.advance(29'999ms);
        REQUIRE(one.peer.silent());
        one.send("{");
    }
    world.advance(29'999ms);
    REQUIRE(one.peer.silent());
    world.advance(1ms);
    CHECK(one.peer.to_end());
    CHECK(one.peer.received().starts_with("HTTP/1.1 408 "));
    CHECK(world.sessions().opened == 0);
}

TEST_CASE("a connection without a request is closed after 75 seconds, without a word") {
    front_world world;
    watched_peer one(world);
    world.advance(74'999ms);
    REQUIRE(one.peer.silent());
    one.send(me);
    REQUIRE(one.peer.until(whole));
    // The next wait begins with the end of the answer.
    world.advance(74'999ms);
    REQUIRE(one.peer.silent());
    const auto before = one.peer.received().size();
    world.advance(1ms);
    CHECK(one.peer.to_end());
    CHECK(one.peer.received().size() == before);
    CHECK(world.rests());
}

TEST_CASE("a client that leaves an answer unclosed is let go after two seconds") {
    front_world world;
    watched_peer one(world);
    REQUIRE(one.peer.send(front_world::request("GET", "/", "Connection: close\r\n")));
    REQUIRE(one.peer.to_end());
    world.settle();
    world.advance(1'999ms);
    CHECK(world.server().open_connections() == 1);
    world.advance(1ms);
    CHECK(world.rests());
}

TEST_CASE("a WebSocket that does not say who it is within ten seconds is closed with 1008") {
    front_world world;
    watched_peer one(world);
    one.send(front_world::upgrade());
    REQUIRE(one.peer.until("\r\n\r\n"));
    world.advance(9'999ms);
    REQUIRE(one.peer.silent());
    world.advance(1ms);
    REQUIRE(one.peer.until("\x88\x02\x03\xF0"));
    CHECK(one.peer.received().find(R"("code":"unauthenticated")") != std::string::npos);
    SECTION("also where it does not answer the close") {
        world.advance(5s);
        CHECK(one.peer.to_end());
        CHECK(world.rests());
    }
    SECTION("and sooner where it does") {
        REQUIRE(one.peer.send(client_frame(8, "\x03\xF0")));
        CHECK(one.peer.to_end());
        CHECK(world.rests());
    }
}

TEST_CASE("a WebSocket that is told to go and stays is waited for two seconds") {
    front_world world;
    watched_socket one(world);
    REQUIRE(one.peer.send(text_frame(std::string(1024 * 1024 + 1, 'x'))));
    REQUIRE(one.peer.until("\x88\x02\x03\xF1"));
    REQUIRE(one.peer.to_end());
    world.settle();
    world.advance(1'999ms);
    CHECK(world.server().open_connections() == 1);
    world.advance(1ms);
    CHECK(world.rests());
}

TEST_CASE("a WebSocket is pinged every thirty seconds and closed after two unanswered ones") {
    front_world world;
    watched_socket one(world);
    const std::string ping("\x89\x00", 2);
    for (int i = 0; i < 4; ++i) {
        world.advance(29'999ms);
        REQUIRE(one.peer.silent());
        world.advance(1ms);
        REQUIRE(one.peer.until(ping));
        // Any frame shows that the client lives.
        one.peer.send(i % 2 == 0 ? client_frame(10, "") : text_frame(R"({"type":"ping"})"));
        if (i % 2 == 1) {
            REQUIRE(one.peer.until("pong"));
            REQUIRE(one.peer.until("}"));
        }
        REQUIRE(world.reaches([&] { return one.wire->reads == 3U + static_cast<unsigned>(i); }));
        world.settle();
    }
    world.advance(30s);
    REQUIRE(one.peer.until(ping));
    world.advance(30s);
    REQUIRE(one.peer.until(ping));
    world.advance(29'999ms);
    REQUIRE(one.peer.silent());
    world.advance(1ms);
    CHECK(one.peer.to_end());
    CHECK(world.rests());
}

TEST_CASE("a WebSocket that does not read has its deltas merged, and is closed after ten seconds") {
    front_world world;
    world.sessions().answers = false;
    watched_socket one(world);
    tell_much(*world.sessions().newest());
    world.settle();
    std::uint64_t read_on = 0;
    SECTION("with 1008 where it reads nothing") {
        world.advance(9'999ms);
        world.advance(2s);
        REQUIRE(one.peer.until("\x88\x02\x03\xF0"));
        for (const auto& frame : one.frames()) {
            if (frame.opcode == 8) {
                CHECK(frame.close_code() == 1008);
                break;
            }
            const auto event = nlohmann::json::parse(frame.payload);
            CHECK(event.value("fromSeq", event["seq"].get<std::uint64_t>()) == read_on + 1);
            read_on = event["seq"];
        }
        CHECK(read_on == delta_count);
    }
    SECTION("not where it reads on in time") {
        world.advance(9'999ms);
        std::size_t count = 0;
        while (read_on < delta_count) {
            REQUIRE(one.peer.more());
            for (const auto& frame : one.frames()) {
                const auto event = nlohmann::json::parse(frame.payload);
                CHECK(event.value("fromSeq", event["seq"].get<std::uint64_t>()) == read_on + 1);
                read_on = event["seq"];
                ++count;
            }
        }
        CHECK(count < delta_count);
        world.settle();
        world.advance(2s);
        REQUIRE(one.peer.until(std::string("\x89\x00", 2)));
        CHECK(world.server().open_connections() == 1);
    }
    one.peer.reset();
    CHECK(world.rests());
}

TEST_CASE("an HTTP client that does not read its answer is let go after ten seconds") {
    front_world world;
    world.sessions().answers = false;
    watched_peer one(world);
    REQUIRE(one.peer.send(front_world::chat()));
    REQUIRE(world.reaches([&] { return world.sessions().sent == 1; }));
    tell_much(*world.sessions().newest());
    world.settle();
    world.advance(9'999ms);
    CHECK(world.server().open_connections() == 1);
    world.advance(1ms);
    world.advance(2s);
    CHECK(world.rests());
}

TEST_CASE("an answer over time shows that it lives while nothing happens") {
    front_settings settings;
    // These two wait on the kernel's clock.
    settings.chat_head_after = 10ms;
    settings.sse_comment_every = 10ms;
    front_world world(settings);
    world.sessions().answers = false;
    raw_peer chat(world.port());
    REQUIRE(chat.send(front_world::chat("Accept: text/event-stream\r\n")));
    CHECK(chat.until("\r\nX-Turn-Id: trn_1\r\n"));
    CHECK(chat.until("\r\n: alive\n\n\r\n"));
    CHECK(chat.until("\r\n: alive\n\n\r\n"));
    raw_peer events(world.port());
    REQUIRE(events.send(front_world::request("GET", "/api/conversations/cnv_fake0001/events",
                                             front_world::bearer())));
    CHECK(events.until("\r\n: alive\n\n\r\n"));
    CHECK(events.until("\r\n: alive\n\n\r\n"));
    raw_peer text(world.port());
    REQUIRE(text.send(front_world::chat()));
    CHECK(text.until("\r\n\r\n"));
    CHECK(text.received().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("past the most connections a client is told 503, until one has gone") {
    front_settings settings;
    settings.most_connections = 2;
    front_world world(settings);
    raw_peer first(world.port());
    auto second = std::make_unique<raw_peer>(world.port());
    REQUIRE(world.reaches([&] { return world.server().open_connections() == 2; }));
    {
        raw_peer third(world.port());
        CHECK(third.to_end());
        CHECK(third.received().starts_with("HTTP/1.1 503 "));
        CHECK(third.received().find("\r\nRetry-After: ") != std::string::npos);
        CHECK(third.received().find(R"("code":"unavailable")") != std::string::npos);
    }
    // The operator's listener is not meant by it.
    raw_peer operators(world.admin_port());
    REQUIRE(operators.send("GET /api/health/live HTTP/1.1\r\nHost: localhost:" +
                           std::to_string(world.admin_port()) + "\r\n\r\n"));
    CHECK(operators.until(R"({"status":"ok"})"));
    operators.reset();
    second.reset();
    REQUIRE(world.reaches([&] { return world.server().open_connections() == 1; }));
    raw_peer fourth(world.port());
    REQUIRE(fourth.send(me));
    CHECK(fourth.until(whole));
    REQUIRE(first.send(me));
    CHECK(first.until(whole));
}
