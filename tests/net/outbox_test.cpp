#include "net/front/outbox.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using net::outbox;

namespace {

const outbox::clock::time_point start{};

shared_event delta(std::uint64_t seq, std::string text) {
    auto made = std::make_shared<published_event>();
    made->value = event{"trn_1", seq, seq, timestamp{}, text_delta{std::move(text)}};
    made->frame = to_frame("cnv_1", made->value);
    return made;
}

std::vector<std::string> drain(outbox& box) {
    std::vector<std::string> out;
    while (box.pop(start, [&](std::string_view frame) { out.emplace_back(frame); })) {
    }
    return out;
}

}  // namespace

TEST_CASE("a text frame's head has its size in as few octets as it takes") {
    struct row {
        std::size_t size;
        std::string_view head;
    };
    using namespace std::string_view_literals;
    const std::vector<row> rows{
        {0, "\x81\x00"sv},
        {125, "\x81\x7D"sv},
        {126, "\x81\x7E\x00\x7E"sv},
        {65'535, "\x81\x7E\xFF\xFF"sv},
        {65'536, "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"sv},
        {0x0102030405060708, "\x81\x7F\x01\x02\x03\x04\x05\x06\x07\x08"sv},
    };
    for (const auto& [size, head] : rows) {
        CAPTURE(size);
        CHECK(net::text_frame_head(size) == head);
    }
}

TEST_CASE("an outbox gives frames in their order") {
    outbox box;
    box.push("first", start);
    box.push("cnv_1", delta(1, "a"), start);
    box.push("last", start);
    auto frames = drain(box);
    REQUIRE(frames.size() == 3);
    CHECK(frames[0] == "first");
    CHECK(nlohmann::json::parse(frames[1])["seq"] == 1);
    CHECK(frames[2] == "last");
    CHECK(box.empty());
    CHECK(box.bytes() == 0);
}

TEST_CASE("below the bound nothing is merged, past it waiting deltas are") {
    outbox box;
    std::string whole;
    std::uint64_t seq = 0;
    constexpr std::uint64_t all = 3'000;
    while (seq < all) {
        whole += "some text";
        box.push("cnv_1", delta(++seq, "some text"), start);
        CHECK(box.bytes() <= outbox::merge_above + 200);
    }
    auto frames = drain(box);
    CHECK(frames.size() < all);
    CHECK(frames.size() > 1);
    auto first = nlohmann::json::parse(frames.front());
    CHECK(first["fromSeq"] == 1);
    std::string text;
    std::uint64_t expected = 1;
    for (const auto& frame : frames) {
        auto read = nlohmann::json::parse(frame);
        CHECK(read.value("fromSeq", read["seq"].get<std::uint64_t>()) == expected);
        expected = read["seq"].get<std::uint64_t>() + 1;
        text += read["event"]["text"].get<std::string>();
    }
    CHECK(text == whole);
}

TEST_CASE("a client that leaves more than the most unread for too long is overdue") {
    outbox box;
    box.push(std::string(outbox::most + 1, 'x'), start);
    CHECK_FALSE(box.overdue(start + std::chrono::seconds{9}));
    CHECK(box.overdue(start + std::chrono::seconds{10}));
    SECTION("reading makes it a good one again") {
        drain(box);
        CHECK_FALSE(box.overdue(start + std::chrono::hours{1}));
    }
}
