#include "actors/store/housekeeping.hpp"

#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::actors;
using namespace perin::runtime;
using namespace perin::test;
using namespace std::chrono_literals;

namespace {

constexpr auto day = std::chrono::hours{24};

keeping_terms nothing_goes() {
    keeping_terms terms;
    terms.tokens = terms.tool_results = terms.claims = terms.sessions = std::nullopt;
    return terms;
}

/// Conversations, and an actor that removes them.
struct kept_world : actor_world {
    housekeeping_settings wanted;
    housekeeping_actor keeper;

    kept_world() {
        wanted.keep = nothing_goes();
        wanted.keep.conversations = day;
    }
    ~kept_world() {
        caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
        keeper = nullptr;
        settle();
    }

    void keep() {
        keeper = spawn_housekeeping(system, {store, reader, conversations, clock, wanted});
        settle();
    }

    /// One turn, after which nobody holds the conversation.
    void talk(const std::string& id, int turns = 1) {
        for (int i = 0; i < turns; ++i) {
            auto client = connect();
            send(client, message("hello", id));
            model->calls.back()->end("good morning");
            settle();
            leave(client);
        }
    }

    std::vector<std::string> left() {
        auto page = ask<result<conversation_page>>(reader, list_conversations{anna.id, 100, {}});
        REQUIRE(page);
        std::vector<std::string> ids;
        for (const auto& one : page->items) ids.push_back(one.id);
        return ids;
    }

    std::int64_t count(const std::string& table) {
        auto found =
            open(persistence::sqlite_mode::read_only)->execute("SELECT COUNT(*) FROM " + table);
        REQUIRE(found);
        return found->front().integer(0);
    }
};

using ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a round goes through what is not kept for ever, and each table to its end") {
    keeping_terms terms = nothing_goes();
    keeping_round round;
    const timestamp now{1'000'000ms};
    round.begin(terms, now);
    CHECK(round.over());

    terms.bookings = 100ms;
    terms.notifications = 1ms;
    round.begin(terms, now);
    const retention_position somewhere{"", "bkg_5"};
    CHECK(round.next(7).what == prunable::bookings);
    CHECK(round.next(7).before == now - 100ms);
    CHECK(round.next(7).limit == 7);
    CHECK_FALSE(round.next(7).after);
    round.go_on(somewhere);
    CHECK(round.next(7).what == prunable::bookings);
    CHECK(round.next(7).after == somewhere);
    round.count(prunable::bookings, 2, 0);
    round.count(prunable::bookings, 3, 0);
    round.go_on({});
    // A link can go once its bookings have.
    std::vector<prunable> order;
    for (; !round.over(); round.go_on({})) {
        CHECK_FALSE(round.next(7).after);
        order.push_back(round.next(7).what);
    }
    CHECK(order == std::vector{prunable::links, prunable::negotiations, prunable::notifications});
    CHECK(round.went(prunable::bookings) == keeping_round::tally{5, 0});
    round.begin(terms, now);
    CHECK(round.went(prunable::bookings) == keeping_round::tally{});
}

TEST_CASE_METHOD(kept_world, "a conversation goes that nobody touched for long, and no other") {
    talk("cnv_aaaaaaaa");
    clock->time += day * 2;
    talk("cnv_bbbbbbbb");
    advance(11min);
    keep();
    advance(59s);
    CHECK(left() == ids{"cnv_bbbbbbbb", "cnv_aaaaaaaa"});
    advance(2s);
    CHECK(left() == ids{"cnv_bbbbbbbb"});
    CHECK(count("turns") == 1);
    // Whoever asks for it finds what they would after a deletion, and its id stays taken.
    auto client = connect();
    send(client, message("again", "cnv_aaaaaaaa"));
    REQUIRE(client.news->failures.size() == 1);
    CHECK(client.news->failures[0].code == error_code::not_found);
    leave(client);
}

TEST_CASE_METHOD(kept_world, "conversations are kept for ever where nothing else is said") {
    wanted.keep.conversations = std::nullopt;
    talk("cnv_aaaaaaaa");
    clock->time += day * 10'000;
    advance(11min);
    keep();
    advance(3h);
    CHECK(left() == ids{"cnv_aaaaaaaa"});
}

