#include "tests/actors/delegation/link_world.hpp"

#include <algorithm>
#include <set>

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;
using namespace std::chrono_literals;
using persistence::test::drivers;

namespace {

error_code code_of(const auto& outcome) {
    REQUIRE_FALSE(outcome);
    return outcome.error().code;
}

result<admitted_guest> admit(link_world& world, const admit_guest& wanted) {
    return world.ask<result<admitted_guest>>(world.delegations, wanted);
}

result<admitted_guest> admit(link_world& world, const created_link& link) {
    admit_guest wanted;
    wanted.secret = link.token;
    return admit(world, wanted);
}

const notification* find(const std::vector<notification>& all, std::string_view type) {
    const auto found = std::ranges::find(all, type, &notification::type);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("a slot of a link is booked once, told to both, and in the calendar") {
    link_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link();
    const auto made = world.taken(world.book(world.slot(link, "2026-11-30T10:00:00Z")));
    CHECK(made.at.state == booking_state::booked);
    CHECK(made.ics.find("METHOD:REQUEST\r\n") != std::string::npos);
    CHECK(made.ics.find("UID:" + made.at.id + "@perin\r\n") != std::string::npos);
    CHECK(world.listed("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z") ==
          std::vector<std::string>{"Intro call: Anna and Gustav 2026-11-30T10:00:00Z"});
    const auto at = world.stands(link);
    REQUIRE(at.bookings.size() == 1);
    CHECK(at.bookings[0] == made.at);
    CHECK(at.link.uses == 1);
    world.settle();
    REQUIRE(world.office->taken.size() == 2);
    CHECK(world.office->taken[0].to == "gustav@example.org");
    CHECK(world.office->taken[1].to == "anna@example.org");
    CHECK(world.office->taken[0].ics == world.office->taken[1].ics);
    CHECK(world.office->taken[0].message_id != world.office->taken[1].message_id);
    const auto told = world.told();
    REQUIRE(told.size() == 1);
    CHECK(told[0].type == "booking_made");
    // One booking was all that the link was for.
    CHECK(code_of(world.book(world.slot(link, "2026-11-30T13:00:00Z"))) == error_code::gone);
    CHECK(admit(world, link)->status == link_status::spent);
}

TEST_CASE("what was asked for with a key is the same booking the second time") {
    link_world world;
    world.open();
    const auto link = world.link();
    auto wanted = world.slot(link, "2026-11-30T10:00:00Z");
    wanted.idempotency_key = "once";
    const auto first = world.taken(world.book(wanted));
    CHECK(world.taken(world.book(wanted)).at.id == first.at.id);
    wanted.starts_at += 1h;
    CHECK(code_of(world.book(wanted)) == error_code::conflict);
    CHECK(world.stands(link).bookings.size() == 1);
}

TEST_CASE("a time that the link does not offer is refused, one that is taken has others") {
    link_world world;
    world.open();
    const auto link = world.link({{"maxBookings", 5}, {"minimumNoticeMins", 240}});
    world.booked(world.event("Lunch", "2026-12-01T11:00:00Z", "2026-12-01T12:00:00Z"));
    struct row {
        const char* start;
        const char* pointer;
    };
    for (const auto& [start, pointer] :
         {row{"2026-11-30T10:00:00Z", "/start"}, row{"2026-12-05T10:00:00Z", "/start"},
          row{"2026-12-01T10:10:00Z", "/start"}, row{"2026-12-01T03:00:00Z", "/start"},
          row{"2027-03-01T10:00:00Z", "/start"}}) {
        CAPTURE(start);
        const auto refused = world.book(world.slot(link, start));
        CHECK(code_of(refused) == error_code::invalid_request);
        CHECK(refused.error().pointer == pointer);
    }
    auto long_one = world.slot(link, "2026-12-01T10:00:00Z");
    long_one.duration = 45min;
    CHECK(world.book(long_one).error().pointer == "/durationMins");
    const auto taken = world.book(world.slot(link, "2026-12-01T11:30:00Z"));
    REQUIRE(taken);
    REQUIRE(std::holds_alternative<slot_refused>(*taken));
    CHECK(std::get<slot_refused>(*taken).alternatives.size() == 5);
    CHECK(world.stands(link).bookings.empty());
}

TEST_CASE("slots are those of the rules that the calendar leaves") {
    link_world world;
    world.open();
    const auto link =
        world.link({{"windowStart", "2026-12-01"},
                    {"windowEnd", "2026-12-01"},
                    {"workingHours", nlohmann::json::parse(R"({"tue": [["09:00", "12:00"]]})")},
                    {"bufferBeforeMins", 15},
                    {"maxBookings", 3}});
    world.booked(world.event("Call", "2026-12-01T09:00:00Z", "2026-12-01T09:30:00Z"));
    offer_slots wanted{link.link.id,
                       world.anna.id,
                       world.at("2026-11-30T00:00:00Z"),
                       world.at("2026-12-31T00:00:00Z"),
                       30min,
                       500};
    const auto found =
        world.ask<result<std::vector<scheduling::interval>>>(world.delegations, wanted);
    REQUIRE(found);
    std::vector<std::string> starts;
    for (const auto& each : *found) starts.push_back(to_rfc3339(each.start).substr(11, 5));
    // Vienna's clock is an hour ahead.
    CHECK(starts == std::vector<std::string>{"08:00", "08:30", "10:00", "10:30"});
    wanted.duration = 31min;
    CHECK(world.ask<result<std::vector<scheduling::interval>>>(world.delegations, wanted)
              .error()
              .parameter == "durationMins");
}

TEST_CASE("a guest is let in by the secret, for as long as there is something to do") {
    link_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"expiresAt", "2026-12-01T00:00:00Z"}, {"maxBookings", 2}});
    CHECK(code_of(admit(world, {.secret = link.token + "x"})) == error_code::unauthenticated);
    CHECK(code_of(admit(world, {.secret = link.link.id})) == error_code::unauthenticated);
    const auto guest = admit(world, {.secret = link.token, .begins_session = true});
    REQUIRE(guest);
    CHECK(guest->at.owner.name == "Anna");
    CHECK(guest->at.link == link.link);
    // The window outlives the link: what is booked in it can still be changed.
    CHECK(guest->session_expires_at > link.link.expires_at);
    const admit_guest by_cookie{.secret = guest->session_secret, .by_session = true};
    CHECK(admit(world, by_cookie)->session_id == guest->session_id);
    CHECK(code_of(admit(world, {.secret = link.token, .by_session = true})) ==
          error_code::unauthenticated);
    // A browser that has been here before keeps its session.
    const auto again = admit(
        world,
        {.secret = link.token, .begins_session = true, .known_session = guest->session_secret});
    CHECK(again->session_id == guest->session_id);
    CHECK(again->session_secret.empty());
    const auto other = world.link();
    CHECK(admit(world, {.secret = other.token,
                        .begins_session = true,
                        .known_session = guest->session_secret})
              ->session_id != guest->session_id);

    const auto made = world.taken(world.book(world.slot(link, "2026-12-02T10:00:00Z")));
    world.clock->time = world.at("2026-12-01T12:00:00Z");
    CHECK(admit(world, by_cookie)->status == link_status::expired);
    CHECK(code_of(world.book(world.slot(link, "2026-12-02T13:00:00Z"))) == error_code::gone);
    world.clock->time = world.at("2026-12-02T12:00:00Z");
    CHECK(code_of(admit(world, by_cookie)) == error_code::gone);
    CHECK(code_of(admit(world, link)) == error_code::gone);
    (void)made;
}

