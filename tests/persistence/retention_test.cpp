#include "persistence/retention.hpp"

#include "persistence/accounts.hpp"
#include "persistence/bookings.hpp"
#include "persistence/conversations.hpp"
#include "persistence/database_check.hpp"
#include "persistence/delegations.hpp"
#include "persistence/effects.hpp"
#include "persistence/idempotency.hpp"
#include "persistence/journal.hpp"
#include "persistence/notifications.hpp"
#include "persistence/snapshots.hpp"
#include "persistence/timers.hpp"
#include "persistence/tool_effects.hpp"
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

    const auto idle = with.retention.idle_conversations(at(20), many);
    REQUIRE(idle);
    CHECK(*idle == idle_page{.items = {{"usr_1", "cnv_old"}}});
    for (const std::string id : {"cnv_new", "cnv_running", "cnv_unsettled", "cnv_none"}) {
        INFO(id);
        CHECK(*with.retention.prune_conversation("usr_1", id, at(20), many) ==
              pruned_conversation{});
    }
    CHECK(*with.retention.prune_conversation("usr_1", "cnv_old", at(20), many) ==
          pruned_conversation{.gone = true, .whole = true, .records = 3});
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
    CHECK(*with.retention.idle_conversations(at(20), many) == idle_page{});
    CHECK(code_of(with.conversations.begin({"usr_1", {"cnv_old", "", at(30), at(30), 0}})) ==
          error_code::conflict);
}

TEST_CASE("a round looks at all conversations in bounded batches") {
    world with(GENERATE(from_range(drivers())));
    for (int i = 0; i < 7; ++i) {
        with.add_conversation("cnv_" + std::to_string(i), at(i % 2 == 0 ? 10 : 20));
    }
    std::optional<retention_position> position;
    std::vector<std::size_t> found;
    do {
        const auto page = with.retention.idle_conversations(at(20), 3, position);
        REQUIRE(page);
        found.push_back(page->items.size());
        position = page->next;
    } while (position);
    CHECK(found == std::vector<std::size_t>{2, 1, 1});
}

TEST_CASE("a long conversation goes in pieces, and is found again until it is whole") {
    world with(GENERATE(from_range(drivers())));
    with.add_conversation("cnv_1", at(10));
    const std::string stream = conversation_stream("usr_1", "cnv_1");
    for (std::uint64_t turn = 1; turn < 4; ++turn) {
        REQUIRE(with.journal.append(stream, turn * 3, records(turn * 3 + 1, 3, at(10))));
        REQUIRE(with.conversations.insert_turn({.turn_id = "trn_" + std::to_string(turn),
                                                .user_id = "usr_1",
                                                .conversation_id = "cnv_1",
                                                .accepted_version = turn * 3 + 1,
                                                .ended_version = turn * 3 + 3}));
    }
    std::vector<std::size_t> removed;
    for (bool whole = false; !whole;) {
        const auto idle = with.retention.idle_conversations(at(20), many);
        REQUIRE(idle);
        REQUIRE(*idle == idle_page{.items = {{"usr_1", "cnv_1", !removed.empty()}}});
        const auto pruned = with.retention.prune_conversation("usr_1", "cnv_1", at(20), 5);
        REQUIRE(pruned);
        CHECK(pruned->gone);
        // At no moment is there anything that does not fit together.
        const auto findings = check_consistency(*with.opened);
        REQUIRE(findings);
        CHECK(findings->empty());
        // From the first piece on nobody finds it.
        CHECK((*with.conversations.find("usr_1", "cnv_1"))->deleted);
        removed.push_back(pruned->records);
        whole = pruned->whole;
    }
    CHECK(removed == std::vector<std::size_t>{5, 5, 2});
    CHECK(with.count("journal") == 0);
    CHECK(with.count("turns") == 0);
    CHECK(*with.retention.idle_conversations(at(20), many) == idle_page{});
}