TEST_CASE_METHOD(kept_world, "a conversation that is in memory or read stays until it is not") {
    talk("cnv_aaaaaaaa");
    clock->time += day * 2;
    auto reads = connect();
    SECTION("it has just been used") {}
    SECTION("it left memory, and has a reader") {
        subscribe(reads, "cnv_aaaaaaaa", 0);
        advance(11min);
    }
    keep();
    advance(62s);
    CHECK(left() == ids{"cnv_aaaaaaaa"});
    leave(reads);
    advance(11min);
    CHECK(ask<counted>(conversations, count_running{}).resident == 0);
    advance(1h);
    CHECK(left().empty());
    CHECK(count("journal") == 0);
}

TEST_CASE_METHOD(kept_world, "a turn that runs again after a crash is not taken from below it") {
    auto client = connect();
    send(client, message("hello", "cnv_aaaaaaaa"));
    leave(client);
    clock->time += day * 2;
    crash();
    keep();
    advance(62s);
    REQUIRE(model->calls.size() == 1);
    model->calls[0]->end("good morning");
    settle();
    CHECK(left() == ids{"cnv_aaaaaaaa"});
    CHECK(count("turns") == 1);
}

TEST_CASE_METHOD(kept_world, "a long conversation goes in small pieces with pauses between them") {
    talk("cnv_aaaaaaaa", 10);
    talk("cnv_bbbbbbbb");
    clock->time += day * 2;
    advance(11min);
    wanted.records = 4;
    wanted.first_after = 1s;
    keep();
    auto before = count("journal");
    REQUIRE(before > 20);
    advance(1s);
    std::size_t pieces = 0;
    for (int i = 0; i < 100 && before > 0; ++i) {
        advance(wanted.pause);
        auto now = count("journal");
        CHECK(before - now <= 4);
        if (now != before) ++pieces;
        // It is nobody's any more from the first piece on.
        if (pieces > 0) CHECK(left().size() <= 1);
        before = now;
    }
    CHECK(before == 0);
    CHECK(pieces > 5);
    CHECK(count("turns") == 0);
    CHECK(left().empty());
}

TEST_CASE_METHOD(kept_world, "what a crash left of a removed conversation goes in the next round") {
    talk("cnv_aaaaaaaa", 5);
    clock->time += day * 2;
    advance(11min);
    wanted.records = 4;
    wanted.first_after = 1s;
    keep();
    for (int i = 0; i < 100 && !left().empty(); ++i) advance(wanted.pause);
    REQUIRE(count("journal") > 0);
    caf::anon_send_exit(keeper, caf::exit_reason::kill);
    settle();
    crash();
    keep();
    advance(1min);
    CHECK(count("journal") == 0);
    CHECK(count("turns") == 0);
}

TEST_CASE_METHOD(kept_world, "rows of other tables go when their time is over") {
    auto db = open(persistence::sqlite_mode::read_write);
    auto insert = [&](const std::string& sql) { REQUIRE(db->execute(sql)); };
    for (int i = 0; i < 120; ++i)
        insert(
            "INSERT INTO idempotency (user_id, key, fingerprint, conversation_id, turn_id, at) "
            "VALUES ('u', '" +
            std::to_string(i) + "', 'f', 'c', 't', 0)");
    insert(
        "INSERT INTO notifications (id, user_id, type, subject, title, payload, actions, state, "
        "created_at, closed_at) VALUES ('ntf_1', 'u', 't', '', '', '{}', '[]', 'resolved', 1, "
        "1)");
    wanted.keep.claims = day;
    wanted.first_after = 1s;
    keep();
    advance(1s);
    CHECK(count("idempotency") == 70);
    advance(wanted.pause);
    CHECK(count("idempotency") == 20);
    advance(10s);
    CHECK(count("idempotency") == 0);
    CHECK(count("notifications") == 1);
}

TEST_CASE_METHOD(kept_world, "a round that cannot go on is left, and the next one comes") {
    talk("cnv_aaaaaaaa");
    clock->time += day * 2;
    advance(11min);
    actor_slot<store_actor> slot;
    caf::anon_send_exit(store, caf::exit_reason::kill);
    settle();
    slot.put(store);
    wanted.keep.claims = day;
    keeper = spawn_housekeeping(system, {slot, reader, conversations, clock, wanted});
    settle();
    advance(2min);
    CHECK(left() == ids{"cnv_aaaaaaaa"});
    crash();
    slot.put(store);
    actor_slot<conversations_actor> again = conversations;
    caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
    settle();
    keeper = spawn_housekeeping(system, {slot, reader, again, clock, wanted});
    settle();
    advance(2min);
    CHECK(left().empty());
}
