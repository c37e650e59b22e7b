#include "persistence/conversations.hpp"

#include "persistence/cursor.hpp"
#include "persistence/tool_effects.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

constexpr auto newest = std::numeric_limits<std::uint64_t>::max();

conversation_row conversation(const std::string& user_id, const std::string& id,
                              std::int64_t created) {
    return {.user_id = user_id,
            .summary = {.id = id,
                        .title = "about " + id,
                        .created_at = at(created),
                        .updated_at = at(created),
                        .last_seq = 0}};
}

turn_row turn(const std::string& id, std::uint64_t accepted,
              const std::string& conversation_id = "cnv_a") {
    return {.turn_id = id,
            .user_id = "usr_1",
            .conversation_id = conversation_id,
            .accepted_version = accepted,
            .user_message_id = id + "-u",
            .assistant_message_id = id + "-a"};
}

std::vector<std::string> ids(const std::vector<turn_row>& turns) {
    std::vector<std::string> found;
    for (const auto& each : turns) found.push_back(each.turn_id);
    return found;
}

/// The ids of the whole list, read in pages of `limit`.
std::vector<std::string> listed(conversation_repository& conversations, const std::string& user_id,
                                std::size_t limit) {
    std::vector<std::string> found;
    std::optional<std::string> cursor;
    do {
        auto part = conversations.list(user_id, limit, cursor);
        REQUIRE(part);
        CHECK(part->items.size() <= limit);
        for (const auto& each : part->items) found.push_back(each.id);
        cursor = part->next_cursor;
    } while (cursor);
    return found;
}

}  // namespace

TEST_CASE("a conversation is found by its owner only") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    const auto fresh = conversation("usr_1", "cnv_a", 5);
    REQUIRE(conversations.begin(fresh));
    CHECK(*conversations.find("usr_1", "cnv_a") == fresh);
    auto guests = conversation("usr_1", "cnv_g", 1);
    guests.delegation_id = "dlg_1";
    REQUIRE(conversations.begin(guests));
    CHECK(*conversations.find("usr_1", "cnv_g") == guests);
    CHECK(*conversations.find("usr_2", "cnv_a") == std::nullopt);
    CHECK(*conversations.find("usr_1", "cnv_b") == std::nullopt);
}

TEST_CASE("a conversation begins once, though two users may choose the same id") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    REQUIRE(conversations.begin(conversation("usr_1", "cnv_a", 1)));
    CHECK(code_of(conversations.begin(conversation("usr_1", "cnv_a", 2))) == error_code::conflict);
    CHECK(conversations.begin(conversation("usr_2", "cnv_a", 3)));
    CHECK(conversation_stream("usr_1", "cnv_a") != conversation_stream("usr_2", "cnv_a"));
}

TEST_CASE("a touch moves the time and the seq of a conversation that is there") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    REQUIRE(conversations.begin(conversation("usr_1", "cnv_a", 1)));
    REQUIRE(conversations.touch("usr_1", "cnv_a", at(9), 42));
    const auto found = conversations.find("usr_1", "cnv_a");
    REQUIRE(found);
    CHECK((*found)->summary.updated_at == at(9));
    CHECK((*found)->summary.last_seq == 42);
    CHECK((*found)->summary.created_at == at(1));
    CHECK(code_of(conversations.touch("usr_2", "cnv_a", at(9), 42)) == error_code::not_found);
}

TEST_CASE("a removed conversation leaves a tombstone without a title") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    REQUIRE(conversations.begin(conversation("usr_1", "cnv_a", 1)));
    REQUIRE(conversations.begin(conversation("usr_1", "cnv_b", 2)));
    REQUIRE(conversations.remove("usr_1", "cnv_a", at(9)));

    const auto found = conversations.find("usr_1", "cnv_a");
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->deleted);
    CHECK((*found)->summary.title.empty());
    CHECK(listed(conversations, "usr_1", 10) == std::vector<std::string>{"cnv_b"});
    CHECK(code_of(conversations.remove("usr_1", "cnv_a", at(9))) == error_code::not_found);
    CHECK(code_of(conversations.touch("usr_1", "cnv_a", at(9), 1)) == error_code::not_found);
    CHECK(code_of(conversations.begin(conversation("usr_1", "cnv_a", 3))) == error_code::conflict);
}

