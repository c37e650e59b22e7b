#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "persistence/accounts.hpp"
#include "persistence/conversations.hpp"
#include "persistence/timers.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::actors;
using namespace perin::runtime;
using namespace perin::persistence::test;

namespace {

using persistence::database;

struct notification_world {
    test_store store;
    std::unique_ptr<database> opened;

    explicit notification_world(const std::string& driver) : store(driver), opened(store.open()) {
        persistence::account_repository accounts(*opened);
        for (const std::string n : {"anna", "ben"})
            REQUIRE(accounts.create(
                {.id = "usr_" + n, .email = n + "@example.org", .name = n, .timezone = "UTC"},
                "h"));
    }

    template <class Change>
    auto apply(const Change& what) {
        auto changes = persistence::transaction::begin(*opened);
        REQUIRE(changes);
        auto done = store_writer(*opened).apply(what);
        if (done) REQUIRE(changes->commit());
        return done;
    }
    result<notification_committed> change(notification_change what, std::int64_t ms = 10) {
        return apply(commit_notification{std::move(what), at(ms)});
    }
    std::vector<follow_up> follow_ups(std::int64_t ms) {
        auto found = store_reader(*opened).read(list_follow_ups{"approval.decided", at(ms), 10});
        REQUIRE(found);
        return std::move(*found);
    }
};

notification fresh(const std::string& id, std::optional<timestamp> expires = {}) {
    notification out;
    out.id = id;
    out.user_id = "usr_anna";
    out.type = "note";
    out.title = "Hello";
    out.payload = R"({"a":1})";
    out.actions = R"(["yes","no"])";
    out.created_at = at(5);
    out.expires_at = expires;
    return out;
}

close_notification closing(const std::string& id) {
    return {"usr_anna", id, R"({"action":"yes","data":null})", "approval.decided", {}};
}

}  // namespace

TEST_CASE("a notification is made once, whoever asks for it again") {
    notification_world world(GENERATE(from_range(drivers())));
    auto made = world.change(create_notification{fresh("ntf_1")});
    REQUIRE(made);
    CHECK_FALSE(made->repeated);
    CHECK(made->changed.at(0).title == "Hello");
    auto other = fresh("ntf_1");
    other.title = "Another";
    auto again = world.change(create_notification{other});
    REQUIRE(again);
    CHECK(again->repeated);
    CHECK(again->changed.at(0).title == "Hello");
    other.user_id = "usr_gone";
    other.id = "ntf_2";
    CHECK(world.change(create_notification{other}).error().code == error_code::not_found);
}

TEST_CASE("closing writes what follows beside it, until a turn has taken it up") {
    notification_world world(GENERATE(from_range(drivers())));
    REQUIRE(world.change(create_notification{fresh("ntf_1")}));
    REQUIRE(world.follow_ups(100).empty());
    auto closed = world.change(closing("ntf_1"), 20);
    REQUIRE(closed);
    CHECK(closed->changed.at(0).state == notification_state::resolved);
    CHECK(closed->changed.at(0).closed_at == at(20));
    CHECK(world.change(closing("ntf_1"), 21).error().code == error_code::conflict);
    CHECK(world.follow_ups(19).empty());
    auto due = world.follow_ups(20);
    REQUIRE(due.size() == 1);
    CHECK(due[0].what.id == "ntf_1");
    CHECK(due[0].owner.email == "anna@example.org");

    REQUIRE(world.change(postpone_follow_up{"ntf_1", "approval.decided", at(500)}, 30));
    CHECK(world.follow_ups(499).empty());
    CHECK(world.follow_ups(500).size() == 1);

    commit_conversation begins;
    begins.key = {"usr_anna", "cnv_12345678"};
    begins.begins = "Approved";
    begins.at = at(600);
    begins.records = {{1, "turn.accepted", "{}", at(600)}};
    begins.follows = "ntf_1";
    REQUIRE(world.apply(begins));
    CHECK(world.follow_ups(1'000).empty());
    // A second turn of one decision is none.
    begins.begins.reset();
    begins.expected_version = 1;
    begins.records[0].version = 2;
    CHECK(world.apply(begins).error().code == error_code::conflict);
    // What is gone is not put off.
    REQUIRE(world.change(postpone_follow_up{"ntf_1", "approval.decided", at(700)}));
    CHECK(world.follow_ups(1'000).empty());
}

TEST_CASE("what nothing can follow from any more is forgotten") {
    notification_world world(GENERATE(from_range(drivers())));
    REQUIRE(world.change(create_notification{fresh("ntf_1")}));
    REQUIRE(world.change(closing("ntf_1")));
    REQUIRE(world.change(forget_follow_up{"ntf_1"}));
    CHECK(world.follow_ups(1'000).empty());
}

TEST_CASE("a tool's call closes once, and is told the same again") {
    notification_world world(GENERATE(from_range(drivers())));
    REQUIRE(world.change(create_notification{fresh("ntf_1")}));
    auto closes = closing("ntf_1");
    closes.once = once_key{"trn_1", "call_1"};
    auto first = world.change(closes);
    REQUIRE(first);
    CHECK_FALSE(first->repeated);
    auto again = world.change(closes);
    REQUIRE(again);
    CHECK(again->repeated);
    CHECK(again->changed.at(0).state == notification_state::resolved);
    closes.once->call_id = "call_2";
    CHECK(world.change(closes).error().code == error_code::conflict);
}

TEST_CASE("those whose time is over expire, and the next one's time is told") {
    notification_world world(GENERATE(from_range(drivers())));
    REQUIRE(world.change(create_notification{fresh("ntf_1", at(100))}));
    REQUIRE(world.change(create_notification{fresh("ntf_2", at(300))}));
    REQUIRE(world.change(create_notification{fresh("ntf_3")}));
    auto none = world.change(expire_notifications{}, 99);
    REQUIRE(none);
    CHECK(none->changed.empty());
    CHECK(none->next_expiry == at(100));
    auto one = world.change(expire_notifications{}, 100);
    REQUIRE(one);
    REQUIRE(one->changed.size() == 1);
    CHECK(one->changed[0].state == notification_state::expired);
    CHECK(one->next_expiry == at(300));
    CHECK(world.change(closing("ntf_1"), 101).error().code == error_code::gone);
    CHECK(world.change(closing("ntf_2"), 301).error().code == error_code::gone);
    auto last = world.change(expire_notifications{}, 400);
    REQUIRE(last);
    CHECK_FALSE(last->next_expiry);
    auto open = store_reader(*world.opened)
                    .read(list_notifications{"usr_anna", notification_state::open, 20, {}});
    REQUIRE(open);
    CHECK(open->items.size() == 1);
}

TEST_CASE("a notification of somebody else is not found") {
    notification_world world(GENERATE(from_range(drivers())));
    REQUIRE(world.change(create_notification{fresh("ntf_1")}));
    store_reader reader(*world.opened);
    CHECK(reader.read(find_notification{"usr_ben", "ntf_1"}).error().code == error_code::not_found);
    REQUIRE(reader.read(find_notification{"usr_anna", "ntf_1"}));
    auto closes = closing("ntf_1");
    closes.user_id = "usr_ben";
    CHECK(world.change(closes).error().code == error_code::not_found);
    CHECK(reader.read(list_notifications{"usr_ben", {}, 20, {}})->items.empty());
}
