#include "persistence/retention.hpp"

#include "persistence/bookings.hpp"
#include "persistence/conversations.hpp"
#include "persistence/delegations.hpp"
#include "persistence/effects.hpp"
#include "persistence/journal.hpp"
#include "persistence/notifications.hpp"
#include "persistence/snapshots.hpp"
#include "persistence/timers.hpp"
#include "tests/persistence/sample_data.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

constexpr std::size_t many = 100;

std::vector<journal_record> records(std::uint64_t first, std::size_t count, timestamp when) {
    std::vector<journal_record> made;
    for (std::size_t i = 0; i < count; ++i) {
        made.push_back({.version = first + i, .kind = "k", .payload = "{}", .at = when});
    }
    return made;
}

struct world {
    test_store store;
    std::unique_ptr<database> opened;
    conversation_repository conversations;
    journal_repository journal;
    retention_repository retention;

    explicit world(const std::string& driver)
        : store(driver),
          opened(store.open()),
          conversations(*opened),
          journal(*opened),
          retention(*opened) {}

    /// A conversation of three records and one turn.
    void add_conversation(const std::string& id, timestamp touched, bool ended = true) {
        REQUIRE(conversations.begin({"usr_1", {id, "title of " + id, at(0), touched, 3}}));
        REQUIRE(journal.append(conversation_stream("usr_1", id), 0, records(1, 3, touched)));
        turn_row turn{.turn_id = "trn_" + id,
                      .user_id = "usr_1",
                      .conversation_id = id,
                      .accepted_version = 1};
        if (ended) turn.ended_version = 3;
        REQUIRE(conversations.insert_turn(turn));
    }

    void add_workflow(const std::string& stream, const std::string& state, timestamp touched) {
        REQUIRE(journal.append(stream, 0, records(1, 2, touched),
                               {.kind = "workflow", .user_id = "usr_1", .state = state}));
        REQUIRE(snapshot_repository(*opened).write(stream, {1, "{}", touched}));
        REQUIRE(timer_repository(*opened).put(
            {.id = "timer of " + stream, .kind = "remind", .subject = stream, .due_at = at(0)}));
    }

    effect_row add_effect(const std::string& id, const std::string& subject) {
        const auto made = effect_repository(*opened).intend({.id = id,
                                                             .subject = subject,
                                                             .step_id = "s",
                                                             .user_id = "usr_1",
                                                             .kind = "mail",
                                                             .idempotency_key = id,
                                                             .request = "{}"});
        REQUIRE(made);
        return made->effect;
    }

    std::int64_t count(const std::string& table) {
        const auto found = opened->execute("SELECT COUNT(*) FROM " + table);
        REQUIRE(found);
        return found->front().integer(0);
    }
};

}  // namespace

TEST_CASE("conversations that nobody touched for long go, and their ids stay taken") {
    world with(GENERATE(from_range(drivers())));
    with.add_conversation("cnv_old", at(10));
    with.add_conversation("cnv_new", at(20));
    with.add_conversation("cnv_running", at(10), false);
    with.add_conversation("cnv_unsettled", at(10));
    with.add_effect("eff_1", "trn_cnv_unsettled");
    with.add_effect("eff_2", "trn_cnv_old");
    REQUIRE(effect_repository(*with.opened).complete("eff_2", "{}", at(10)));

    const auto pruned = with.retention.prune_conversations(at(20), many);
    REQUIRE(pruned);
    CHECK(*pruned == pruned_batch{.removed = 1, .records = 3});
    const auto old = *with.conversations.find("usr_1", "cnv_old");
    REQUIRE(old);
    CHECK(old->deleted);
    CHECK(old->summary.title.empty());
    CHECK(*with.journal.version(conversation_stream("usr_1", "cnv_old")) == 0);
    CHECK(*with.conversations.find_turn("trn_cnv_old") == std::nullopt);
    CHECK(*effect_repository(*with.opened).find("eff_2") == std::nullopt);
    for (const std::string id : {"cnv_new", "cnv_running", "cnv_unsettled"}) {
        INFO(id);
        CHECK_FALSE((*with.conversations.find("usr_1", id))->deleted);
        CHECK(*with.journal.version(conversation_stream("usr_1", id)) == 3);
    }
    CHECK(*with.retention.prune_conversations(at(20), many) == pruned_batch{});
    CHECK(code_of(with.conversations.begin({"usr_1", {"cnv_old", "", at(30), at(30), 0}})) ==
          error_code::conflict);
}

TEST_CASE("a round goes through all rows in bounded batches") {
    world with(GENERATE(from_range(drivers())));
    for (int i = 0; i < 7; ++i) {
        with.add_conversation("cnv_" + std::to_string(i), at(i % 2 == 0 ? 10 : 20));
    }
    std::optional<retention_position> position;
    std::vector<std::size_t> removed;
    do {
        const auto pruned = with.retention.prune_conversations(at(20), 3, position);
        REQUIRE(pruned);
        removed.push_back(pruned->removed);
        position = pruned->next;
    } while (position);
    CHECK(removed == std::vector<std::size_t>{2, 1, 1});
    CHECK(with.count("turns") == 3);
}