TEST_CASE("a list is newest first and whole however it is paged, also with equal times") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    for (int i = 0; i < 7; ++i) {
        // Three share a time, and so do the next three.
        const std::string id = "cnv_" + std::to_string(i);
        REQUIRE(conversations.begin(conversation("usr_1", id, i / 3)));
    }
    REQUIRE(conversations.begin(conversation("usr_2", "cnv_x", 1)));
    const std::size_t limit = GENERATE(1u, 2u, 3u, 6u, 7u, 100u);
    CHECK(listed(conversations, "usr_1", limit) ==
          std::vector<std::string>{"cnv_6", "cnv_5", "cnv_4", "cnv_3", "cnv_2", "cnv_1", "cnv_0"});
}

TEST_CASE("a page goes on where it was left off when newer conversations have come") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    for (const std::string id : {"cnv_a", "cnv_b"}) {
        REQUIRE(conversations.begin(conversation("usr_1", id, 1)));
    }
    const auto first = conversations.list("usr_1", 1, std::nullopt);
    REQUIRE(first);
    REQUIRE(first->next_cursor);
    REQUIRE(conversations.begin(conversation("usr_1", "cnv_c", 2)));
    const auto second = conversations.list("usr_1", 1, first->next_cursor);
    REQUIRE(second);
    REQUIRE(second->items.size() == 1);
    CHECK(second->items.front().id == "cnv_a");
    CHECK(second->next_cursor == std::nullopt);
}

TEST_CASE("a list of nothing is an empty page") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    const auto part = conversations.list("usr_1", 20, std::nullopt);
    REQUIRE(part);
    CHECK(part->items.empty());
    CHECK(part->next_cursor == std::nullopt);
    REQUIRE(conversations.begin(conversation("usr_1", "cnv_a", 1)));
    CHECK(conversations.list("usr_1", 0, std::nullopt)->items.empty());
}

TEST_CASE("a cursor that is not ours is an invalid request") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    const std::string cursor =
        GENERATE("", "x", "' OR 1=1 --", "AQ", "1767225600000.cnv_a", "====");
    const auto part = conversations.list("usr_1", 20, cursor);
    REQUIRE(code_of(part) == error_code::invalid_request);
    CHECK(part.error().parameter == "cursor");
}

TEST_CASE("a cursor bears its position and nothing that was not put in") {
    const list_position position{.created_at = at(1234), .id = "cnv_0192-ab"};
    const std::string cursor = to_cursor(position);
    CHECK(from_cursor(cursor) == position);
    CHECK(cursor.find("cnv_") == std::string::npos);
    CHECK(from_cursor(cursor.substr(0, 12)) == std::nullopt);
    CHECK(from_cursor(cursor + "=") == std::nullopt);
    CHECK(from_cursor("B" + cursor.substr(1)) == std::nullopt);
    CHECK(from_cursor(std::string(4096, 'A')) == std::nullopt);
    CHECK(from_cursor(to_cursor({.created_at = at(1), .id = "a'b"})) == std::nullopt);
    const list_position before_1970{.created_at = timestamp(std::chrono::milliseconds(-5)),
                                    .id = "cnv_a"};
    CHECK(from_cursor(to_cursor(before_1970)) == before_1970);
}

