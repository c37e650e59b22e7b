#include "actors/turn/answer_cache.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::actors;
using namespace std::chrono_literals;

namespace {
const answer_cache::time_point start{};
}

TEST_CASE("an answer is found again by the same request of the same user alone") {
    answer_cache cache;
    std::vector<chat_message> history{{chat_role::user, "hi"}, {chat_role::assistant, "hello"}};
    turn_options options;
    auto key = answer_cache::key_of("usr_a", history, "how are you?", options);
    cache.keep(key, "well", start);
    CHECK(cache.find(key, start) == "well");
    CHECK_FALSE(cache.find(answer_cache::key_of("usr_b", history, "how are you?", options), start));
    CHECK_FALSE(cache.find(answer_cache::key_of("usr_a", {}, "how are you?", options), start));
    options.tone = "formal";
    CHECK_FALSE(cache.find(answer_cache::key_of("usr_a", history, "how are you?", options), start));
}

TEST_CASE("parts of a request cannot be shifted into one another") {
    CHECK(answer_cache::key_of("a", {}, "bc", {}) != answer_cache::key_of("ab", {}, "c", {}));
    turn_options tone;
    tone.tone = "x";
    turn_options name;
    name.perin_name = "x";
    CHECK(answer_cache::key_of("a", {}, "b", tone) != answer_cache::key_of("a", {}, "b", name));
}

TEST_CASE("an answer is good for its time") {
    answer_cache cache(1'000'000, 1h);
    cache.keep("key", "answer", start);
    CHECK(cache.find("key", start + 59min));
    CHECK_FALSE(cache.find("key", start + 60min));
    CHECK(cache.bytes() == 0);
}

TEST_CASE("the answer that was used longest ago goes first, and a huge one is not kept") {
    answer_cache cache(1'600, 1h);
    auto text = std::string(90, 'x');
    for (char name = 'a'; name <= 'z'; ++name) {
        cache.keep(std::string(1, name), text, start);
        CHECK(cache.find("a", start));
        CHECK(cache.bytes() <= 1'600);
    }
    CHECK_FALSE(cache.find("b", start));
    CHECK(cache.find("z", start));
    cache.keep("huge", std::string(200, 'x'), start);
    CHECK_FALSE(cache.find("huge", start));
    cache.keep("z", "another", start);
    CHECK(cache.find("z", start) == "another");
}
