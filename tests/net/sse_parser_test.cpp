#include "net/openai/sse_parser.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>
#include <string>
#include <utility>
#include <vector>

using perin::net::sse_parser;

namespace {

struct seen {
    std::vector<std::pair<std::string, std::string>> events;
    std::string last_id;
    std::optional<std::chrono::milliseconds> retry;
    bool overflowed = false;
    friend bool operator==(const seen&, const seen&) = default;
};

seen read_all(const std::vector<std::string>& chunks, std::size_t bound = 1 << 20) {
    sse_parser parser(bound);
    seen out;
    for (const auto& chunk : chunks) {
        parser.feed(chunk);
        while (const auto event = parser.next()) {
            out.events.emplace_back(std::string(event->type), std::string(event->data));
        }
    }
    out.last_id = parser.last_event_id();
    out.retry = parser.retry();
    out.overflowed = parser.overflowed();
    return out;
}

using events = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("an event stream is read by the rules of WHATWG") {
    const struct {
        const char* what;
        std::string bytes;
        events expected;
    } table[] = {
        {"one event", "data: a\n\n", {{"", "a"}}},
        {"only one space is taken off", "data:  a \n\n", {{"", " a "}}},
        {"no space at all", "data:a\n\n", {{"", "a"}}},
        {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", {{"", "a"}, {"", "b"}}},
        {"CR", "data: a\r\rdata: b\r\r", {{"", "a"}, {"", "b"}}},
        {"all line ends mixed", "data: a\r\ndata: b\rdata: c\n\r\n", {{"", "a\nb\nc"}}},
        {"several data lines", "data: a\ndata:\ndata: b\n\n", {{"", "a\n\nb"}}},
        {"an empty data line is an event", "data\n\n", {{"", ""}}},
        {"no data, no event", "event: x\n\ndata: a\n\n", {{"", "a"}}},
        {"a name", "event: x\ndata: a\n\ndata: b\n\n", {{"x", "a"}, {"", "b"}}},
        {"comments", ": hello\n\n:\ndata: a\n: more\n\n", {{"", "a"}}},
        {"unknown fields", "other: 1\ndatab: 2\ndata : 3\ndata: a\n\n", {{"", "a"}}},
        {"a colon in the value", "data: a:b: c\n\n", {{"", "a:b: c"}}},
        {"a byte order mark at the start",
         "\xEF\xBB\xBF"
         "data: a\n\n",
         {{"", "a"}}},
        {"and only there",
         "data: a\n\n\xEF\xBB\xBF"
         "data: b\n\n",
         {{"", "a"}}},
        {"an unfinished event is none", "data: a\n\ndata: b\n", {{"", "a"}}},
        {"many empty lines", "\n\n\r\n\r\rdata: a\n\n\n\n", {{"", "a"}}},
        {"nothing", "", {}},
    };
    for (const auto& row : table) {
        INFO(row.what);
        CHECK(read_all({row.bytes}).events == row.expected);
    }
}

TEST_CASE("id and retry are kept, where they are good") {
    const auto out =
        read_all({std::string("id: 7\nretry: 1500\ndata: a\n\nid: b\0c\nretry: 2s\n\n"
                              "retry: 99999999999999999999\n",
                              72)});
    CHECK(out.last_id == "7");
    CHECK(out.retry == std::chrono::milliseconds(1500));
    CHECK(read_all({"id: 7\ndata: a\n\nid\n\n"}).last_id.empty());
}

TEST_CASE("a line or an event over the bound ends the stream") {
    CHECK(read_all({"data: 12345678\n\n"}, 14).events == events{{"", "12345678"}});
    const auto line = read_all({"data: a\n\ndata: 123456789\n\ndata: b\n\n"}, 14);
    CHECK(line.overflowed);
    CHECK(line.events == events{{"", "a"}});
    CHECK(read_all({"data: 12", "3456", "789"}, 14).overflowed);
    CHECK(read_all({"data: 12345\ndata: 12345\ndata: 12345\n\n"}, 14).overflowed);
    CHECK(read_all({": a comment that never ends"}, 14).overflowed);

    sse_parser parser(4);
    parser.feed("data: too long\n\n");
    CHECK_FALSE(parser.next());
    parser.feed("data:\n\n");
    CHECK_FALSE(parser.next());
}

TEST_CASE("any split of the bytes gives the same events") {
    static const std::vector<std::string> pieces{"data: hello\n\n",
                                                 "data:x\r\n",
                                                 "\r\n",
                                                 "\r",
                                                 "\n",
                                                 "event: delta\n",
                                                 "id: 5\r",
                                                 ": comment\n",
                                                 "data\r\r",
                                                 "retry: 10\n",
                                                 "data: {}",
                                                 "\xEF\xBB\xBF",
                                                 "\xC3\xA4",
                                                 ":",
                                                 " ",
                                                 "garbage",
                                                 "data: a\ndata: b\n\n"};
    const bool held = rc::check([] {
        const auto picks = *rc::gen::container<std::vector<std::size_t>>(
            rc::gen::inRange<std::size_t>(0, pieces.size()));
        const auto cuts =
            *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 9));
        const auto bound = *rc::gen::element<std::size_t>(1 << 20, 24);
        std::string bytes;
        for (const auto pick : picks) bytes += pieces[pick];
        std::vector<std::string> chunks;
        std::size_t at = 0;
        for (const auto cut : cuts) {
            if (at >= bytes.size()) break;
            chunks.push_back(bytes.substr(at, cut));
            at += cut;
        }
        if (at < bytes.size()) chunks.push_back(bytes.substr(at));
        RC_ASSERT(read_all(chunks, bound) == read_all({bytes}, bound));
    });
    CHECK(held);
}

TEST_CASE("an event that lies whole in its chunk is not copied") {
    sse_parser parser;
    const std::string chunk = "data: hello\n\n";
    parser.feed(chunk);
    const auto event = parser.next();
    REQUIRE(event);
    CHECK(event->data.data() == chunk.data() + 6);
}
