#include "persistence/accounts.hpp"

#include "persistence/conversations.hpp"
#include "persistence/idempotency.hpp"
#include "persistence/journal.hpp"
#include "persistence/memory.hpp"
#include "persistence/tool_effects.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

user account(const std::string& id, std::int64_t created = 0) {
    return {.id = id,
            .email = id + "@example.org",
            .name = "Zoë " + id,
            .timezone = "Europe/Vienna",
            .admin = id == "usr_1",
            .created_at = at(created)};
}

access_token token(const std::string& id, const std::string& user_id, token_kind kind,
                   std::optional<timestamp> expires_at = {}) {
    return {.id = id,
            .user_id = user_id,
            .kind = kind,
            .label = "laptop",
            .created_at = at(0),
            .expires_at = expires_at};
}

/// Something of the user's in every table.
void fill(database& on, const std::string& user_id) {
    conversation_repository conversations(on);
    const std::array<journal_record, 1> records = {journal_record{.kind = "k", .payload = "{}"}};
    REQUIRE(account_repository(on).create(account(user_id), "hash"));
    REQUIRE(account_repository(on).create_token(token("tok_" + user_id, user_id, token_kind::api),
                                                "hash of " + user_id));
    // Both users chose the same id.
    REQUIRE(conversations.begin({.user_id = user_id, .summary = {.id = "cnv_a", .title = "t"}}));
    REQUIRE(conversations.insert_turn({.turn_id = "trn_" + user_id,
                                       .user_id = user_id,
                                       .conversation_id = "cnv_a",
                                       .accepted_version = 1}));
    REQUIRE(journal_repository(on).append(conversation_stream(user_id, "cnv_a"), 0, records));
    REQUIRE(tool_effect_repository(on).insert("trn_" + user_id, "call", "{}", at(0)));
    REQUIRE(memory_repository(on).put(user_id, {.key = "k", .content = "c"}));
    REQUIRE(idempotency_repository(on).insert({.user_id = user_id,
                                               .key = "k",
                                               .fingerprint = "f",
                                               .conversation_id = "cnv_a",
                                               .turn_id = "t"}));
}

}  // namespace

TEST_CASE("a user is found by id and by e-mail") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    account_repository accounts(*opened);
    REQUIRE(accounts.create(account("usr_1"), "hash one"));
    REQUIRE(accounts.create(account("usr_2"), "hash two"));
    CHECK(*accounts.find("usr_1") == account("usr_1"));
    CHECK(*accounts.find("usr_3") == std::nullopt);
    CHECK(*accounts.find_by_email("usr_2@example.org") == account("usr_2"));
    CHECK(*accounts.find_by_email("usr_3@example.org") == std::nullopt);
    const auto found = accounts.credentials_of("usr_2@example.org");
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->account == account("usr_2"));
    CHECK((*found)->password_hash == "hash two");
    CHECK_FALSE(accounts.credentials_of("usr_3@example.org")->has_value());
}

TEST_CASE("an e-mail belongs to one user") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    account_repository accounts(*opened);
    REQUIRE(accounts.create(account("usr_1"), "hash"));
    auto second = account("usr_2");
    second.email = account("usr_1").email;
    CHECK(code_of(accounts.create(second, "hash")) == error_code::conflict);
    CHECK(*accounts.count() == 1);
}

TEST_CASE("users are listed oldest first") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    account_repository accounts(*opened);
    CHECK(accounts.list()->empty());
    REQUIRE(accounts.create(account("usr_b", 2), "hash"));
    REQUIRE(accounts.create(account("usr_c", 1), "hash"));
    REQUIRE(accounts.create(account("usr_a", 2), "hash"));
    CHECK(*accounts.list() ==
          std::vector<user>{account("usr_c", 1), account("usr_a", 2), account("usr_b", 2)});
}

TEST_CASE("a password is set for a user that is there") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    account_repository accounts(*opened);
    REQUIRE(accounts.create(account("usr_1"), "old"));
    REQUIRE(accounts.set_password("usr_1", "new"));
    CHECK((*accounts.credentials_of("usr_1@example.org"))->password_hash == "new");
    CHECK(code_of(accounts.set_password("usr_2", "new")) == error_code::not_found);
}

