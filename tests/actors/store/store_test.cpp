#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;

namespace {

commit_conversation first_record(const user& who, const std::string& id) {
    commit_conversation change;
    change.key = {who.id, id};
    change.records = {{1, "turn.accepted", "{}", timestamp{}}};
    change.begins = "title";
    return change;
}

}  // namespace

TEST_CASE_METHOD(actor_world,
                 "changes that wait together are one commit, and each has its answer") {
    auto one = self->request(store, std::chrono::seconds(1), first_record(anna, "cnv_aaaaaaaa"));
    auto two = self->request(store, std::chrono::seconds(1), first_record(anna, "cnv_aaaaaaaa"));
    auto three = self->request(store, std::chrono::seconds(1), first_record(anna, "cnv_bbbbbbbb"));
    settle();
    std::vector<bool> answers;
    auto take = [&](const result<conversation_committed>& answer) {
        answers.push_back(answer.has_value());
    };
    auto fail = [&](const caf::error&) { FAIL("no answer"); };
    one.receive(take, fail);
    two.receive(take, fail);
    three.receive(take, fail);
    // The one that conflicts spoils nothing for its neighbours.
    CHECK(answers == std::vector<bool>{true, false, true});
    auto list = ask<result<conversation_page>>(reader, list_conversations{anna.id, 10, {}});
    REQUIRE(list);
    CHECK(list->items.size() == 2);
}

TEST_CASE_METHOD(actor_world, "a stream that has gone on refuses a late writer") {
    REQUIRE(ask<result<conversation_committed>>(store, first_record(anna, "cnv_aaaaaaaa")));
    commit_conversation late;
    late.key = {anna.id, "cnv_aaaaaaaa"};
    late.expected_version = 0;
    late.records = {{1, "turn.accepted", "{}", timestamp{}}};
    auto answer = ask<result<conversation_committed>>(store, late);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == error_code::conflict);
}

TEST_CASE_METHOD(actor_world, "a login link works once") {
    access_token link{"ses_1", anna.id,     token_kind::login,
                      "",      clock->time, clock->time + std::chrono::hours(1),
                      {}};
    REQUIRE(ask<result<account_committed>>(store, commit_account{create_token{link, "hash"}}));
    auto first =
        ask<result<account_committed>>(store, commit_account{redeem_login{"hash", clock->time}});
    REQUIRE(first);
    CHECK(first->account->id == anna.id);
    auto second =
        ask<result<account_committed>>(store, commit_account{redeem_login{"hash", clock->time}});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == error_code::unauthenticated);
}
