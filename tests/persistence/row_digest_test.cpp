#include "persistence/row_digest.hpp"

#include <catch2/catch.hpp>

#include <cstdint>

using namespace perin::persistence;

namespace {

row_digest digest_of(const std::vector<row>& of, std::vector<bool> json = {}) {
    row_digest made(std::move(json));
    for (const auto& each : of) made.add(each);
    return made;
}

row texts(const std::string& a, const std::string& b) { return row({a, b}); }

}  // namespace

TEST_CASE("a digest does not depend on the order of rows, but on how often each is there") {
    const auto a = texts("1", "2");
    const auto b = texts("3", "4");
    CHECK(digest_of({a, b, a}) == digest_of({a, a, b}));
    CHECK_FALSE(digest_of({a, b, a}) == digest_of({a, b, b}));
    CHECK_FALSE(digest_of({a}) == digest_of({a, a}));
    CHECK(digest_of({a, b, a}).rows() == 3);
    CHECK(digest_of({}) == digest_of({}));
}

TEST_CASE("a digest tells values apart that look alike") {
    const std::vector<std::vector<value>> all = {
        {std::string("ab"), std::string("c")},
        {std::string("a"), std::string("bc")},
        {std::string("abc"), std::string()},
        {std::string(), std::string("abc")},
        {std::string("1"), std::string()},
        {std::int64_t{1}, std::string()},
        {1.0, std::string()},
        {value{}, std::string()},
        {std::string(), value{}},
        {std::int64_t{0}, std::int64_t{1}},
        {std::int64_t{1}, std::int64_t{0}},
        {std::int64_t{-1}, std::int64_t{0}},
        {0.1, 0.2},
        {0.2, 0.1},
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = 0; j < all.size(); ++j) {
            INFO(i << " and " << j);
            CHECK((digest_of({row(all[i])}) == digest_of({row(all[j])})) == (i == j));
        }
    }
}

TEST_CASE("JSON is compared as JSON where it is JSON") {
    const auto a = texts(R"({"b":1,"a":[1e2,-0.0]})", "x");
    const auto b = texts(R"({ "a": [100, 0], "b": 1.0 })", "x");
    CHECK(digest_of({a}, {true, false}) == digest_of({b}, {true, false}));
    CHECK_FALSE(digest_of({a}, {false, false}) == digest_of({b}, {false, false}));
    CHECK_FALSE(digest_of({a}) == digest_of({b}));
}

TEST_CASE("a JSON value has one canonical text") {
    CHECK(canonical_json(R"( { "b" : [ ] , "a" : null } )") == R"({"a":null,"b":[]})");
    CHECK(canonical_json("1e2") == canonical_json("100"));
    CHECK(canonical_json("-0.0") == canonical_json("0"));
    CHECK(canonical_json("1e19") == canonical_json("10000000000000000000"));
    CHECK(canonical_json("0.1") != canonical_json("0.10000000000000001e1"));
    CHECK(canonical_json("9007199254740991") != canonical_json("9007199254740990"));
    CHECK(canonical_json(R"("\u00e9")") == canonical_json("\"\xc3\xa9\""));
    CHECK(canonical_json(R"({"a":1,"a":2})") == R"({"a":2})");
    CHECK(canonical_json("no JSON") == "no JSON");
    CHECK(canonical_json("neither") != canonical_json("this"));
}
