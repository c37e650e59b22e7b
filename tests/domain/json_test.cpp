#include "domain/json.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <rapidcheck.h>

using namespace perin;
using nlohmann::json;

namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("JSON is read as it stands") {
    const auto* const text =
        GENERATE("null", "true", "-3", "18446744073709551615", "1.5e3", "\"\\u20ac\\ud83d\\ude00\"",
                 "[]", "{}", " [1, [2, {\"a\": [null, false]}], \"x\"] ",
                 "{\"a\":{\"b\":[1,2,{\"c\":\"d\"}]},\"e\":\"\"}", "\"\\u0000\"");
    CAPTURE(text);
    const auto read = parse_json(text);
    REQUIRE(read);
    CHECK(*read == json::parse(text));
}

TEST_CASE("of equal names the last wins") {
    const auto read = parse_json(R"({"a":1,"a":[2]})");
    REQUIRE(read);
    CHECK(*read == json{{"a", {2}}});
}

TEST_CASE("what is not JSON is refused with the place and no echo") {
    struct row {
        std::string text;
        std::string detail;
    };
    const auto [text, detail] = GENERATE(values<row>({
        {"", "is empty"},
        {" \n", "is empty"},
        {"{\"a\":", "ends within the JSON value"},
        {"\"secret", "ends within the JSON value"},
        {"{\"a\":tru}", "is not JSON at byte 9"},
        {"{} x", "has something after the JSON value at byte 4"},
        {"1 2", "has something after the JSON value at byte 3"},
        {"\"\\ud800\"", "has a lone surrogate at byte 8"},
        {"\"\\udc00x\"", "has a lone surrogate at byte 7"},
        {"\"surrogate\" surrogate", "has something after the JSON value at byte 13"},
        {"\"a\xFFz\"", "is not UTF-8 at byte 3"},
        {"1e999", "has a number out of range at byte 5"},
        {"\"a\nb\"", "is not JSON at byte 3"},
        {"{'a':1}", "is not JSON at byte 2"},
        {"[1,]", "is not JSON at byte 4"},
        {"NaN", "is not JSON at byte 1"},
        {std::string("{}\0{", 4), "is not JSON at byte 3"},
        {std::string("\"a\0b\"", 5), "is not JSON at byte 3"},
    }));
    CAPTURE(text);
    const auto read = parse_json(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == error_code::invalid_request);
    CHECK(read.error().detail == detail);
    CHECK(read.error().pointer.empty());
}

TEST_CASE("nesting is bounded, however deep it would go") {
    CHECK(parse_json(nested(32)));
    const auto read = parse_json(nested(33));
    REQUIRE_FALSE(read);
    CHECK(read.error().code == error_code::invalid_request);
    CHECK(read.error().detail == "is nested deeper than 32 levels of JSON");
    CHECK_FALSE(parse_json(std::string(1'000'000, '[')));
    std::string objects;
    for (int i = 0; i < 33; ++i) objects += "{\"a\":";
    CHECK_FALSE(parse_json(objects));
    CHECK(parse_json("[[],[],[[]]]", 3));
    CHECK_FALSE(parse_json("[]", 0));
    CHECK(parse_json("1", 0));
}

TEST_CASE("reading any bytes never throws, and what is read is what the library reads") {
    CHECK(rc::check([] {
        const auto text = *rc::gen::container<std::string>(rc::gen::oneOf(
            rc::gen::element('[', ']', '{', '}', ',', ':', '"', '1', 'a', '\\', 'u', ' '),
            rc::gen::arbitrary<char>()));
        const auto read = parse_json(text);
        const auto expected = json::parse(text, nullptr, false);
        RC_ASSERT(read.has_value() ==
                  (!expected.is_discarded() && text.find('\0') == std::string::npos));
        if (read) RC_ASSERT(*read == expected);
    }));
}

TEST_CASE("pointers escape their tokens") {
    CHECK(json_pointer("", "a") == "/a");
    CHECK(json_pointer("/a", "b/c~d") == "/a/b~1c~0d");
    CHECK(json_pointer("", "") == "/");
}

