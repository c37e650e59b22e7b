#include "actors/notifications/notifications.hpp"

#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;
using namespace std::chrono_literals;

namespace {

using told = result<notification>;

notification note_to(const user& whom) {
    notification out;
    out.user_id = whom.id;
    out.type = "note";
    out.title = "Anna proposes Monday";
    out.payload = R"({"day":"Monday"})";
    out.actions = R"(["accept","decline"])";
    return out;
}

struct notifications_world : actor_world {
    notification notify(notification what) {
        auto made = ask<told>(notifications.load(), notify_user{std::move(what)});
        REQUIRE(made);
        return std::move(*made);
    }
    told resolve(const user& who, const std::string& id, const std::string& action,
                 bool by_user = true) {
        resolve_notification wanted;
        wanted.user_id = who.id;
        wanted.id = id;
        wanted.action = action;
        wanted.by_user = by_user;
        return ask<told>(notifications.load(), std::move(wanted));
    }
    std::vector<notification> list(const user& who, std::optional<notification_state> state = {}) {
        auto page = ask<result<notification_page>>(notifications.load(),
                                                   list_notifications{who.id, state, 20, {}});
        REQUIRE(page);
        return std::move(page->items);
    }
    connected_client listening(const user& who) {
        auto client = connect();
        caf::anon_send(client.session, session_command{session_listen{who.id}});
        settle();
        return client;
    }
};

}  // namespace

TEST_CASE_METHOD(notifications_world, "who has nothing open is not looked for in the database") {
    CHECK(list(anna, notification_state::open).empty());
    const auto made = notify(note_to(anna));
    CHECK(list(anna, notification_state::open).size() == 1);
    REQUIRE(resolve(anna, made.id, "accept"));
    CHECK(list(anna, notification_state::open).empty());
    caf::anon_send_exit(reader, caf::exit_reason::kill);
    settle();
    CHECK(list(anna, notification_state::open).empty());
    // Anything else is.
    const auto page = ask<result<notification_page>>(notifications.load(),
                                                     list_notifications{anna.id, {}, 20, {}});
    CHECK_FALSE(page);
}

TEST_CASE_METHOD(notifications_world,
                 "a notification is listed and told to every session of its user") {
    auto first = listening(anna);
    auto second = listening(anna);
    auto other = listening(bert);
    const auto made = notify(note_to(anna));
    CHECK(is_id(made.id, "ntf_"));
    for (const auto* client : {&first, &second}) {
        REQUIRE(client->news->notified_of.size() == 1);
        const auto& frame = client->news->notified_of[0];
        CHECK(frame["type"] == "notification");
        CHECK(frame["notification"] == to_json(made));
        CHECK(frame["notification"]["payload"]["day"] == "Monday");
    }
    CHECK(other.news->notified_of.empty());
    CHECK(list(anna).size() == 1);
    CHECK(list(bert).empty());
    leave(first);
    leave(second);
    leave(other);
}

TEST_CASE_METHOD(notifications_world, "one of an id that is known is told once") {
    auto client = listening(anna);
    auto what = note_to(anna);
    what.id = "ntf_00000000-0000-7000-8000-000000000001";
    notify(what);
    what.title = "Another";
    CHECK(notify(what).title == "Anna proposes Monday");
    CHECK(client.news->notified_of.size() == 1);
    leave(client);
}

TEST_CASE_METHOD(notifications_world, "it is resolved once, by its user, with one of its actions") {
    auto client = listening(anna);
    const auto id = notify(note_to(anna)).id;
    CHECK(resolve(bert, id, "accept").error().code == error_code::not_found);
    CHECK(resolve(anna, "nonsense", "accept").error().code == error_code::not_found);
    const auto wrong = resolve(anna, id, "approve");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == error_code::invalid_request);
    CHECK(wrong.error().pointer == "/action");
    const auto done = resolve(anna, id, "accept");
    REQUIRE(done);
    CHECK(done->state == notification_state::resolved);
    REQUIRE(client.news->notified_of.size() == 2);
    CHECK(client.news->notified_of[1]["notification"]["status"] == "resolved");
    CHECK(resolve(anna, id, "accept").error().code == error_code::conflict);
    CHECK(resolve(anna, id, "decline").error().code == error_code::conflict);
    CHECK(client.news->notified_of.size() == 2);
    CHECK(list(anna, notification_state::open).empty());
    leave(client);
}

TEST_CASE_METHOD(notifications_world, "a model alone approves nothing, but may resolve the rest") {
    auto approval = note_to(anna);
    approval.type = tool_approval;
    approval.actions = R"(["approve","refuse"])";
    const auto id = notify(approval).id;
    CHECK(resolve(anna, id, "approve", false).error().code == error_code::forbidden);
    CHECK(resolve(anna, id, "refuse", false).error().code == error_code::forbidden);
    CHECK(list(anna, notification_state::open).size() == 1);
    CHECK(resolve(anna, notify(note_to(anna)).id, "accept", false));
}

TEST_CASE_METHOD(notifications_world, "it expires at its time, and says so") {
    auto client = listening(anna);
    auto what = note_to(anna);
    what.expires_at = clock->time + 90s;
    const auto id = notify(what).id;
    auto pass = [&](std::chrono::milliseconds time) {
        clock->time += time;
        advance(time);
    };
    pass(60s);
    CHECK(client.news->notified_of.size() == 1);
    CHECK(list(anna, notification_state::open).size() == 1);
    SECTION("nobody has looked yet: it is over all the same") {
        clock->time += 31s;
        CHECK(list(anna, notification_state::open).empty());
        CHECK(list(anna).at(0).state == notification_state::expired);
        CHECK(resolve(anna, id, "accept").error().code == error_code::gone);
    }
    SECTION("a look tells") {
        for (int i = 0; i < 40; ++i) pass(1s);
        REQUIRE(client.news->notified_of.size() == 2);
        CHECK(client.news->notified_of[1]["notification"]["status"] == "expired");
        CHECK(resolve(anna, id, "accept").error().code == error_code::gone);
    }
    leave(client);
}

TEST_CASE_METHOD(notifications_world, "who has gone is not told") {
    auto client = listening(anna);
    leave(client);
    notify(note_to(anna));
    CHECK(client.news->notified_of.empty());
}

TEST_CASE_METHOD(notifications_world,
                 "sessions are told again when the notifications are started again") {
    auto client = listening(anna);
    caf::anon_send_exit(notifications.load(), caf::exit_reason::kill);
    settle();
    advance(1s);
    notifications.put(
        actors::spawn_notifications(system, {store, reader, conversations_slot, clock, entropy}));
    advance(1s);
    notify(note_to(anna));
    CHECK(client.news->notified_of.size() == 1);
    leave(client);
}

TEST_CASE_METHOD(notifications_world, "a session resolves for its client") {
    auto client = listening(anna);
    const auto id = notify(note_to(anna)).id;
    auto send_decision = [&](const std::string& action) {
        resolve_notification decision;
        decision.user_id = anna.id;
        decision.id = id;
        decision.action = action;
        caf::anon_send(client.session, session_command{session_resolve{"7", decision}});
        settle();
    };
    send_decision("nothing");
    REQUIRE(client.news->failures.size() == 1);
    CHECK(client.news->failures[0].code == error_code::invalid_request);
    send_decision("accept");
    CHECK(client.news->finished == std::vector<std::string>{"7"});
    send_decision("accept");
    CHECK(client.news->failures.at(1).code == error_code::conflict);
    leave(client);
}