TEST_CASE("a conversation that is taken up meanwhile stays") {
    world with(GENERATE(from_range(drivers())));
    with.add_conversation("cnv_1", at(10));
    auto other = with.store.open_empty();
    // Between the look at the rows and the removal.
    watched_database late(*with.opened, [&](std::string_view sql) -> std::optional<failure> {
        if (!sql.starts_with("UPDATE conversations")) return std::nullopt;
        REQUIRE(conversation_repository(*other).touch("usr_1", "cnv_1", at(30), 4));
        return std::nullopt;
    });
    CHECK(*retention_repository(late).prune_conversations(at(20), many) == pruned_batch{});
    CHECK_FALSE((*with.conversations.find("usr_1", "cnv_1"))->deleted);
}

TEST_CASE("workflows that ended long ago go with all that is theirs") {
    world with(GENERATE(from_range(drivers())));
    with.add_workflow("w/completed", "completed", at(10));
    with.add_workflow("w/failed", "failed", at(10));
    with.add_workflow("w/late", "cancelled", at(20));
    with.add_workflow("w/running", "running", at(10));
    with.add_workflow("w/unsettled", "cancelled", at(10));
    with.add_effect("eff_1", "w/unsettled");
    with.add_effect("eff_2", "w/completed");
    REQUIRE(effect_repository(*with.opened).complete("eff_2", "{}", at(10)));

    const auto pruned = with.retention.prune_streams(at(20), many);
    REQUIRE(pruned);
    CHECK(*pruned == pruned_batch{.removed = 2, .records = 4});
    CHECK(with.count("streams") == 3);
    CHECK(with.count("snapshots") == 3);
    CHECK(with.count("timers") == 3);
    CHECK(with.count("journal") == 6);
    CHECK(with.count("effects") == 1);
    CHECK(*with.journal.version("w/running") == 2);

    const auto first = with.retention.prune_streams(at(30), 1);
    REQUIRE(first);
    CHECK(*first == pruned_batch{.removed = 1, .records = 2, .next = {{"", "w/late"}}});
    CHECK(*with.retention.prune_streams(at(30), 1, first->next) ==
          pruned_batch{.next = {{"", "w/running"}}});
}

TEST_CASE("links go once they and all their bookings are over") {
    world with(GENERATE(from_range(drivers())));
    add_sample_data(*with.opened, "ada", 5);
    delegation_repository links(*with.opened);
    const auto add = [&](const std::string& id, std::int64_t expires) {
        REQUIRE(
            links.create({.id = id, .user_id = "usr_ada", .title = "t", .expires_at = at(expires)},
                         "hash of " + id));
    };
    // That of the sample data expired in 1970, its booking is as old; the others are of 2026.
    add("dlg_old", 10);
    add("dlg_booked", 10);
    add("dlg_new", 20);
    add("dlg_revoked", 90);
    REQUIRE(links.revoke("usr_ada", "dlg_revoked", at(10)));
    booking_row late{.id = "bkg_late",
                     .user_id = "usr_ada",
                     .delegation_id = "dlg_booked",
                     .idempotency_key = "late",
                     .state = booking_state::booked,
                     .time = {at(100'000), at(200'000), at(100'000), at(200'000), "2026-01-01"},
                     .created_at = at(1),
                     .updated_at = at(1)};
    REQUIRE(booking_repository(*with.opened).book(late, {}));

    const auto pruned = with.retention.prune_links(at(20), many);
    REQUIRE(pruned);
    CHECK(*pruned == pruned_batch{.removed = 3});
    CHECK(with.count("delegations") == 2);
    CHECK(with.count("bookings") == 1);
    CHECK(with.count("guest_sessions") == 0);
    CHECK(links.find("usr_ada", "dlg_booked")->has_value());
    CHECK(links.find("usr_ada", "dlg_new")->has_value());
    CHECK(with.retention.prune_links(at(300'000), many)->removed == 2);
    CHECK(with.count("booked_minutes") == 0);
}

TEST_CASE("notifications that were closed long ago go") {
    world with(GENERATE(from_range(drivers())));
    notification_repository notifications(*with.opened);
    for (const std::string id : {"ntf_1", "ntf_2", "ntf_3"}) {
        REQUIRE(notifications.create({.id = id, .user_id = "usr_1", .type = "t"}));
    }
    REQUIRE(notifications.resolve("usr_1", "ntf_1", "{}", at(10)));
    REQUIRE(notifications.resolve("usr_1", "ntf_2", "{}", at(20)));
    CHECK(*with.retention.prune_notifications(at(20), many) == pruned_batch{.removed = 1});
    CHECK(with.count("notifications") == 2);
}

TEST_CASE("guests' sessions and authorizations go when they expire") {
    world with(GENERATE(from_range(drivers())));
    add_sample_data(*with.opened, "ada", 5);
    const auto time = [](std::int64_t count) {
        return timestamp(std::chrono::milliseconds(count));
    };
    CHECK(*with.retention.prune_expired(time(1999)) == 0);
    CHECK(*with.retention.prune_expired(time(2000)) == 1);
    CHECK(with.count("authorizations") == 0);
    CHECK(*with.retention.prune_expired(time(9000)) == 1);
    CHECK(with.count("guest_sessions") == 0);
}
