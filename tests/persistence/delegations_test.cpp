#include "persistence/delegations.hpp"

#include "persistence/accounts.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

std::unique_ptr<database> open_with_user(test_store& store) {
    auto opened = store.open();
    account_repository accounts(*opened);
    for (const std::string id : {"usr_1", "usr_2"}) {
        REQUIRE(accounts.create(
            {.id = id, .email = id + "@example.org", .name = "N", .timezone = "UTC"}, "h"));
    }
    return opened;
}

delegation_row link(const std::string& id, std::int64_t created = 0) {
    return {.id = id,
            .user_id = "usr_1",
            .title = "Intro call",
            .rules = R"({"durationsMins":[30,60],"maxPerDay":4})",
            .approval = true,
            .most_uses = 2,
            .most_turns = 2,
            .expires_at = at(1000),
            .created_at = at(created),
            .updated_at = at(created)};
}

/// PostgreSQL keeps a document, not its text.
bool same(delegation_row a, const delegation_row& b) {
    const bool rules = nlohmann::json::parse(a.rules) == nlohmann::json::parse(b.rules);
    a.rules = b.rules;
    return rules && a == b;
}

}  // namespace

TEST_CASE("a link is found by its id and by its token") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_user(store);
    delegation_repository links(*opened);
    REQUIRE(links.create(link("dlg_1"), "hash"));
    const auto found = links.find("usr_1", "dlg_1");
    REQUIRE(found);
    REQUIRE(*found);
    CHECK(same(**found, link("dlg_1")));
    CHECK((*links.find_by_token("hash"))->id == "dlg_1");
    CHECK(*links.find("usr_2", "dlg_1") == std::nullopt);
    CHECK(*links.find_by_token("other") == std::nullopt);
}

TEST_CASE("a link with a taken token, or of nobody, is a conflict") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_user(store);
    delegation_repository links(*opened);
    REQUIRE(links.create(link("dlg_1"), "hash"));
    CHECK(code_of(links.create(link("dlg_1"), "other")) == error_code::conflict);
    CHECK(code_of(links.create(link("dlg_2"), "hash")) == error_code::conflict);
    auto orphan = link("dlg_2");
    orphan.user_id = "usr_3";
    CHECK(code_of(links.create(orphan, "other")) == error_code::conflict);
}

TEST_CASE("links are listed in pages, newest first") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_user(store);
    delegation_repository links(*opened);
    for (int i = 1; i <= 3; ++i) {
        const auto id = "dlg_" + std::to_string(i);
        REQUIRE(links.create(link(id, i), "hash of " + id));
    }
    const auto first = links.list("usr_1", 2, {});
    REQUIRE(first);
    REQUIRE(first->items.size() == 2);
    CHECK(first->items[0].id == "dlg_3");
    REQUIRE(first->next_cursor);
    const auto second = links.list("usr_1", 2, first->next_cursor);
    REQUIRE(second);
    REQUIRE(second->items.size() == 1);
    CHECK(second->items[0].id == "dlg_1");
    CHECK(second->next_cursor == std::nullopt);
    CHECK(links.list("usr_2", 2, {})->items.empty());
    CHECK(code_of(links.list("usr_1", 2, "nonsense")) == error_code::invalid_request);
}

TEST_CASE("a link is revoked by its owner, for good") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_user(store);
    delegation_repository links(*opened);
    REQUIRE(links.create(link("dlg_1"), "hash"));
    CHECK(code_of(links.revoke("usr_2", "dlg_1", at(5))) == error_code::not_found);
    REQUIRE(links.revoke("usr_1", "dlg_1", at(5)));
    REQUIRE(links.revoke("usr_1", "dlg_1", at(6)));
    CHECK((*links.find("usr_1", "dlg_1"))->revoked_at == at(5));
    CHECK(code_of(links.take_turn("dlg_1", 1, at(6))) == error_code::gone);
}

TEST_CASE("a link has as many turns as it was given") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_user(store);
    delegation_repository links(*opened);
    REQUIRE(links.create(link("dlg_1"), "hash"));
    CHECK(links.take_turn("dlg_1", 10, at(1)));
    CHECK(links.take_turn("dlg_1", 10, at(1)));
    CHECK(code_of(links.take_turn("dlg_1", 10, at(1))) == error_code::gone);
    CHECK((*links.find("usr_1", "dlg_1"))->turns == 2);
    REQUIRE(links.create(link("dlg_2"), "other"));
    CHECK(code_of(links.take_turn("dlg_2", 1, at(1000))) == error_code::gone);
    CHECK(code_of(links.take_turn("none", 1, at(1))) == error_code::gone);
}

TEST_CASE("a link's turns end where they have cost its most tokens") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_user(store);
    delegation_repository links(*opened);
    auto wanted = link("dlg_1");
    wanted.most_turns = 50;
    wanted.most_tokens = 100;
    REQUIRE(links.create(wanted, "hash"));
    REQUIRE(links.take_turn("dlg_1", 40, at(1)));
    REQUIRE(links.spend_tokens("dlg_1", 59));
    // One more is left, and the turn that takes it may cost what it costs.
    CHECK(links.take_turn("dlg_1", 500, at(1)));
    CHECK(code_of(links.take_turn("dlg_1", 1, at(1))) == error_code::gone);
    CHECK((*links.find("usr_1", "dlg_1"))->tokens == 599);
    CHECK((*links.find("usr_1", "dlg_1"))->turns == 2);
    CHECK(code_of(links.spend_tokens("none", 1)) == error_code::not_found);
}
