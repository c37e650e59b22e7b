#include "runtime/metrics.hpp"
#include "tests/net/front_world.hpp"

#include <boost/asio/error.hpp>
#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::net;

namespace {

/// What a client sends, and what it then waits for.
struct step {
    std::string send;
    std::string until;
};

struct talk {
    const char* what;
    std::vector<step> steps;
};

const std::string ended = "\r\n0\r\n\r\n";
const std::string me = front_world::request("GET", "/api/auth/me", front_world::bearer());

std::vector<talk> talks() {
    const std::string whole = R"("timezone":"UTC"})";
    const auto last = front_world::request("GET", "/api/auth/me",
                                           front_world::bearer() + "Connection: close\r\n");
    const auto token = R"({"type":"auth","token":")" + std::string(good_token) + R"("})";
    const std::vector<step> hello{
        {front_world::upgrade(), "\r\n\r\n"},
        {text_frame(token), R"("type":"ready")"},
        {text_frame(R"({"type":"chat.send","message":"hello"})"), "turn.completed"},
        {client_frame(8, "\x03\xE8"), std::string("\x88\x02\x03\xE8")}};
    return {
        {"a plain request", {{last, whole}}},
        {"a chat as plain text", {{front_world::chat(), ended}}},
        {"a chat as events", {{front_world::chat("Accept: text/event-stream\r\n"), ended}}},
        {"the events of a conversation",
         {{front_world::request("GET", "/api/conversations/cnv_fake0001/events",
                                front_world::bearer()),
           "turn.completed"}}},
        {"two requests and a chat on one connection",
         {{me, whole}, {me, whole}, {front_world::chat(), ended}}},
        {"a request and a chat that do not wait for answers",
         {{me + front_world::chat(), whole}, {"", ended}}},
        {"a chat over WebSocket", hello},
    };
}

/// Whether all of it came to pass.
bool run(raw_peer& peer, const std::vector<step>& steps) {
    for (const auto& one : steps)
        if (!peer.send(one.send) || !peer.until(one.until)) return false;
    return true;
}

enum class fault { reset, end, error, cut };

/// Lets the n-th operation of a connection fail.
class nth_fails final : public wire_faults {
  public:
    nth_fails(fault kind, std::size_t n) : kind_(kind), n_(n) {}

    verdict next(operation what) override {
        const auto at = at_++;
        // An end is one of reading.
        if (at < n_ || (kind_ == fault::end && what == operation::write)) return {};
        struck_ = true;
        switch (kind_) {
            case fault::reset:
                return {asio::error::connection_reset};
            case fault::end:
                return {asio::error::eof};
            case fault::error:
                return at == n_ ? verdict{asio::error::no_buffer_space} : verdict{};
            case fault::cut:
                return at == n_ ? verdict{{}, 1} : verdict{asio::error::connection_reset};
        }
        return {};
    }
    [[nodiscard]] bool struck() const { return struck_; }

  private:
    const fault kind_;
    const std::size_t n_;
    std::size_t at_ = 0;
    std::atomic<bool> struck_ = false;
};

class pieces final : public wire_faults {
  public:
    explicit pieces(std::size_t size) : size_(size) {}
    verdict next(operation) override { return {{}, size_}; }

  private:
    const std::size_t size_;
};

/// Nothing is left behind, and the next client is served.
void check_unharmed(front_world& world) {
    CHECK(world.rests());
    raw_peer next(world.port());
    CHECK(next.send(me));
    CHECK(next.until(R"("timezone":"UTC"})"));
}

/// Lets the n-th operation of the talk's connection fail, for every n that it has.
std::size_t fail_every(front_world& world, const talk& what, fault kind,
                       asio::ssl::context* tls = nullptr) {
    constexpr std::size_t many = 200;
    for (std::size_t n = 0; n < many; ++n) {
        INFO(what.what << ", fault " << static_cast<int>(kind) << " at " << n);
        auto faults = std::make_shared<nth_fails>(kind, n);
        world.befall(faults);
        bool passed = false;
        {
            raw_peer peer(world.port(), tls);
            passed = peer.handshaken() && run(peer, what.steps);
        }
        REQUIRE(world.rests());
        if (!faults->struck()) {
            REQUIRE(passed);
            return n;
        }
    }
    FAIL("there is no end of operations");
    return many;
}

}  // namespace

TEST_CASE("whichever operation of a connection fails, only that connection ends") {
    front_world world;
    for (const auto& what : talks()) {
        for (auto kind : {fault::reset, fault::end, fault::error, fault::cut}) {
            const auto operations = fail_every(world, what, kind);
            INFO(what.what);
            CHECK(operations >= 1);
        }
        check_unharmed(world);
    }
    CHECK(world.sessions().opened > 0);
}