TEST_CASE("a turn is accepted once and ends once") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    REQUIRE(conversations.insert_turn(turn("trn_1", 1)));
    CHECK(code_of(conversations.insert_turn(turn("trn_1", 9))) == error_code::conflict);
    CHECK(*conversations.find_turn("trn_1") == turn("trn_1", 1));
    CHECK(*conversations.find_turn("trn_2") == std::nullopt);

    REQUIRE(conversations.end_turn("trn_1", 4));
    auto ended = turn("trn_1", 1);
    ended.ended_version = 4;
    CHECK(*conversations.find_turn("trn_1") == ended);
    CHECK(code_of(conversations.end_turn("trn_1", 5)) == error_code::conflict);
    CHECK(code_of(conversations.end_turn("trn_2", 5)) == error_code::conflict);
    CHECK(*conversations.find_turn("trn_1") == ended);
}

TEST_CASE("turns are read back from any point of their conversation") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    for (std::uint64_t i = 1; i <= 4; ++i) {
        REQUIRE(conversations.insert_turn(turn("trn_" + std::to_string(i), i * 10)));
    }
    REQUIRE(conversations.insert_turn(turn("trn_x", 15, "cnv_b")));
    using list = std::vector<std::string>;
    CHECK(ids(*conversations.turns_before("usr_1", "cnv_a", newest, 2)) == list{"trn_4", "trn_3"});
    CHECK(ids(*conversations.turns_before("usr_1", "cnv_a", 30, 9)) == list{"trn_2", "trn_1"});
    CHECK(ids(*conversations.turns_before("usr_1", "cnv_a", 10, 9)).empty());
    CHECK(ids(*conversations.turns_before("usr_2", "cnv_a", newest, 9)).empty());
}

TEST_CASE("a message leads to its turn, whoever wrote it") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    REQUIRE(conversations.insert_turn(turn("trn_1", 1)));
    REQUIRE(conversations.insert_turn(turn("trn_2", 2)));
    CHECK(*conversations.turn_of_message("usr_1", "cnv_a", "trn_1-u") == turn("trn_1", 1));
    CHECK(*conversations.turn_of_message("usr_1", "cnv_a", "trn_2-a") == turn("trn_2", 2));
    CHECK(*conversations.turn_of_message("usr_1", "cnv_a", "trn_3-a") == std::nullopt);
    CHECK(*conversations.turn_of_message("usr_2", "cnv_a", "trn_1-u") == std::nullopt);
    CHECK(*conversations.turn_of_message("usr_1", "cnv_b", "trn_1-u") == std::nullopt);
}

TEST_CASE("unfinished turns are found in parts") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    for (std::uint64_t i = 1; i <= 5; ++i) {
        REQUIRE(conversations.insert_turn(turn("trn_" + std::to_string(i), i)));
    }
    REQUIRE(conversations.end_turn("trn_2", 9));
    using list = std::vector<std::string>;
    CHECK(ids(*conversations.unfinished(2, "")) == list{"trn_1", "trn_3"});
    CHECK(ids(*conversations.unfinished(2, "trn_3")) == list{"trn_4", "trn_5"});
    CHECK(ids(*conversations.unfinished(2, "trn_5")).empty());
}

TEST_CASE("turns that are forgotten take the results of their tools with them") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    conversation_repository conversations(*opened);
    tool_effect_repository effects(*opened);
    REQUIRE(conversations.insert_turn(turn("trn_1", 1)));
    REQUIRE(conversations.insert_turn(turn("trn_2", 1, "cnv_b")));
    REQUIRE(effects.insert("trn_1", "call", "{}", at(1)));
    REQUIRE(effects.insert("trn_2", "call", "{}", at(1)));
    REQUIRE(conversations.forget_turns("usr_1", "cnv_a"));
    CHECK(*conversations.find_turn("trn_1") == std::nullopt);
    CHECK(*effects.find("trn_1", "call") == std::nullopt);
    CHECK(*conversations.find_turn("trn_2") != std::nullopt);
    CHECK(*effects.find("trn_2", "call") == "{}");
    CHECK(conversations.forget_turns("usr_1", "cnv_a"));
}