TEST_CASE("a revoked link is closed for all, and its meetings stay") {
    link_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"maxBookings", 2}});
    world.taken(world.book(world.slot(link, "2026-11-30T10:00:00Z")));
    const revoke_link no_owner{"usr_other", link.link.id};
    CHECK(code_of(world.ask<result<void>>(world.delegations, no_owner)) == error_code::not_found);
    for (int i = 0; i < 2; ++i)
        CHECK(world.ask<result<void>>(world.delegations, revoke_link{world.anna.id, link.link.id}));
    CHECK(code_of(admit(world, link)) == error_code::gone);
    CHECK(code_of(world.book(world.slot(link, "2026-11-30T13:00:00Z"))) == error_code::gone);
    CHECK(world.listed("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z").size() == 1);
}

TEST_CASE("a booking that awaits its owner is taken, until it is approved or refused") {
    link_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"approval", true}, {"maxBookings", 2}});
    const auto made = world.taken(world.book(world.slot(link, "2026-11-30T10:00:00Z")));
    CHECK(made.at.state == booking_state::awaiting_approval);
    CHECK(made.ics.empty());
    CHECK(world.listed("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z").empty());
    const auto other = world.book(world.slot(link, "2026-11-30T10:00:00Z", "Berta"));
    CHECK(std::holds_alternative<slot_refused>(*other));
    const auto told = world.told();
    const auto* asked = find(told, booking_approval);
    REQUIRE(asked);
    CHECK(actions_of(*asked) == std::vector<std::string>{"approve", "refuse"});
    CHECK(world.office->taken.empty());

    SECTION("approved, whatever crashes") {
        if (GENERATE(false, true)) world.crash();
        REQUIRE(world.decide(*asked, "approve"));
        CHECK(world.stands(link).bookings.front().state == booking_state::booked);
        CHECK(world.listed("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z").size() == 1);
        CHECK(world.office->taken.size() == 2);
        CHECK(code_of(world.decide(*asked, "refuse")) == error_code::conflict);
    }
    SECTION("refused") {
        REQUIRE(world.decide(*asked, "refuse"));
        CHECK(world.stands(link).bookings.front().state == booking_state::declined);
        CHECK(world.stands(link).link.uses == 0);
        REQUIRE(world.office->taken.size() == 1);
        CHECK(world.office->taken[0].to == "gustav@example.org");
        CHECK(world.office->taken[0].ics.empty());
        world.taken(world.book(world.slot(link, "2026-11-30T10:00:00Z", "Berta")));
    }
    SECTION("no model may decide it") {
        resolve_notification wanted{world.anna.id, asked->id, "approve", nullptr, false};
        CHECK(code_of(world.ask<result<notification>>(world.notifications.load(), wanted)) ==
              error_code::forbidden);
    }
    SECTION("nobody says anything until it would begin") {
        world.clock->time = world.at("2026-11-30T10:00:01Z");
        world.advance(120s);
        CHECK(world.stands(link).bookings.front().state == booking_state::expired);
        CHECK(world.office->taken.size() == 1);
    }
    SECTION("the guest cancels: a later approval is of nothing") {
        const cancel_slot gone{link.link.id, world.anna.id, made.at.id};
        REQUIRE(world.ask<result<booking>>(world.delegations, gone));
        REQUIRE(world.decide(*asked, "approve"));
        CHECK(world.stands(link).bookings.front().state == booking_state::cancelled);
        CHECK(world.listed("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z").empty());
    }
    SECTION("the guest moves it: it is asked for again, and the first question is of nothing") {
        const move_slot moved{link.link.id, world.anna.id, made.at.id,
                              world.at("2026-11-30T13:00:00Z")};
        const auto now = world.taken(world.ask<result<slot_outcome>>(world.delegations, moved));
        CHECK(now.at.state == booking_state::awaiting_approval);
        REQUIRE(world.decide(*asked, "approve"));
        CHECK(world.stands(link).bookings.front().state == booking_state::awaiting_approval);
        const auto all = world.told();
        const auto second = std::ranges::find_if(all, [&](const auto& each) {
            return each.type == booking_approval && each.id != asked->id;
        });
        REQUIRE(second != all.end());
        REQUIRE(world.decide(*second, "approve"));
        CHECK(world.listed("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z") ==
              std::vector<std::string>{"Intro call: Anna and Gustav 2026-11-30T13:00:00Z"});
    }
}