TEST_CASE("a connection whose operations move a few octets at a time is served all the same") {
    front_world world;
    for (std::size_t size : {1, 2, 7, 100}) {
        for (const auto& what : talks()) {
            INFO(what.what << " by " << size);
            world.befall(std::make_shared<pieces>(size));
            raw_peer peer(world.port());
            REQUIRE(run(peer, what.steps));
        }
    }
    check_unharmed(world);
}

TEST_CASE("a client may go away after any octet that it sends") {
    front_world world;
    for (const auto& what : talks()) {
        std::size_t all = 0;
        for (const auto& one : what.steps) all += one.send.size();
        for (std::size_t cut = 0; cut <= all; ++cut) {
            for (bool politely : {true, false}) {
                INFO(what.what << " cut at " << cut << (politely ? "" : " by a reset"));
                raw_peer peer(world.port());
                auto left = cut;
                for (const auto& one : what.steps) {
                    REQUIRE(peer.send(std::string_view(one.send).substr(0, left)));
                    if (left < one.send.size()) break;
                    left -= one.send.size();
                    if (left == 0) break;
                    REQUIRE(peer.until(one.until));
                }
                if (!politely) {
                    peer.reset();
                } else {
                    peer.half_close();
                    REQUIRE(peer.to_end());
                }
            }
        }
        check_unharmed(world);
    }
}

TEST_CASE("a client may go away after any octet that it reads") {
    front_world world;
    for (const auto& what : talks()) {
        std::size_t all = 0;
        {
            raw_peer peer(world.port());
            REQUIRE(run(peer, what.steps));
            all = peer.received().size();
        }
        // The whole answer is on its way by then: a few places stand for all.
        for (std::size_t cut = 0; cut < all; cut += cut < 40 ? 1 : 23) {
            INFO(what.what << " cut at " << cut);
            raw_peer peer(world.port());
            for (const auto& one : what.steps) {
                peer.send(one.send);
                auto before = peer.received().size();
                if (!peer.until(one.until) || before >= cut) break;
            }
            peer.reset();
        }
        check_unharmed(world);
    }
}

TEST_CASE("a client that goes away during a turn ends its session, not the turn") {
    front_world world;
    world.sessions().answers = false;
    const auto [request, shown] = GENERATE(table<std::string, std::string>({
        {front_world::chat(), "Good "},
        {front_world::chat("Accept: text/event-stream\r\n"), "text.delta"},
    }));
    raw_peer peer(world.port());
    REQUIRE(peer.send(request));
    REQUIRE(world.reaches([&] { return world.sessions().sent == 1; }));
    const auto sink = world.sessions().newest();
    sink->events("cnv_fake0001", {event_of(1, text_delta{"Good "})}, false);
    REQUIRE(peer.until(shown));
    peer.reset();
    CHECK(world.rests());
    // What comes later has nowhere to go, and harms nobody.
    sink->events("cnv_fake0001", {event_of(2, text_delta{"day."})}, false);
    world.sessions().answers = true;
    check_unharmed(world);
}

TEST_CASE("a chat that was not accepted when its session dies is answered 503") {
    front_world world;
    world.sessions().accepts = false;
    const auto request =
        GENERATE(front_world::chat(), front_world::chat("Accept: text/event-stream\r\n"),
                 front_world::request("GET", "/api/conversations/cnv_fake0001/events",
                                      front_world::bearer()));
    INFO(request);
    raw_peer peer(world.port());
    REQUIRE(peer.send(request));
    REQUIRE(world.reaches([&] { return world.sessions().sent == 1; }));
    world.sessions().kill_newest();
    REQUIRE(peer.until(R"("code":"unavailable")"));
    CHECK(peer.received().starts_with("HTTP/1.1 503 "));
    world.sessions().accepts = true;
    peer.half_close();
    CHECK(peer.to_end());
    check_unharmed(world);
}

TEST_CASE("an answer whose session dies in the middle ends in its own coat") {
    front_world world;
    world.sessions().answers = false;
    const auto [request, shown, last] = GENERATE(table<std::string, std::string, std::string>({
        {front_world::chat(), "Good ", "[[PERIN_ERROR:unavailable:"},
        {front_world::chat("Accept: text/event-stream\r\n"), "text.delta", ""},
        {front_world::request("GET", "/api/conversations/cnv_fake0001/events",
                              front_world::bearer()),
         "text.delta", ""},
    }));
    INFO(request);
    raw_peer peer(world.port());
    REQUIRE(peer.send(request));
    REQUIRE(world.reaches([&] { return world.sessions().sent == 1; }));
    world.sessions().newest()->events("cnv_fake0001", {event_of(1, text_delta{"Good "})}, false);
    REQUIRE(peer.until(shown));
    world.sessions().kill_newest();
    if (!last.empty()) CHECK(peer.until(last));
    // A whole answer, after which the connection serves on.
    REQUIRE(peer.until(ended));
    CHECK(peer.received().find("deleted") == std::string::npos);
    CHECK(peer.send(me));
    CHECK(peer.until(R"("timezone":"UTC"})"));
    peer.half_close();
    CHECK(peer.to_end());
    world.sessions().answers = true;
    check_unharmed(world);
}

