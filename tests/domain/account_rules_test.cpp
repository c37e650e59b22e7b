#include "domain/account_rules.hpp"

#include <catch2/catch.hpp>

#include <utility>
#include <vector>

using namespace perin;

TEST_CASE("an e-mail is kept in lower case") {
    const auto rows = std::vector<std::pair<std::string, std::string>>{
        {"Ada@Example.COM", "ada@example.com"},
        {"a.b+c@localhost", "a.b+c@localhost"},
        {"o'neil@sub.example.org", "o'neil@sub.example.org"},
        {"Zoë@example.com", "zoë@example.com"},
    };
    for (const auto& [text, email] : rows) {
        CAPTURE(text);
        const auto normalized = normalized_email(text);
        REQUIRE(normalized);
        CHECK(*normalized == email);
    }
}

TEST_CASE("what cannot be an e-mail is refused") {
    for (const auto& text : std::vector<std::string>{
             "", "ada", "@example.com", "ada@", "ada@@example.com", "a@b@c", "ada @example.com",
             "ada@example.com\n", "Ada <ada@example.com>", "ada@.example", "ada@example.",
             "ada@a..b", "ada@\xff.com", std::string("ada\0@example.com", 16),
             std::string(65, 'a') + "@example.com", "a@" + std::string(253, 'b')}) {
        CAPTURE(text);
        const auto normalized = normalized_email(text);
        REQUIRE_FALSE(normalized);
        CHECK(normalized.error().code == error_code::invalid_request);
    }
}

TEST_CASE("a password has 8 to 1024 bytes of text") {
    CHECK(check_password("12345678"));
    CHECK(check_password(std::string(1024, 'x')));
    CHECK(check_password("pässwör"));
    CHECK_FALSE(check_password("1234567"));
    CHECK_FALSE(check_password(std::string(1025, 'x')));
    CHECK_FALSE(check_password("1234567\xff"));
    CHECK_FALSE(check_password(std::string("1234\0005678", 9)));
}

TEST_CASE("a name has 1 to 200 characters") {
    std::string longest;
    for (int i = 0; i < 200; ++i) longest += "é";
    CHECK(check_name("Ada"));
    CHECK(check_name(longest));
    CHECK_FALSE(check_name(longest + "e"));
    CHECK_FALSE(check_name(""));
    CHECK_FALSE(check_name("A\nb"));
}