TEST_CASE("a booking is moved and cancelled by its link, also where that is spent") {
    link_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"bufferAfterMins", 15}});
    const auto made = world.taken(world.book(world.slot(link, "2026-11-30T10:00:00Z")));
    const auto move = [&](const std::string& to) {
        return world.ask<result<slot_outcome>>(
            world.delegations, move_slot{link.link.id, world.anna.id, made.at.id, world.at(to)});
    };
    // Its own time is free for it.
    auto moved = world.taken(move("2026-11-30T10:30:00Z"));
    CHECK(moved.at.time.starts_at == world.at("2026-11-30T10:30:00Z"));
    CHECK(moved.at.version > made.at.version);
    CHECK(world.taken(move("2026-11-30T10:30:00Z")).at == moved.at);
    CHECK(code_of(move("2026-11-30T10:40:00Z")) == error_code::invalid_request);
    world.booked(world.event("Lunch", "2026-11-30T13:00:00Z", "2026-11-30T14:00:00Z"));
    CHECK(std::holds_alternative<slot_refused>(*move("2026-11-30T12:30:00Z")));
    world.settle();
    REQUIRE(world.office->taken.size() == 4);
    CHECK(world.office->taken[2].subject.starts_with("Moved: "));
    CHECK(world.office->taken[2].ics.find("SEQUENCE:" + std::to_string(moved.at.version) +
                                          "\r\n") != std::string::npos);

    const cancel_slot gone{link.link.id, world.anna.id, made.at.id};
    const auto ended = world.ask<result<booking>>(world.delegations, gone);
    REQUIRE(ended);
    CHECK(ended->state == booking_state::cancelled);
    CHECK(code_of(world.ask<result<booking>>(world.delegations, gone)) == error_code::not_found);
    CHECK(code_of(move("2026-11-30T14:30:00Z")) == error_code::not_found);
    world.settle();
    REQUIRE(world.office->taken.size() == 6);
    CHECK(world.office->taken[5].ics.find("METHOD:CANCEL\r\n") != std::string::npos);
    CHECK(world.office->taken[5].ics.find("STATUS:CANCELLED\r\n") != std::string::npos);
    CHECK(world.listed("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z").size() == 1);
    // The use is given back.
    CHECK(world.stands(link).link.uses == 0);
    world.taken(world.book(world.slot(link, "2026-11-30T10:00:00Z")));
}

