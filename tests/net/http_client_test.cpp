#include "net/http_client/http_client.hpp"

#include "net/http_client/transfer.hpp"
#include "tests/net/recording_exchange.hpp"
#include "tests/net/scripted_server.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

using namespace perin::net;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<recording_exchange> run(http_client& client, http_request request) {
    auto exchange = std::make_shared<recording_exchange>();
    client.start(std::move(request), exchange);
    REQUIRE(exchange->ends());
    return exchange;
}

scripted_server::answer always(server_script script) {
    return [script = std::move(script)](const received_request&) { return script; };
}

const std::string ok = http_answer("200 OK", "hello", "X-Odd:  Value \r\n");

}  // namespace

TEST_CASE("a request is sent as it is, and its answer comes back") {
    scripted_server server(always({send_bytes{ok}}));
    http_client client;
    const auto got = run(client, {.method = "POST",
                                  .url = server.url("/a?b=c"),
                                  .headers = {"Content-Type: text/plain", "X-Mine: 1"},
                                  .body = "the body"});
    CHECK(got->outcome() == "complete");
    CHECK(got->head().status == 200);
    CHECK(got->head().header("x-odd") == "Value");
    CHECK_FALSE(got->head().header("x-none"));
    CHECK(got->body() == "hello");

    const auto requests = server.requests();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].method == "POST");
    CHECK(requests[0].target == "/a?b=c");
    CHECK(requests[0].body == "the body");
    CHECK(requests[0].header_lines.find("X-Mine: 1") != std::string::npos);
    CHECK(requests[0].header_lines.find("User-Agent: perin") != std::string::npos);
    CHECK(requests[0].header_lines.find("Expect") == std::string::npos);
}

TEST_CASE("every method is one request of its own") {
    scripted_server server([](const received_request& request) -> server_script {
        if (request.method == "HEAD")
            return {send_bytes{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}};
        return {send_bytes{http_answer("200 OK", request.method + " " + request.body)}};
    });
    http_client client;
    const struct {
        const char* method;
        const char* body;
        const char* expected;
    } table[] = {
        {"POST", "x", "POST x"},   {"HEAD", "", ""},          {"GET", "", "GET "},
        {"PUT", "y", "PUT y"},     {"DELETE", "", "DELETE "}, {"POST", "", "POST "},
        {"PATCH", "z", "PATCH z"}, {"GET", "", "GET "},       {"PROPFIND", "q", "PROPFIND q"}};
    for (const auto& row : table) {
        INFO(row.method);
        const auto got = run(client, {.method = row.method, .url = server.url(), .body = row.body});
        CHECK(got->outcome() == "complete");
        CHECK(got->body() == row.expected);
    }
    CHECK(server.count().connections == 1);
}

TEST_CASE("a connection is kept for the next call, unless a request must not be sent twice") {
    scripted_server server(always({send_bytes{ok}}));
    http_client client;
    for (int i = 0; i < 5; ++i) CHECK(run(client, {.url = server.url()})->outcome() == "complete");
    CHECK(server.count().connections == 1);
    CHECK(run(client, {.url = server.url(), .repeatable = false})->outcome() == "complete");
    CHECK(server.count().connections == 2);
}

TEST_CASE("a kept connection that the server has closed is replaced without a word") {
    scripted_server server([](const received_request& request) -> server_script {
        if (request.connection == 1 && request.target == "/2") return {close_connection{}};
        return {send_bytes{ok}};
    });
    http_client client;
    CHECK(run(client, {.url = server.url("/1")})->outcome() == "complete");
    CHECK(run(client, {.url = server.url("/2")})->outcome() == "complete");
    CHECK(server.count().connections == 2);
}

TEST_CASE("a redirect is an answer like any other") {
    scripted_server server(
        always({send_bytes{http_answer("302 Found", "", "Location: /elsewhere\r\n")}}));
    http_client client;
    const auto got = run(client, {.url = server.url()});
    CHECK(got->outcome() == "complete");
    CHECK(got->head().status == 302);
    CHECK(server.count().requests == 1);
}

TEST_CASE("an informational answer is not the answer") {
    scripted_server server(
        always({send_bytes{"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"}, send_bytes{ok}}));
    http_client client;
    const auto got = run(client, {.url = server.url()});
    CHECK(got->head().status == 200);
    CHECK_FALSE(got->head().header("link"));
    CHECK(got->body() == "hello");
}