TEST_CASE("a conversation that is taken up meanwhile stays") {
    world with(GENERATE(from_range(drivers())));
    with.add_conversation("cnv_1", at(10));
    REQUIRE(with.retention.idle_conversations(at(20), many)->items.size() == 1);
    REQUIRE(with.conversations.touch("usr_1", "cnv_1", at(30), 4));
    CHECK(*with.retention.prune_conversation("usr_1", "cnv_1", at(20), many) ==
          pruned_conversation{});
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

    const auto pruned = with.retention.prune(prunable::workflows, at(20), many);
    REQUIRE(pruned);
    CHECK(*pruned == pruned_batch{.removed = 2, .records = 4});
    CHECK(with.count("streams") == 3);
    CHECK(with.count("snapshots") == 3);
    CHECK(with.count("timers") == 3);
    CHECK(with.count("journal") == 6);
    CHECK(with.count("effects") == 1);
    CHECK(*with.journal.version("w/running") == 2);

    const auto first = with.retention.prune(prunable::workflows, at(30), 1);
    REQUIRE(first);
    CHECK(*first == pruned_batch{.removed = 1, .records = 2, .next = {{"", "w/late"}}});
    CHECK(*with.retention.prune(prunable::workflows, at(30), 1, first->next) ==
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

    const auto pruned = with.retention.prune(prunable::links, at(20), many);
    REQUIRE(pruned);
    CHECK(*pruned == pruned_batch{.removed = 3});
    CHECK(with.count("delegations") == 2);
    CHECK(with.count("bookings") == 1);
    CHECK(with.count("guest_sessions") == 0);
    CHECK(links.find("usr_ada", "dlg_booked")->has_value());
    CHECK(links.find("usr_ada", "dlg_new")->has_value());
    CHECK(with.retention.prune(prunable::links, at(300'000), many)->removed == 2);
}

TEST_CASE("notifications that were closed long ago go") {
    world with(GENERATE(from_range(drivers())));
    notification_repository notifications(*with.opened);
    for (const std::string id : {"ntf_1", "ntf_2", "ntf_3"}) {
        REQUIRE(notifications.create({.id = id, .user_id = "usr_1", .type = "t"}));
    }
    REQUIRE(notifications.resolve("usr_1", "ntf_1", "{}", at(10)));
    REQUIRE(notifications.resolve("usr_1", "ntf_2", "{}", at(20)));
    CHECK(*with.retention.prune(prunable::notifications, at(20), many) ==
          pruned_batch{.removed = 1});
    CHECK(with.count("notifications") == 2);
}

TEST_CASE("a notification stays as long as something is still to be done for it") {
    world with(GENERATE(from_range(drivers())));
    notification_repository notifications(*with.opened);
    for (const std::string id : {"ntf_1", "ntf_2"}) {
        REQUIRE(notifications.create({.id = id, .user_id = "usr_1", .type = "t"}));
        REQUIRE(notifications.resolve("usr_1", id, "{}", at(10)));
    }
    timer_repository timers(*with.opened);
    REQUIRE(timers.put({.id = "tmr_1", .kind = "follow", .subject = "ntf_1", .due_at = at(10)}));
    CHECK(*with.retention.prune(prunable::notifications, at(20), many) ==
          pruned_batch{.removed = 1});
    CHECK(notifications.find("usr_1", "ntf_1")->has_value());
    REQUIRE(timers.remove("tmr_1"));
    CHECK(*with.retention.prune(prunable::notifications, at(20), many) ==
          pruned_batch{.removed = 1});
    CHECK(with.count("notifications") == 0);
}

TEST_CASE("guests' sessions and authorizations go when they expire") {
    world with(GENERATE(from_range(drivers())));
    add_sample_data(*with.opened, "ada", 5);
    const auto before = [&](std::int64_t count) {
        return *with.retention.prune(prunable::sessions,
                                     timestamp(std::chrono::milliseconds(count)), many);
    };
    CHECK(before(2000) == pruned_batch{});
    CHECK(before(2001) == pruned_batch{.removed = 1});
    CHECK(with.count("authorizations") == 0);
    CHECK(before(9001) == pruned_batch{.removed = 1});
    CHECK(with.count("guest_sessions") == 0);
}

TEST_CASE("old idempotency keys go, oldest first, a batch at a time") {
    world with(GENERATE(from_range(drivers())));
    idempotency_repository claims(*with.opened);
    for (int i = 0; i < 5; ++i) {
        REQUIRE(claims.insert({.user_id = "usr_1",
                               .key = "key_" + std::to_string(i),
                               .fingerprint = "f",
                               .conversation_id = "cnv_1",
                               .turn_id = "trn_1",
                               .at = at(10 - i)}));
    }
    const auto first = with.retention.prune(prunable::claims, at(10), 3);
    REQUIRE(first);
    CHECK(*first == pruned_batch{.removed = 3, .next = retention_position{}});
    CHECK_FALSE(claims.find("usr_1", "key_4")->has_value());
    CHECK(claims.find("usr_1", "key_1")->has_value());
    CHECK(*with.retention.prune(prunable::claims, at(10), 3, first->next) ==
          pruned_batch{.removed = 1});
    CHECK(with.count("idempotency") == 1);
}

TEST_CASE("tokens go that expired long ago, and results of tools whose turn is over") {
    world with(GENERATE(from_range(drivers())));
    account_repository accounts(*with.opened);
    REQUIRE(accounts.create({.id = "usr_1", .email = "a@example.com", .name = "", .timezone = ""},
                            "x"));
    const auto add_token = [&](const std::string& id, std::optional<timestamp> expires) {
        REQUIRE(accounts.create_token({.id = id,
                                       .user_id = "usr_1",
                                       .kind = token_kind::session,
                                       .label = "",
                                       .created_at = at(0),
                                       .expires_at = expires,
                                       .last_used_at = {}},
                                      "hash of " + id));
    };
    add_token("ses_old", at(10));
    add_token("ses_new", at(20));
    add_token("tok_ever", std::nullopt);
    CHECK(*with.retention.prune(prunable::tokens, at(20), many) == pruned_batch{.removed = 1});
    CHECK(with.count("tokens") == 2);

    with.add_conversation("cnv_ended", at(10));
    with.add_conversation("cnv_runs", at(10), false);
    tool_effect_repository results(*with.opened);
    REQUIRE(results.insert("trn_cnv_ended", "call_1", "{}", at(10)));
    REQUIRE(results.insert("trn_cnv_ended", "call_2", "{}", at(20)));
    REQUIRE(results.insert("trn_cnv_runs", "call_1", "{}", at(10)));
    REQUIRE(results.insert("trn_of_nobody", "call_1", "{}", at(10)));
    const auto first = with.retention.prune(prunable::tool_results, at(20), 2);
    REQUIRE(first);
    CHECK(*first == pruned_batch{.removed = 1, .next = {{"trn_cnv_ended", "call_2"}}});
    const auto rest = with.retention.prune(prunable::tool_results, at(20), many, first->next);
    REQUIRE(rest);
    CHECK(*rest == pruned_batch{.removed = 1});
    CHECK(results.find("trn_cnv_runs", "call_1")->has_value());
    CHECK(results.find("trn_cnv_ended", "call_2")->has_value());
}

TEST_CASE("effects go that are settled, once what they are of does not go on") {
    world with(GENERATE(from_range(drivers())));
    with.add_workflow("w/1", "running", at(10));
    with.add_conversation("cnv_runs", at(10), false);
    with.add_conversation("cnv_ended", at(10));
    effect_repository effects(*with.opened);
    for (const std::string subject : {"w/1", "trn_cnv_runs", "trn_cnv_ended", "trn_gone"}) {
        with.add_effect("eff_" + subject, subject);
        REQUIRE(effects.complete("eff_" + subject, "{}", at(10)));
    }
    with.add_effect("eff_unsettled", "trn_gone");
    CHECK(*with.retention.prune(prunable::effects, at(10), many) == pruned_batch{});
    CHECK(*with.retention.prune(prunable::effects, at(20), many) == pruned_batch{.removed = 2});
    for (const std::string id : {"eff_w/1", "eff_trn_cnv_runs", "eff_unsettled"}) {
        INFO(id);
        CHECK(effects.find(id)->has_value());
    }
}

TEST_CASE("bookings go that have ended, of links that go on too") {
    world with(GENERATE(from_range(drivers())));
    add_sample_data(*with.opened, "ada", 5);
    // That of the sample data is of 1970.
    CHECK(*with.retention.prune(prunable::bookings, timestamp{}, many) == pruned_batch{});
    CHECK(*with.retention.prune(prunable::bookings, at(0), many) == pruned_batch{.removed = 1});
    CHECK(with.count("bookings") == 0);
    CHECK(with.count("delegations") == 1);
}

TEST_CASE("negotiations go once they have ended and their meeting is over") {
    world with(GENERATE(from_range(drivers())));
    const auto add = [&](const std::string& id, const std::string& state, std::int64_t touched,
                         std::optional<timestamp> agreed) {
        const auto until = at(touched).time_since_epoch().count();
        const value start = agreed ? value(agreed->time_since_epoch().count()) : value{};
        REQUIRE(with.opened->execute(
            "INSERT INTO negotiations (id, initiator_id, counterpart_id, state, title, "
            "duration_mins, window_start, window_end, timezone, agreed_start, expires_at, "
            "created_at, updated_at) VALUES ($1, 'usr_1', 'usr_2', $2, '', 30, 1, 2, 'UTC', $3, "
            "$4, $4, $4)",
            {id, state, start, value(until)}));
        REQUIRE(
            with.opened->execute("INSERT INTO proposals (negotiation_id, round, proposed_by, "
                                 "slots, note, state, created_at) VALUES ($1, 1, 'usr_1', "
                                 "'[]', '', 'open', 1)",
                                 {id}));
    };
    add("ngt_declined", "declined", 10, std::nullopt);
    add("ngt_confirmed", "confirmed", 10, at(10));
    add("ngt_ahead", "confirmed", 10, at(30));
    add("ngt_open", "proposing", 10, std::nullopt);
    add("ngt_late", "expired", 20, std::nullopt);
    CHECK(*with.retention.prune(prunable::negotiations, at(20), many) ==
          pruned_batch{.removed = 2});
    CHECK(with.count("negotiations") == 3);
    CHECK(with.count("proposals") == 3);
}