TEST_CASE("a booking that is over, or another link's, cannot be changed") {
    link_world world;
    world.open();
    const auto link = world.link({{"expiresAt", "2027-01-01T00:00:00Z"}});
    const auto other = world.link();
    const auto made = world.taken(world.book(world.slot(link, "2026-11-30T10:00:00Z")));
    const cancel_slot foreign{other.link.id, world.anna.id, made.at.id};
    CHECK(code_of(world.ask<result<booking>>(world.delegations, foreign)) == error_code::not_found);
    world.clock->time = world.at("2026-11-30T11:00:00Z");
    const cancel_slot late{link.link.id, world.anna.id, made.at.id};
    CHECK(code_of(world.ask<result<booking>>(world.delegations, late)) == error_code::gone);
    const move_slot moved{link.link.id, world.anna.id, made.at.id,
                          world.at("2026-12-01T13:00:00Z")};
    CHECK(code_of(world.ask<result<slot_outcome>>(world.delegations, moved)) == error_code::gone);
}

TEST_CASE("of a hundred guests who want one time one gets it") {
    link_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"maxBookings", 100}});
    caf::scoped_actor self(world.system, true);
    std::size_t won = 0;
    std::size_t lost = 0;
    std::vector<std::function<void()>> answers;
    for (int i = 0; i < 100; ++i) {
        auto handle = std::make_shared<decltype(self->request(
            world.delegations, std::chrono::seconds{60}, std::declval<book_slot>()))>(
            self->request(world.delegations, std::chrono::seconds{60},
                          world.slot(link, "2026-11-30T10:00:00Z", "g" + std::to_string(i))));
        answers.push_back([&, handle] {
            handle->receive(
                [&](const result<slot_outcome>& outcome) {
                    REQUIRE(outcome);
                    if (std::holds_alternative<slot_taken>(*outcome))
                        ++won;
                    else
                        ++lost;
                },
                [](const caf::error&) { FAIL("no answer"); });
        });
    }
    world.settle();
    for (const auto& each : answers) each();
    CHECK(won == 1);
    CHECK(lost == 99);
    CHECK(world.stands(link).bookings.size() == 1);
}

