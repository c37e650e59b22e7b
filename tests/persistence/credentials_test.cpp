#include "persistence/credentials.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace perin::persistence;

TEST_CASE("a password matches its own hash and no other does") {
    const auto hash = hash_password("correct horse");
    CHECK(hash.starts_with("$argon2id$"));
    CHECK(hash.find("correct") == std::string::npos);
    CHECK(verify_password(hash, "correct horse"));
    CHECK_FALSE(verify_password(hash, "correct horsf"));
    CHECK_FALSE(verify_password(hash, ""));
    CHECK(hash_password("correct horse") != hash);
}

TEST_CASE("a text that is no hash matches no password") {
    for (const std::string& hash : {std::string(), std::string("password"),
                                    std::string("$argon2id$"), std::string(400, 'x')}) {
        CAPTURE(hash);
        CHECK_FALSE(verify_password(hash, "password"));
    }
}

TEST_CASE("a password may hold any octets up to the longest that is allowed") {
    std::string password(1024, 'a');
    password[8] = '\0';
    const auto hash = hash_password(password);
    CHECK(verify_password(hash, password));
    password[1023] = 'b';
    CHECK_FALSE(verify_password(hash, password));
}

TEST_CASE("the hash that stands in for an unknown user has the parameters of a real one") {
    const auto parameters = [](const std::string& hash) {
        return hash.substr(0, hash.find('$', hash.find("$m=") + 1));
    };
    CHECK(parameters(dummy_password_hash()) == parameters(hash_password("password")));
    CHECK_FALSE(verify_password(dummy_password_hash(), ""));
}

TEST_CASE("a token is its prefix and 256 random bits that fit into a URL") {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto token = new_token("prn_");
        CHECK(token.starts_with("prn_"));
        CHECK(token.size() == 4 + 43);
        CHECK(token.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789-_") == std::string::npos);
        CHECK(seen.insert(token).second);
    }
}

TEST_CASE("a token is kept as its SHA-256") {
    // The test vector of FIPS 180-2, appendix B.1.
    CHECK(token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(token_hash("").size() == 64);
}

TEST_CASE("texts are compared whole") {
    CHECK(equal_constant_time("", ""));
    CHECK(equal_constant_time("token", "token"));
    CHECK_FALSE(equal_constant_time("token", "tokem"));
    CHECK_FALSE(equal_constant_time("token", "toke"));
    CHECK_FALSE(equal_constant_time("token", ""));
}
