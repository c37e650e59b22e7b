#include "domain/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <rapidcheck.h>

using namespace perin;
using strings = std::vector<std::string>;

namespace {

const std::string mark = "\xEF\xBF\xBD";

/// Bytes that often make something: starts and continuations of every length, ASCII.
rc::Gen<std::string> nearly_utf8() {
    return rc::gen::container<std::string>(rc::gen::oneOf(
        rc::gen::element('a', '\x80', '\x8f', '\x90', '\x9f', '\xa0', '\xbf', '\xc0', '\xc2',
                         '\xdf', '\xe0', '\xe2', '\xed', '\xef', '\xf0', '\xf4', '\xf5', '\xff'),
        rc::gen::arbitrary<char>()));
}

/// The pieces of a text cut at drawn places.
strings drawn_pieces(std::string_view text) {
    strings pieces;
    while (!text.empty()) {
        const auto size =
            *rc::gen::inRange<std::size_t>(1, std::min<std::size_t>(text.size(), 6) + 1);
        pieces.emplace_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return pieces;
}

}  // namespace

TEST_CASE("well-formed UTF-8 is told from what is not") {
    struct row {
        std::string text;
        bool good;
    };
    const auto [text, good] = GENERATE(values<row>({
        {"", true},
        {"plain words, longer than eight bytes", true},
        {std::string("a\0b", 3), true},
        {"gr\xC3\xBC\xC3\x9F", true},
        {"\xE2\x82\xAC", true},
        {"\xF0\x9F\x98\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xED\x9F\xBF\xEE\x80\x80", true},
        {"\xC0\x80", false},              // overlong
        {"\xC1\xBF", false},              // overlong
        {"\xE0\x9F\xBF", false},          // overlong
        {"\xF0\x8F\xBF\xBF", false},      // overlong
        {"\xED\xA0\x80", false},          // surrogate
        {"\xED\xBF\xBF", false},          // surrogate
        {"\xF4\x90\x80\x80", false},      // past U+10FFFF
        {"\xF5\x80\x80\x80", false},      // past U+10FFFF
        {"\x80", false},                  // continuation alone
        {"\xC3", false},                  // unfinished
        {"\xE2\x82", false},              // unfinished
        {"12345678\xF0\x9F\x98", false},  // unfinished
        {"12345678\xC3(", false},         // not continued
        {"\xFF", false},
    }));
    CAPTURE(text);
    CHECK(is_utf8(text) == good);
}

TEST_CASE("the well-formed beginning ends where the first bad byte stands") {
    CHECK(valid_utf8_length("12345678gr\xC3\xBC\xFF") == 12);
    CHECK(valid_utf8_length("\xE2\x82") == 0);
    CHECK(valid_utf8_length("all") == 3);
}

TEST_CASE("code points are counted and cut, never through one") {
    const std::string text = "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80z";
    CHECK(code_points(text) == 5);
    CHECK(code_points("") == 0);
    CHECK(utf8_prefix(text, 0).empty());
    CHECK(utf8_prefix(text, 1) == "a");
    CHECK(utf8_prefix(text, 3) == "a\xC3\xBC\xE2\x82\xAC");
    CHECK(utf8_prefix(text, 4) == text.substr(0, 10));
    CHECK(utf8_prefix(text, 5) == text);
    CHECK(utf8_prefix(text, 100) == text);
}

TEST_CASE("each maximal bad part becomes one U+FFFD") {
    struct row {
        std::string text;
        std::string repaired;
    };
    const auto [text, repaired] = GENERATE(values<row>({
        {"good", "good"},
        {"a\xFF"
         "b",
         "a" + mark + "b"},
        {"\xE2\x82", mark},
        {"\xE2\x82"
         "a",
         mark + "a"},
        {"\xF0\x9F\x98\xF0\x9F\x98\x80", mark + "\xF0\x9F\x98\x80"},
        {"\xED\xA0\x80", mark + mark + mark},
        {"\xC0\xAF", mark + mark},
    }));
    CHECK(repaired_utf8(text) == repaired);
}

TEST_CASE("repaired text is UTF-8, and UTF-8 is left alone") {
    CHECK(rc::check([] {
        const auto text = *nearly_utf8();
        const auto repaired = repaired_utf8(text);
        RC_ASSERT(is_utf8(repaired));
        if (is_utf8(text)) RC_ASSERT(repaired == text);
    }));
}

TEST_CASE("a joiner holds an unfinished character back until it is whole") {
    utf8_joiner joiner;
    CHECK(joiner.push("a\xF0") == "a");
    CHECK(joiner.push("\x9F") == "");
    CHECK(joiner.push("\x98") == "");
    CHECK(joiner.push("") == "");
    CHECK(joiner.push("\x80z") == "\xF0\x9F\x98\x80z");
    CHECK(joiner.finish() == "");
    CHECK(joiner.push("\xE2\x82") == "");
    CHECK(joiner.finish() == mark);
    CHECK(joiner.push("new") == "new");
}

TEST_CASE("joined pieces are the repaired whole for every split") {
    CHECK(rc::check([] {
        const auto text = *nearly_utf8();
        utf8_joiner joiner;
        std::string joined;
        for (const auto& piece : drawn_pieces(text)) {
            const auto part = joiner.push(piece);
            RC_ASSERT(is_utf8(part));
            joined += part;
        }
        joined += joiner.finish();
        RC_ASSERT(joined == repaired_utf8(text));
    }));
}

TEST_CASE("a JSON string escapes what it must") {
    std::string out = "x=";
    append_json_string(out, std::string("a\"b\\c\n\r\t\b\f\x01\x1f\0\x7f/\xC3\xBC", 17));
    CHECK(out == "x=\"a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\\u001f\\u0000\x7f/\xC3\xBC\"");
    out.clear();
    append_json_string(out, "");
    CHECK(out == "\"\"");
}

TEST_CASE("a JSON string is read back as it was") {
    CHECK(rc::check([](const std::string& any) {
        const auto text = repaired_utf8(any);
        std::string out;
        append_json_string(out, text);
        RC_ASSERT(nlohmann::json::parse(out) == text);
    }));
}

TEST_CASE("terms are words in lower case, split at everything else") {
    struct row {
        std::string text;
        strings words;
    };
    const auto [text, words] = GENERATE(values<row>({
        {"", {}},
        {" ... ", {}},
        {"Hello, World!", {"hello", "world"}},
        {"memory_remember", {"memory", "remember"}},
        {"don't", {"don", "t"}},
        {"4pm-ish 2026", {"4pm", "ish", "2026"}},
        {"\xC3\x84RGER \xC3\x9C"
         "ber",
         {"\xC3\xA4rger",
          "\xC3\xBC"
          "ber"}},
        {"\xC5\xA0KODA \xC5\xBB\xC5\x81\xC3\x93", {"\xC5\xA1koda", "\xC5\xBC\xC5\x82\xC3\xB3"}},
        {"\xC4\xB0stanbul \xC5\xB8", {"istanbul", "\xC3\xBF"}},
        {"\xD0\x9C\xD0\x98\xD0\xA0", {"\xD0\xBC\xD0\xB8\xD1\x80"}},
        {"a\xE2\x80\x94"
         "b\xE2\x80\x99s",
         {"a", "b", "s"}},
        {"one\xC2\xA0two\xC3\x97three", {"one", "two", "three"}},
        {"hi\xF0\x9F\x98\x80there", {"hi", "there"}},
        {"\xE6\x97\xA5\xE6\x9C\xAC\xE3\x80\x81\xE8\xAA\x9E",
         {"\xE6\x97\xA5\xE6\x9C\xAC", "\xE8\xAA\x9E"}},
        {"bad\xFF"
         "byte",
         {"bad", "byte"}},
    }));
    CAPTURE(text);
    CHECK(terms(text) == words);
}

TEST_CASE("terms of any bytes are UTF-8 and their own terms") {
    CHECK(rc::check([] {
        const auto text = *nearly_utf8();
        for (const auto& word : terms(text)) {
            RC_ASSERT(is_utf8(word));
            RC_ASSERT(terms(word) == strings{word});
        }
    }));
}

TEST_CASE("stop words are those that say nothing of a subject") {
    for (const auto* word : {"a", "the", "what", "you", "yourself", "about", "t"}) {
        CAPTURE(word);
        CHECK(is_stop_word(word));
    }
    for (const auto* word : {"", "meeting", "remember", "coffee", "zz", "THE"}) {
        CAPTURE(word);
        CHECK_FALSE(is_stop_word(word));
    }
}
