#include "domain/id.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>

using namespace perin;
using namespace std::chrono_literals;

TEST_CASE("an id is its prefix and a UUIDv7 of time and randomness") {
    // The example of RFC 9562, appendix A.6.
    const timestamp at{1645557742000ms};
    const id_entropy random{0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
    CHECK(make_id("cnv_", at, random) == "cnv_017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST_CASE("every made id is one, and ids are in the order of their times") {
    CHECK(rc::check([](const id_entropy& a, const id_entropy& b) {
        const auto ms = *rc::gen::inRange<std::int64_t>(0, 253'000'000'000'000);
        const auto later = ms + *rc::gen::inRange<std::int64_t>(1, 1'000'000);
        const auto first = make_id("trn_", timestamp{std::chrono::milliseconds{ms}}, a);
        const auto second = make_id("trn_", timestamp{std::chrono::milliseconds{later}}, b);
        RC_ASSERT(is_id(first, "trn_"));
        RC_ASSERT(first < second);
        RC_ASSERT(first[18] == '7');
    }));
}

TEST_CASE("a malformed id is none") {
    constexpr std::string_view good = "usr_017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
    CHECK(is_id(good, "usr_"));
    CHECK_FALSE(is_id(good, "cnv_"));
    CHECK_FALSE(is_id("", "usr_"));
    CHECK_FALSE(is_id("usr_", "usr_"));
    CHECK_FALSE(is_id("usr_017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "usr_"));
    CHECK_FALSE(is_id("usr_017f22e2-79b0-7cc3-98c4-dc0c0c07398", "usr_"));
    CHECK_FALSE(is_id("usr_017f22e2-79b0-7cc3-98c4-dc0c0c07398fa", "usr_"));
    CHECK_FALSE(is_id("usr_017f22e2079b0-7cc3-98c4-dc0c0c07398f", "usr_"));
    CHECK_FALSE(is_id("usr_017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "usr_"));
    CHECK_FALSE(is_id("usr_017f22e2-79b0-7cc3-98c4-dc0c0c-7398f", "usr_"));
}

TEST_CASE("a client may choose a conversation's id within bounds") {
    CHECK(is_conversation_id("cnv_my-chat1"));
    CHECK(is_conversation_id("cnv_" + std::string(8, 'a')));
    CHECK(is_conversation_id("cnv_" + std::string(40, '9')));
    CHECK(is_conversation_id("cnv_017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
    CHECK_FALSE(is_conversation_id("cnv_" + std::string(7, 'a')));
    CHECK_FALSE(is_conversation_id("cnv_" + std::string(41, 'a')));
    CHECK_FALSE(is_conversation_id("cnv_My-Chat12"));
    CHECK_FALSE(is_conversation_id("cnv_my_chat12"));
    CHECK_FALSE(is_conversation_id("my-chat-with-you"));
    CHECK_FALSE(is_conversation_id(std::string("cnv_aaaaaaaa\0", 13)));
}
