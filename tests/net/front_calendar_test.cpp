#include "net/front/calendar_json.hpp"
#include "net/front/routes.hpp"
#include "tests/net/front_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace perin;
using namespace perin::net;
using namespace std::chrono_literals;

namespace {

front_settings with_token() {
    auto settings = front_world::unlimited();
    settings.admin_token = "pra_secret";
    return settings;
}

const std::string bearer = "Authorization: Bearer pra_secret\r\n";

/// The head and the body of the answer to octets on a connection of their own.
std::string answer_to(std::uint16_t port, const std::string& octets) {
    raw_peer peer(port);
    (void)peer.send(octets);
    (void)peer.to_end();
    return peer.received();
}

std::string post(front_world& world, const std::string& target, const std::string& more,
                 const std::string& body) {
    return "POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(world.admin_port()) +
           "\r\nConnection: close\r\n" + more + "\r\n" + body;
}

std::string length(std::size_t of) { return "Content-Length: " + std::to_string(of) + "\r\n"; }

std::string answer_of_feed(front_world& world, const std::string& name) {
    return answer_to(world.port(),
                     front_world::request("GET", "/calendar/" + name,
                                          "X-Request-Id: same\r\nConnection: close\r\n"));
}

}  // namespace

TEST_CASE("what cannot be the address of a feed is not there, whatever is wrong with it") {
    front_world world;
    const std::string token(43, 'x');
    const auto first = answer_of_feed(world, "x.ics");
    CHECK(first.starts_with("HTTP/1.1 404 "));
    CHECK(first.find("Referrer-Policy: no-referrer\r\n") != std::string::npos);
    CHECK(first.find("Cache-Control: no-store\r\n") != std::string::npos);
    for (const auto& name : {token, token + ".ICS", token + "x.ics", std::string(42, 'x') + ".ics",
                             std::string(42, 'x') + "+.ics", std::string(42, 'x') + "%2F.ics",
                             std::string(".ics"), std::string(5'000, 'x') + ".ics"}) {
        CAPTURE(name);
        CHECK(answer_of_feed(world, name) == first);
    }
}

TEST_CASE("a route takes as large a body as it says, from those who may send one") {
    front_world world(with_token());
    const std::string import = "/private/calendar/import?email=a@b.c";
    const std::string type = "Content-Type: text/calendar\r\n";
    const auto status = [&](const std::string& target, const std::string& more,
                            const std::string& body) {
        const auto text = answer_to(world.admin_port(), post(world, target, more, body));
        return text.size() < 12 ? text : text.substr(9, 3);
    };
    const std::string two_mebibytes(2U << 20U, 'x');
    // Nobody is there to be asked for the user.
    CHECK(status(import, bearer + type + length(two_mebibytes.size()), two_mebibytes) == "503");
    CHECK(status(import, type + length(two_mebibytes.size()), two_mebibytes) == "413");
    CHECK(status("/private/users", bearer + length(two_mebibytes.size()), two_mebibytes) == "413");
    CHECK(status(import, bearer + type + length((20U << 20U) + 1), "") == "413");
    CHECK(status(import, bearer + "Content-Type: application/json\r\n" + length(2), "{}") == "415");
    CHECK(status(import, type + length(2), "{}") == "401");
    // And where the length is not said beforehand.
    const auto chunk = "200000\r\n" + two_mebibytes + "\r\n";
    std::string chunks;
    for (int i = 0; i < 11; ++i) chunks += chunk;
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    CHECK(status(import, bearer + type + chunked, chunk + "0\r\n\r\n") == "503");
    CHECK(status(import, bearer + type + chunked, chunks + "0\r\n\r\n") == "413");
    CHECK(status("/private/users", bearer + chunked, chunk + "0\r\n\r\n") == "413");
}

TEST_CASE("a file of events is the same, whatever order they come in") {
    std::vector<calendar::event> events(3);
    for (std::size_t i = 0; i < events.size(); ++i) {
        events[i].uid = i == 2 ? "b" : "a";
        calendar::place(events[i], timestamp{1h * (i + 1)}, timestamp{1h * (i + 2)}, "UTC");
    }
    events[1].recurrence_id = calendar::utc_moment(calendar::sys_seconds{1h});
    const auto file = calendar_file(events, timestamp{});
    std::swap(events[0], events[2]);
    CHECK(calendar_file(events, timestamp{}) == file);
    const auto read = calendar::parse_calendar(file);
    REQUIRE(read);
    CHECK(read->events.size() == 3);
}

TEST_CASE("words of a feed's change are read as they are written") {
    using runtime::feed_change;
    for (const auto one : {feed_change::begin, feed_change::replace, feed_change::end})
        CHECK(feed_change_of(to_string(one)) == one);
    CHECK_FALSE(feed_change_of("destroy"));
}