TEST_CASE("an accepted chat of which nothing was shown when its session dies is answered 503") {
    auto settings = front_world::unlimited();
    settings.chat_head_after = std::chrono::hours{1};
    front_world world(settings);
    world.sessions().answers = false;
    raw_peer peer(world.port());
    REQUIRE(peer.send(front_world::chat()));
    REQUIRE(world.reaches([&] { return world.sessions().sent == 1; }));
    world.settle();
    world.sessions().kill_newest();
    REQUIRE(peer.until(R"("code":"unavailable")"));
    CHECK(peer.received().starts_with("HTTP/1.1 503 "));
}

TEST_CASE("a WebSocket whose session dies is closed with 1011, and counted") {
    front_world world;
    auto& lost = runtime::meters().websockets_closed[runtime::websocket_end::session_lost];
    const auto before = lost.value();
    raw_peer peer(world.port());
    REQUIRE(peer.send(front_world::upgrade(front_world::bearer())));
    REQUIRE(peer.until(R"("type":"ready")"));
    REQUIRE(peer.until("}"));
    world.sessions().answers = false;
    REQUIRE(peer.send(text_frame(R"({"type":"chat.send","message":"hello"})")));
    REQUIRE(peer.until(R"("type":"accepted")"));
    // What was told before comes before the farewell.
    world.sessions().newest()->events("cnv_fake0001", {event_of(1, text_delta{"Good "})}, false);
    world.sessions().kill_newest();
    REQUIRE(peer.until("Good "));
    REQUIRE(peer.until("\x88\x02\x03\xF3"));
    REQUIRE(peer.send(client_frame(8, "\x03\xF3")));
    CHECK(peer.to_end());
    CHECK(lost.value() == before + 1);
    CHECK(world.rests());
    world.sessions().answers = true;
    // Who comes again is served.
    raw_peer again(world.port());
    REQUIRE(again.send(front_world::upgrade(front_world::bearer())));
    REQUIRE(again.until(R"("type":"ready")"));
    REQUIRE(again.send(text_frame(R"({"type":"chat.send","message":"hello"})")));
    CHECK(again.until("turn.completed"));
}

TEST_CASE("a WebSocket client that breaks the rules reads why, whatever it was still sending") {
    struct offence {
        const char* what;
        std::string frame;
        /// Its close code.
        std::string farewell;
        bool signed_in = true;
    };
    const std::vector<offence> offences{
        {"a message over 1 MiB", text_frame(std::string(1024 * 1024 + 1, 'x')), "\x03\xF1"},
        {"a binary message", client_frame(2, "{}"), "\x03\xEB"},
        {"bad UTF-8", text_frame("\"\xC3\x28\""), "\x03\xEF"},
        {"a reserved opcode", client_frame(3, "{}"), "\x03\xEA"},
        {"no token", text_frame("{}"), "\x03\xF0", false},
    };
    const auto more = text_frame(std::string(60'000, 'x'));
    for (const auto& one : offences) {
        INFO(one.what);
        front_world world;
        raw_peer peer(world.port());
        REQUIRE(peer.send(front_world::upgrade(one.signed_in ? front_world::bearer() : "")));
        REQUIRE(peer.until(one.signed_in ? R"("type":"ready")" : "\r\n\r\n"));
        CHECK(peer.send(one.frame));
        for (int i = 0; i < 40; ++i) CHECK(peer.send(more));
        CHECK(peer.until("\x88\x02" + one.farewell));
        peer.half_close();
        CHECK(peer.to_end());
        // Nothing follows a farewell (RFC 6455 section 5.5.1).
        CHECK(peer.received().ends_with("\x88\x02" + one.farewell));
        CHECK(world.rests());
    }
}

TEST_CASE("closing the front while connections become WebSockets breaks nothing") {
    for (int round = 0; round < 40; ++round) {
        front_world world;
        std::vector<std::unique_ptr<raw_peer>> peers;
        for (int i = 0; i < 4; ++i) {
            peers.push_back(std::make_unique<raw_peer>(world.port()));
            CHECK(peers.back()->send(front_world::upgrade(front_world::bearer())));
        }
        if (round % 2 == 0) world.server().drain();
        world.server().close();
        // Those that had been accepted by then.
        for (auto& one : peers) one->reset();
    }
}