TEST_CASE("a removed user leaves nothing, and others keep theirs") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    fill(*opened, "usr_1");
    fill(*opened, "usr_2");
    account_repository accounts(*opened);
    REQUIRE(accounts.remove("usr_1"));
    for (const std::string table : {"users", "tokens", "conversations", "turns", "journal",
                                    "tool_effects", "memory", "idempotency"}) {
        INFO(table);
        auto left = opened->execute("SELECT COUNT(*) FROM " + table);
        REQUIRE(left);
        CHECK(left->front().integer(0) == 1);
    }
    CHECK(*accounts.find("usr_1") == std::nullopt);
    CHECK(*journal_repository(*opened).version(conversation_stream("usr_2", "cnv_a")) == 1);
    CHECK(code_of(accounts.remove("usr_1")) == error_code::not_found);
}

TEST_CASE("a token leads to its owner") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    account_repository accounts(*opened);
    REQUIRE(accounts.create(account("usr_1"), "hash"));
    const auto kind = GENERATE(token_kind::session, token_kind::api, token_kind::login);
    const auto fresh = token("tok_1", "usr_1", kind, at(50));
    REQUIRE(accounts.create_token(fresh, "h1"));
    const auto found = accounts.find_token("h1");
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->token == fresh);
    CHECK((*found)->account == account("usr_1"));
    CHECK_FALSE(accounts.find_token("h2")->has_value());
}

TEST_CASE("a token has an owner and a hash of its own") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    account_repository accounts(*opened);
    REQUIRE(accounts.create(account("usr_1"), "hash"));
    REQUIRE(accounts.create_token(token("tok_1", "usr_1", token_kind::api), "h1"));
    CHECK(code_of(accounts.create_token(token("tok_2", "usr_1", token_kind::api), "h1")) ==
          error_code::conflict);
    CHECK(code_of(accounts.create_token(token("tok_2", "usr_9", token_kind::api), "h2")) ==
          error_code::conflict);
}

TEST_CASE("a token is renewed, also to one that never expires") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    account_repository accounts(*opened);
    REQUIRE(accounts.create(account("usr_1"), "hash"));
    REQUIRE(accounts.create_token(token("tok_1", "usr_1", token_kind::session, at(50)), "h1"));
    REQUIRE(accounts.touch_token("tok_1", at(10), at(60)));
    CHECK((*accounts.find_token("h1"))->token.last_used_at == at(10));
    CHECK((*accounts.find_token("h1"))->token.expires_at == at(60));
    REQUIRE(accounts.touch_token("tok_1", at(11), std::nullopt));
    CHECK((*accounts.find_token("h1"))->token.expires_at == std::nullopt);
    CHECK(code_of(accounts.touch_token("tok_2", at(11), at(60))) == error_code::not_found);
}

TEST_CASE("tokens are revoked one by one, by kind and by age") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    account_repository accounts(*opened);
    REQUIRE(accounts.create(account("usr_1"), "hash"));
    REQUIRE(accounts.create(account("usr_2"), "hash"));
    REQUIRE(accounts.create_token(token("tok_1", "usr_1", token_kind::session, at(10)), "h1"));
    REQUIRE(accounts.create_token(token("tok_2", "usr_1", token_kind::session, at(20)), "h2"));
    REQUIRE(accounts.create_token(token("tok_3", "usr_1", token_kind::api), "h3"));
    REQUIRE(accounts.create_token(token("tok_4", "usr_2", token_kind::session, at(30)), "h4"));

    SECTION("one by one, and only once") {
        CHECK(*accounts.revoke_token("tok_3"));
        CHECK_FALSE(*accounts.revoke_token("tok_3"));
        CHECK(accounts.tokens_of("usr_1")->size() == 2);
    }
    SECTION("by kind") {
        CHECK(*accounts.revoke_tokens_of("usr_1", token_kind::session) == 2);
        CHECK(*accounts.revoke_tokens_of("usr_1", token_kind::login) == 0);
        REQUIRE(accounts.tokens_of("usr_1")->size() == 1);
        CHECK(accounts.tokens_of("usr_1")->front().id == "tok_3");
        CHECK(accounts.tokens_of("usr_2")->size() == 1);
    }
    SECTION("by age, except those that never expire") {
        CHECK(*accounts.remove_expired_tokens(at(20)) == 2);
        CHECK(*accounts.remove_expired_tokens(at(20)) == 0);
        CHECK(accounts.find_token("h3")->has_value());
        CHECK(accounts.find_token("h4")->has_value());
    }
}

TEST_CASE("a token of a kind that we do not know is a failure") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    account_repository accounts(*opened);
    REQUIRE(accounts.create(account("usr_1"), "hash"));
    REQUIRE(accounts.create_token(token("tok_1", "usr_1", token_kind::api), "h1"));
    REQUIRE(opened->execute("UPDATE tokens SET kind = 'root'"));
    CHECK(code_of(accounts.find_token("h1")) == error_code::internal);
}
