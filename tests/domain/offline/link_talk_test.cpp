#include "tests/domain/offline/offline_world.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::offline_world;
using nlohmann::json;

TEST_CASE("a link is asked for in words") {
    struct row {
        const char* said;
        json arguments;
    };
    const std::vector<row> table{
        {"make a 30 minute link for Anna for next week",
         {{"durationMins", 30}, {"guest", "Anna"}, {"when", "next week"}}},
        {"Please create a booking link", {{"durationMins", 30}}},
        {"create a 45 min link so that Bob can book time with me tomorrow",
         {{"durationMins", 45}, {"guest", "Bob"}, {"when", "tomorrow"}}},
        {"give me a link for an hour call next week, with approval",
         {{"durationMins", 60}, {"when", "next week"}, {"approval", true}}},
    };
    for (const auto& [said, arguments] : table) {
        CAPTURE(said);
        talk one;
        const auto call = one.say(said);
        CHECK(call.name == "delegation_create_link");
        CHECK(arguments_of(call) == arguments);
    }
}

TEST_CASE("a talk of links asks for none") {
    for (const auto* said : {"the link is broken", "make a link", "what is a link?",
                             "remember that the link to the wiki is wiki.example"}) {
        CAPTURE(said);
        talk one;
        CHECK(one.say(said).name != "delegation_create_link");
    }
}

TEST_CASE("the address of a link is told as it is") {
    talk one;
    (void)one.say("make a 30 minute link for Anna for next week");
    const auto& told = one.result({{"status", "created"},
                                   {"link",
                                    {{"url", "http://localhost/d/abc"},
                                     {"durationsMins", {30}},
                                     {"windowStart", "2026-12-07"},
                                     {"windowEnd", "2026-12-13"},
                                     {"expiresAt", "2026-12-13T23:00:00Z"}}}});
    CHECK(told.find("http://localhost/d/abc\n") != std::string::npos);
    CHECK(told.find("2026-12-07 to 2026-12-13") != std::string::npos);
    talk other;
    (void)other.say("make a 30 minute link for Anna for next week");
    CHECK(other.result({{"status", "ambiguous"}, {"question", "Which week?"}}) == "Which week?");
}