TEST_CASE("a mail server that is away delays a mail, and never a booking") {
    link_world world;
    world.open();
    const auto link = world.link();
    world.office->out_of_order = 3;
    const auto made = world.taken(world.book(world.slot(link, "2026-11-30T10:00:00Z")));
    CHECK(made.at.state == booking_state::booked);
    CHECK(world.office->taken.empty());
    for (int i = 0; i < 6; ++i) {
        world.clock->time += 2min;
        world.advance(120s);
    }
    REQUIRE(world.office->taken.size() == 2);
    std::set<std::string> ids;
    for (const auto& each : world.office->taken) ids.insert(each.message_id);
    CHECK(ids.size() == 2);
}

TEST_CASE("a browser's session has a conversation of its own, and the tokens spent are counted") {
    link_world world;
    world.open(GENERATE(from_range(drivers())));
    const auto link = world.link({{"maxTokens", 1'000}});
    const auto guest = admit(world, {.secret = link.token, .begins_session = true});
    REQUIRE(guest->conversation_id);
    CHECK(admit(world, {.secret = guest->session_secret, .by_session = true})->conversation_id ==
          guest->conversation_id);
    const auto other = admit(world, {.secret = link.token, .begins_session = true});
    CHECK(other->conversation_id != guest->conversation_id);
    caf::anon_send(world.delegations, spend_guest_tokens{link.link.id, 600});
    caf::anon_send(world.delegations, spend_guest_tokens{link.link.id, 600});
    world.settle();
    CHECK(world.stands(link).link.tokens == 1'200);
    CHECK(no_turn_left(world.stands(link).link, world.clock->now())->code == error_code::gone);
}

TEST_CASE("a stranger's words begin no line of their own in mails and invitations") {
    link_world world;
    world.open();
    const auto link = world.link({{"title", "Call\r\nBcc: x@example.org"}});
    auto wanted = world.slot(link, "2026-11-30T10:00:00Z");
    wanted.who.name = "Eve\r\nATTENDEE:mailto:x@example.org";
    const auto refused = world.book(wanted);
    CHECK(code_of(refused) == error_code::invalid_request);
    CHECK(refused.error().pointer == "/name");
    CHECK(world.stands(link).bookings.empty());
    wanted.who.name = "Eve;X=\"y\":ATTENDEE:mailto:x@example.org,<b>";
    wanted.note = "one\r\nBEGIN:VEVENT\nDTSTART:19700101T000000Z";
    world.taken(world.book(wanted));
    world.settle();
    REQUIRE(world.office->taken.size() == 2);
    for (const auto& each : world.office->taken) {
        CHECK(each.subject.find_first_of("\r\n") == std::string::npos);
        CHECK(each.ics.find("\r\nATTENDEE:mailto:x@") == std::string::npos);
        const auto count = [&](const std::string& what) {
            std::size_t n = 0;
            for (auto at = each.ics.find(what); at != std::string::npos;
                 at = each.ics.find(what, at + 1))
                ++n;
            return n;
        };
        CHECK(count("\r\nBEGIN:VEVENT\r\n") == 1);
        CHECK(count("\r\nATTENDEE") == 1);
    }
}