TEST_CASE("fields are read by their types") {
    const json body{{"text", "gr\xC3\xBC\xC3\x9F"},
                    {"number", 0.5},
                    {"count", 30},
                    {"whole", 30.0},
                    {"yes", true},
                    {"list", {1, 2}},
                    {"nothing", nullptr}};
    json_reader in(body);
    CHECK(in.required_text("text", 4, 4) == "gr\xC3\xBC\xC3\x9F");
    CHECK(in.optional_text("text", 1, 10) == "gr\xC3\xBC\xC3\x9F");
    CHECK(in.optional_number("number", 0, 1) == 0.5);
    CHECK(in.optional_number("count", 0, 100) == 30.0);
    CHECK(in.optional_integer("count", 30, 30) == 30);
    CHECK(in.optional_integer("whole", 1, 100) == 30);
    CHECK(in.optional_bool("yes") == true);
    REQUIRE(in.optional_array("list", 1, 2) != nullptr);
    REQUIRE(in.required_array("list", 2, 2) != nullptr);
    CHECK(in.required_array("list", 2, 2)->at(1) == 2);
    for (const auto* absent : {"nothing", "missing"}) {
        CHECK_FALSE(in.optional_text(absent, 1, 1));
        CHECK_FALSE(in.optional_number(absent, 0, 1));
        CHECK_FALSE(in.optional_integer(absent, 0, 1));
        CHECK_FALSE(in.optional_bool(absent));
        CHECK(in.optional_array(absent, 0, 1) == nullptr);
    }
    CHECK_FALSE(in.error());
}

TEST_CASE("a wrong field is named by its pointer") {
    struct row {
        json value;
        void (*read)(json_reader&);
        std::string detail;
    };
    const auto text = [](json_reader& in) { (void)in.required_text("a/b", 1, 3); };
    const auto number = [](json_reader& in) { (void)in.optional_number("a/b", 0, 0.5); };
    const auto integer = [](json_reader& in) { (void)in.optional_integer("a/b", 1, 9); };
    const auto boolean = [](json_reader& in) { (void)in.optional_bool("a/b"); };
    const auto array = [](json_reader& in) { (void)in.required_array("a/b", 1, 2); };
    const auto [value, read, detail] = GENERATE_COPY(values<row>({
        {nullptr, text, "is required"},
        {1, text, "must be a string"},
        {"", text, "must have 1 to 3 characters"},
        {"\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC", text, "must have 1 to 3 characters"},
        {std::string("a\0b", 3), text, "must not contain U+0000"},
        {"\xFF", text, "must be UTF-8"},
        {"1", number, "must be a number"},
        {0.6, number, "must be from 0 to 0.5"},
        {-1, number, "must be from 0 to 0.5"},
        {std::numeric_limits<double>::quiet_NaN(), number, "must be from 0 to 0.5"},
        {"1", integer, "must be an integer"},
        {1.5, integer, "must be an integer"},
        {10, integer, "must be from 1 to 9"},
        {0, integer, "must be from 1 to 9"},
        {std::numeric_limits<std::uint64_t>::max(), integer, "must be from 1 to 9"},
        {1e300, integer, "must be from 1 to 9"},
        {std::numeric_limits<double>::infinity(), integer, "must be from 1 to 9"},
        {0, boolean, "must be true or false"},
        {nullptr, array, "is required"},
        {json::object(), array, "must be an array"},
        {json::array(), array, "must have 1 to 2 items"},
        {{1, 2, 3}, array, "must have 1 to 2 items"},
    }));
    const json body{{"a/b", value}};
    json_reader in(body, "/items/0");
    read(in);
    REQUIRE(in.error());
    CHECK(in.error()->code == error_code::invalid_request);
    CHECK(in.error()->detail == detail);
    CHECK(in.error()->pointer == "/items/0/a~1b");
}

TEST_CASE("the first failure sticks and later reads are empty") {
    const json body{{"a", 1}, {"b", "text"}, {"c", {1}}, {"d", 2}, {"e", true}};
    json_reader in(body);
    CHECK(in.required_text("a", 1, 5).empty());
    CHECK(in.required_text("b", 1, 5).empty());
    CHECK_FALSE(in.optional_text("b", 1, 5));
    CHECK_FALSE(in.optional_integer("d", 0, 5));
    CHECK_FALSE(in.optional_number("d", 0, 5));
    CHECK_FALSE(in.optional_bool("e"));
    CHECK(in.required_array("c", 0, 5) == nullptr);
    REQUIRE(in.error());
    CHECK(in.error()->pointer == "/a");
}

TEST_CASE("a body that is no object is a failure at its own place") {
    const json body = json::array();
    json_reader in(body);
    CHECK(in.required_text("a", 1, 5).empty());
    REQUIRE(in.error());
    CHECK(in.error()->detail == "must be an object");
    CHECK(in.error()->pointer.empty());
    CHECK(json_reader(body, "/messages/0").error()->pointer == "/messages/0");
}