TEST_CASE("a call fails as its peer fails") {
    const auto head = stream_head();
    const struct {
        const char* what;
        server_script script;
        http_error expected;
    } table[] = {
        {"closed before the answer", {close_connection{}}, http_error::reset},
        {"reset before the answer", {reset_connection{}}, http_error::reset},
        {"closed within the head",
         {send_bytes{"HTTP/1.1 200 OK\r\nA: b"}, close_connection{}},
         http_error::reset},
        {"closed within the body",
         {send_bytes{head + http_chunk("x")}, close_connection{}},
         http_error::reset},
        {"reset within the body",
         {send_bytes{head + http_chunk("x")}, hold{}, reset_connection{}},
         http_error::reset},
        {"short of its length",
         {send_bytes{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"}, close_connection{}},
         http_error::reset},
        {"a broken chunk", {send_bytes{head + "zz\r\n"}, hold{}}, http_error::reset},
        {"not HTTP",
         {send_bytes{"hello there\r\n\r\n"}, close_connection{}},
         http_error::malformed},
        {"a head without end",
         {send_bytes{"HTTP/1.1 200 OK\r\nA: " + std::string(200'000, 'x')}, hold{}},
         http_error::too_large},
        {"many headers",
         {send_bytes{[] {
              std::string lines = "HTTP/1.1 200 OK\r\n";
              for (int i = 0; i < 5'000; ++i) lines += "Some-Header: value\r\n";
              return lines;
          }()},
          hold{}},
         http_error::too_large},
        {"silent from the start", {hold{}}, http_error::first_byte_timeout},
        {"silent after the head", {send_bytes{head}, hold{}}, http_error::first_byte_timeout},
        {"silent after a byte",
         {send_bytes{head + http_chunk("x")}, hold{}},
         http_error::idle_timeout},
    };
    http_client client;
    for (const auto& row : table) {
        INFO(row.what);
        scripted_server server(always(row.script));
        if (row.expected == http_error::reset || row.expected == http_error::malformed) {
            server.resume();
        }
        // Short where a time limit is what is tested, long where it would hide another end.
        const bool timed = row.expected == http_error::first_byte_timeout ||
                           row.expected == http_error::idle_timeout;
        const auto got = run(client, {.url = server.url(),
                                      .first_byte_timeout = timed ? 60ms : 9s,
                                      .idle_timeout = timed ? 50ms : 9s});
        CHECK(got->outcome() == to_string(row.expected));
        CHECK(got->end_count() == 1);
    }
}

TEST_CASE("a request that cannot be sent fails at once") {
    http_client client;
    CHECK(run(client, {.url = refusing_url()})->outcome() == "connect");
    CHECK(run(client, {.url = "http://no-such-host.invalid/"})->outcome() == "connect");
    CHECK(run(client, {.url = "ftp://127.0.0.1/"})->outcome() == "malformed");
    CHECK(run(client, {.url = "file:///etc/passwd"})->outcome() == "malformed");
    CHECK(run(client, {.url = ""})->outcome() == "malformed");
    CHECK(run(client, {.method = "GET /", .url = "http://127.0.0.1/"})->outcome() == "malformed");
    CHECK(run(client, {.url = "http://127.0.0.1/", .headers = {"A: b\r\nC: d"}})->outcome() ==
          "malformed");
}

TEST_CASE("a peer that does not speak TLS is a failure of TLS") {
    scripted_server server(always({send_bytes{ok}}));
    http_client client;
    auto url = server.url();
    url.replace(0, 4, "https");
    // The server waits for the end of a head that never comes; it must not end the test for us.
    const auto got = run(client, {.url = url, .connect_timeout = 300ms});
    CHECK((got->outcome() == "tls" || got->outcome() == "connect_timeout"));
}

TEST_CASE("a body over its bound ends the call") {
    scripted_server server(always({send_bytes{http_answer("200 OK", std::string(100'000, 'x'))}}));
    http_client client;
    CHECK(run(client, {.url = server.url(), .max_body = 99'999})->outcome() == "too_large");
    const auto whole = run(client, {.url = server.url(), .max_body = 100'000});
    CHECK(whole->outcome() == "complete");
    CHECK(whole->body().size() == 100'000);
}

TEST_CASE("the whole call has a limit of its own") {
    scripted_server server(always({send_bytes{stream_head() + http_chunk("x")}, hold{}}));
    http_client client;
    const auto got = run(client, {.url = server.url(), .total_timeout = 100ms});
    CHECK(got->outcome() == "total_timeout");
    CHECK(got->body() == "x");
}

TEST_CASE("a cancelled call closes its connection and says so once") {
    scripted_server server(always({send_bytes{stream_head() + http_chunk("first")}, hold{},
                                   send_bytes{http_chunk("second") + last_chunk()}}));
    http_client client;
    const auto exchange = std::make_shared<recording_exchange>();
    const auto call = client.start({.url = server.url()}, exchange);
    REQUIRE(exchange->receives("first"));
    call->cancel();
    call->cancel();
    REQUIRE(exchange->ends());
    CHECK(exchange->outcome() == "cancelled");
    CHECK(server.reaches([](const auto& count) { return count.lost == 1; }));
    CHECK(exchange->body() == "first");
    CHECK(exchange->end_count() == 1);
    call->cancel();
}

TEST_CASE("a call that is cancelled at once ends all the same") {
    scripted_server server(always({hold{}}));
    http_client client;
    std::vector<std::shared_ptr<recording_exchange>> exchanges;
    for (int i = 0; i < 100; ++i) {
        exchanges.push_back(std::make_shared<recording_exchange>());
        client.start({.url = server.url()}, exchanges.back())->cancel();
    }
    for (const auto& exchange : exchanges) {
        REQUIRE(exchange->ends());
        CHECK(exchange->outcome() == "cancelled");
    }
}

TEST_CASE("an exchange can end its own call") {
    scripted_server server(always({send_bytes{stream_head() + http_chunk("first")}, hold{}}));
    http_client client;
    const auto exchange =
        std::make_shared<recording_exchange>([](std::string_view) { return body_flow::abort; });
    client.start({.url = server.url()}, exchange);
    REQUIRE(exchange->ends());
    CHECK(exchange->outcome() == "cancelled");
    CHECK(server.reaches([](const auto& count) { return count.lost == 1; }));
}

TEST_CASE("an exchange that has enough lets the connection finish, but not for long") {
    const bool formal_end = GENERATE(true, false);
    scripted_server server([formal_end](const received_request&) -> server_script {
        server_script script{send_bytes{stream_head() + http_chunk("all")}};
        if (!formal_end) script.emplace_back(hold{});
        script.emplace_back(send_bytes{last_chunk()});
        return script;
    });
    http_client client;
    const auto exchange =
        std::make_shared<recording_exchange>([](std::string_view) { return body_flow::enough; });
    client.start({.url = server.url()}, exchange);
    REQUIRE(exchange->ends());
    CHECK(exchange->outcome() == "complete");
    if (!formal_end) {
        CHECK(server.reaches([](const auto& count) { return count.lost == 1; }));
        return;
    }
    CHECK(run(client, {.url = server.url()})->outcome() == "complete");
    CHECK(server.count().connections == 1);
}

TEST_CASE("the pieces of one read are told to be one read") {
    scripted_server server(always({send_bytes{stream_head() + http_chunk("a") + http_chunk("b") +
                                              http_chunk("c") + last_chunk()}}));
    http_client client;
    const auto got = run(client, {.url = server.url()});
    CHECK(got->body() == "abc");
    CHECK(got->reads() == 1);
}

TEST_CASE("a large body reaches a server that is slow to read it") {
    scripted_server server(always({send_bytes{ok}}));
    server.hold_bodies();
    http_client client;
    std::string body(20 << 20, 'x');
    for (std::size_t i = 0; i < body.size(); i += 4096) body[i] = static_cast<char>('a' + i % 7);
    const auto exchange = std::make_shared<recording_exchange>();
    client.start({.method = "POST", .url = server.url(), .body = body}, exchange);
    REQUIRE(server.reaches([](const auto& count) { return count.heads == 1; }));
    server.resume();
    REQUIRE(exchange->ends());
    CHECK(exchange->outcome() == "complete");
    CHECK(server.requests().at(0).body == body);
}

TEST_CASE("a thousand streams run at once, batched or not") {
    const std::size_t reads_per_second = GENERATE(0U, 50'000U);
    constexpr std::size_t streams = 1'000;
    scripted_server server(
        always({send_bytes{stream_head() + http_chunk("begin ")}, hold{},
                send_bytes{http_chunk("middle ")}, send_bytes{http_chunk("end") + last_chunk()}}));
    http_client client({.reads_per_second = reads_per_second});
    for (int round = 1; round <= 2; ++round) {
        std::vector<std::shared_ptr<recording_exchange>> exchanges;
        for (std::size_t i = 0; i < streams; ++i) {
            exchanges.push_back(std::make_shared<recording_exchange>());
            client.start({.url = server.url()}, exchanges.back());
        }
        REQUIRE(server.reaches([&](const auto& count) {
            return count.holds == streams * static_cast<std::size_t>(round);
        }));
        server.resume();
        for (const auto& exchange : exchanges) {
            REQUIRE(exchange->ends());
            REQUIRE(exchange->outcome() == "complete");
            REQUIRE(exchange->body() == "begin middle end");
        }
        // The second round finds connections to use again.
        CHECK(server.count().connections == streams);
    }
}

TEST_CASE("calls wait for a place, and one too many is told so") {
    scripted_server server(always({hold{}, send_bytes{ok}}));
    http_client client({.max_in_flight = 2, .max_waiting = 2});
    std::vector<std::shared_ptr<recording_exchange>> exchanges;
    std::vector<std::shared_ptr<http_call>> calls;
    for (int i = 0; i < 5; ++i) {
        exchanges.push_back(std::make_shared<recording_exchange>());
        calls.push_back(client.start({.url = server.url()}, exchanges.back()));
    }
    REQUIRE(exchanges[4]->ends());
    CHECK(exchanges[4]->outcome() == "overloaded");
    calls[2]->cancel();  // waits, so that nobody else hears of it
    REQUIRE(exchanges[2]->ends());
    REQUIRE(server.reaches([](const auto& count) { return count.requests == 2; }));
    server.resume();
    for (const auto i : {0U, 1U, 3U}) {
        REQUIRE(exchanges[i]->ends());
        CHECK(exchanges[i]->outcome() == "complete");
    }
    CHECK(server.count().requests == 3);
    CHECK(run(client, {.url = server.url()})->outcome() == "complete");
}

TEST_CASE("a call that waits too long for a place times out") {
    scripted_server server(always({hold{}, send_bytes{ok}}));
    http_client client({.max_in_flight = 1});
    const auto first = std::make_shared<recording_exchange>();
    client.start({.url = server.url()}, first);
    REQUIRE(server.reaches([](const auto& count) { return count.requests == 1; }));
    CHECK(run(client, {.url = server.url(), .total_timeout = 50ms})->outcome() == "total_timeout");
    server.resume();
    CHECK(first->ends());
    CHECK(server.count().requests == 1);
}

TEST_CASE("the end of the client is the end of its calls") {
    scripted_server server(always({send_bytes{stream_head() + http_chunk("x")}, hold{}}));
    std::vector<std::shared_ptr<recording_exchange>> exchanges;
    std::vector<std::shared_ptr<http_call>> calls;
    {
        http_client client({.max_in_flight = 5});
        for (int i = 0; i < 10; ++i) {
            exchanges.push_back(std::make_shared<recording_exchange>());
            calls.push_back(client.start({.url = server.url()}, exchanges.back()));
        }
        REQUIRE(server.reaches([](const auto& count) { return count.holds == 5; }));
    }
    for (const auto& exchange : exchanges) {
        CHECK(exchange->end_count() == 1);
        CHECK(exchange->outcome() == "cancelled");
    }
    for (const auto& call : calls) call->cancel();
    CHECK(server.reaches([](const auto& count) { return count.lost == 5; }));
}

TEST_CASE("an exchange may start the next call") {
    scripted_server server(always({send_bytes{ok}}));
    http_client client;
    const auto second = std::make_shared<recording_exchange>();
    std::atomic<int> started{0};
    const auto first = std::make_shared<recording_exchange>([&](std::string_view) {
        if (started++ == 0) client.start({.url = server.url()}, second);
        return body_flow::more;
    });
    client.start({.url = server.url()}, first);
    REQUIRE(first->ends());
    REQUIRE(second->ends());
    CHECK(second->body() == "hello");
}

TEST_CASE("calls may be started and cancelled from many threads") {
    scripted_server server([](const received_request& request) -> server_script {
        if (request.target == "/slow") return {hold{}};
        return {send_bytes{ok}};
    });
    http_client client;
    std::vector<std::future<int>> threads;
    for (int t = 0; t < 4; ++t) {
        threads.push_back(std::async(std::launch::async, [&client, &server] {
            int good = 0;
            for (int i = 0; i < 50; ++i) {
                const auto quick = std::make_shared<recording_exchange>();
                const auto slow = std::make_shared<recording_exchange>();
                client.start({.url = server.url()}, quick);
                const auto call = client.start({.url = server.url("/slow")}, slow);
                const bool ended = quick->ends();
                call->cancel();
                const bool cancelled = slow->ends();
                if (ended && cancelled && quick->outcome() == "complete") ++good;
            }
            return good;
        }));
    }
    for (auto& thread : threads) CHECK(thread.get() == 50);
}

TEST_CASE("the hosts of this machine are told from all others") {
    for (const auto* here : {"http://127.0.0.1/", "http://127.1.2.3:80", "http://LocalHost:8080/x",
                             "http://user:pass@localhost/", "https://[::1]:1/"}) {
        INFO(here);
        CHECK(is_loopback_url(here));
    }
    for (const auto* elsewhere :
         {"http://127.0.0.1@example.org/", "http://example.org/127.0.0.1", "http://localhost.org/",
          "http://127.example.org/", "http://[::2]/", "localhost", "", "http://?localhost"}) {
        INFO(elsewhere);
        CHECK_FALSE(is_loopback_url(elsewhere));
    }
}
