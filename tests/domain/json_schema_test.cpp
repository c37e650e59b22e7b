#include "domain/json_schema.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using nlohmann::json;

namespace {

const json schema = R"({
  "type": "object",
  "properties": {
    "title": {"type": "string", "minLength": 1, "maxLength": 5},
    "durationMins": {"type": "integer", "minimum": 5, "maximum": 720},
    "start": {"type": "string", "format": "date-time"},
    "mode": {"type": "string", "enum": ["fast", "slow"]},
    "color": {"type": ["string", "null"], "pattern": "^#[0-9a-f]{6}$"},
    "people": {
      "type": "array", "minItems": 1, "maxItems": 3,
      "items": {
        "type": "object",
        "properties": {"e/mail": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["e/mail"]
      }
    },
    "format": {"type": "boolean"}
  },
  "required": ["title"],
  "additionalProperties": false
})"_json;

}  // namespace

TEST_CASE("a value that fits passes") {
    const auto* const text =
        GENERATE(R"({"title":"x"})",
                 R"({"title":"x","durationMins":30,"start":"2026-12-01T10:00:00Z","mode":"fast"})",
                 R"({"title":"x","durationMins":30.0,"color":"#00ff00","format":true})",
                 R"({"title":"x","color":null,"people":[{"e/mail":"a@b.c","age":3}]})");
    CAPTURE(text);
    const auto fits = check_schema(schema, json::parse(text));
    CHECK(fits);
}

TEST_CASE("what does not fit is named with its place and what was expected") {
    struct row {
        std::string value;
        std::string pointer;
        std::string detail;
    };
    const auto [value, pointer, detail] = GENERATE(values<row>({
        {R"([])", "", "must be an object"},
        {R"({})", "/title", "`title` is required: a string"},
        {R"({"title":1})", "/title", "`title` must be a string"},
        {R"({"title":"123456"})", "/title",
         "`title` string should be no more than 5 characters in length"},
        {R"({"title":""})", "/title",
         "`title` string should be no fewer than 1 characters in length"},
        {R"({"title":"x","when":1})", "/when",
         "`when` is not a known property; known are: color, durationMins, format, mode, people, "
         "start, title"},
        {R"({"title":"x","durationMins":"30"})", "/durationMins",
         "`durationMins` must be an integer"},
        {R"({"title":"x","durationMins":30.5})", "/durationMins",
         "`durationMins` must be an integer"},
        {R"({"title":"x","durationMins":4})", "/durationMins",
         "`durationMins` must be from 5 to 720"},
        {R"({"title":"x","start":"tomorrow"})", "/start",
         "`start` must be a date-time such as 2026-12-01T10:00:00Z"},
        {R"({"title":"x","mode":"warp"})", "/mode", R"(`mode` must be one of "fast", "slow")"},
        {R"({"title":"x","color":3})", "/color", "`color` must be a string or null"},
        {R"({"title":"x","color":"red"})", "/color",
         R"(`color` must match the pattern "^#[0-9a-f]{6}$")"},
        {R"({"title":"x","people":{}})", "/people", "`people` must be an array"},
        {R"({"title":"x","people":[]})", "/people",
         "`people` array should contain no fewer than 1 elements"},
        {R"({"title":"x","people":[{"e/mail":"a"},{"age":1}]})", "/people/1/e~1mail",
         "`e/mail` is required: a string"},
        {R"({"title":"x","people":[{"e/mail":"a","age":"old"}]})", "/people/0/age",
         "`age` must be an integer"},
        {R"({"title":"x","people":[{"e/mail":7}]})", "/people/0/e~1mail",
         "`e/mail` must be a string"},
        {R"({"title":"x","format":"yes"})", "/format", "`format` must be true or false"},
    }));
    CAPTURE(value);
    const auto fits = check_schema(schema, json::parse(value));
    REQUIRE_FALSE(fits);
    CHECK(fits.error().code == error_code::invalid_request);
    CHECK(fits.error().pointer == pointer);
    CHECK(fits.error().detail == detail);
}

TEST_CASE("a long text in place of a date or a pattern is refused, not matched") {
    for (const auto* field : {"start", "color"}) {
        json value{{"title", "x"}};
        value[field] = std::string(1'000'000, '1');
        const auto fits = check_schema(schema, value);
        REQUIRE_FALSE(fits);
        CHECK(fits.error().code == error_code::invalid_request);
        CHECK(fits.error().pointer == std::string("/") + field);
        CHECK(fits.error().detail.size() < 200);
    }
}

TEST_CASE("a value that nests deeper than any argument is refused") {
    json deep = 1;
    for (int i = 0; i < 100; ++i) deep = json::array({std::move(deep)});
    const auto fits = check_schema(json::object(), deep);
    REQUIRE_FALSE(fits);
    CHECK(fits.error().code == error_code::invalid_request);
}

TEST_CASE("alternatives are told by the deepest difference") {
    const auto either = R"({"anyOf":[{"type":"string"},{"type":"integer"}]})"_json;
    CHECK(check_schema(either, 3));
    CHECK(check_schema(either, "x"));
    const auto fits = check_schema(either, json::array());
    REQUIRE_FALSE(fits);
    CHECK(fits.error().code == error_code::invalid_request);
    CHECK_FALSE(fits.error().detail.empty());
}

TEST_CASE("references within the schema are followed") {
    const auto tree =
        R"({"type":"object","properties":{"next":{"$ref":"#"},"n":{"type":"integer"}}})"_json;
    CHECK(check_schema(tree, R"({"n":1,"next":{"n":2}})"_json));
    const auto fits = check_schema(tree, R"({"n":1,"next":{"n":"two"}})"_json);
    REQUIRE_FALSE(fits);
    CHECK(fits.error().pointer == "/next/n");
}

TEST_CASE("a malformed schema is a failure of ours") {
    const auto* const text = GENERATE(
        "null", "[]", "3", R"({"type":"strung"})", R"({"type":7})", R"({"properties":[]})",
        R"({"required":"a"})", R"({"minimum":"low"})", R"({"pattern":"("})",
        R"({"$ref":"http://example.com/schema"})", R"({"$ref":"#/nowhere"})", R"({"$ref":"#"})",
        R"({"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}})",
        R"({"allOf":[{"$ref":"#"}]})", R"({"patternProperties":{"^a":{}}})", R"({"enum":3})",
        R"({"items":4})");
    CAPTURE(text);
    const auto fits = check_schema(json::parse(text), "value");
    REQUIRE_FALSE(fits);
    CHECK(fits.error().code == error_code::internal);
}
