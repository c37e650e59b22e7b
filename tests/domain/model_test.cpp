#include "domain/model.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace perin;

TEST_CASE("roles have the names of the wire") {
    CHECK(to_string(chat_role::system) == std::string("system"));
    CHECK(to_string(chat_role::user) == std::string("user"));
    CHECK(to_string(chat_role::assistant) == std::string("assistant"));
    CHECK(to_string(chat_role::tool) == std::string("tool"));
}

TEST_CASE("error categories have their names") {
    CHECK(to_string(error_category::rate_limit) == std::string("RATE_LIMIT"));
    CHECK(to_string(error_category::timeout) == std::string("TIMEOUT"));
    CHECK(to_string(error_category::authentication) == std::string("AUTHENTICATION"));
    CHECK(to_string(error_category::context_too_large) == std::string("CONTEXT_TOO_LARGE"));
    CHECK(to_string(error_category::quota) == std::string("QUOTA"));
    CHECK(to_string(error_category::rejected) == std::string("REJECTED"));
    CHECK(to_string(error_category::unknown) == std::string("UNKNOWN"));
}
