#include "tests/actors/turn/guest_chat_world.hpp"

using namespace perin;
using namespace perin::test;
using namespace perin::runtime;
using persistence::test::drivers;

namespace {

std::vector<std::string> names_of(const std::vector<tool_definition>& tools) {
    std::vector<std::string> out;
    for (const auto& one : tools) out.push_back(one.name);
    return out;
}

std::vector<std::string> kinds_of(const recorded_sink& news) {
    std::vector<std::string> out;
    for (const auto& one : news.seen) {
        const std::string kind(kind_of(one->value.body));
        if (kind.starts_with("multi_step") || kind.starts_with("step") ||
            kind.starts_with("turn") || kind.starts_with("tool"))
            out.push_back(kind);
    }
    return out;
}

const turn_failed& failure_in(const recorded_sink& news) {
    for (const auto& one : news.seen)
        if (const auto* failed = std::get_if<turn_failed>(&one->value.body)) return *failed;
    FAIL("no turn failed");
    throw std::logic_error("unreachable");
}

std::string everything_of(const model_request& request) {
    std::string out;
    for (const auto& one : request.messages) out += one.content + "\n";
    return out;
}

}  // namespace

TEST_CASE("a guest who asks for a meeting begins the multi-step flow, and books in chat") {
    guest_chat_world world;
    world.open_chat(GENERATE(from_range(drivers())));
    const auto link = world.link();
    const auto guest = world.talk(link, "Can we meet on Wednesday at 10?");
    REQUIRE(guest.news->accepted_turns.size() == 1);
    const auto started = guest.news->all<turn_started>();
    REQUIRE(started.size() == 1);
    CHECK(started.front().mode == std::nullopt);
    CHECK(world.call().request.tools.empty());
    CHECK_FALSE(world.call().request.stream);
    world.analysed(true, 0.85);

    const auto begun = guest.news->all<multi_step_initiated>();
    REQUIRE(begun.size() == 1);
    CHECK(begun.front().reasoning == "asks for a meeting");
    CHECK(begun.front().confidence == 0.85);
    CHECK(begun.front().steps.size() == 9);
    CHECK(names_of(world.call().request.tools) ==
          std::vector<std::string>{"delegation_check_availability", "delegation_schedule_meeting"});
    const auto waits = guest.news->all<step_result>();
    REQUIRE_FALSE(waits.empty());
    CHECK(waits.back().status == step_result_status::waiting);

    world.reply("", {world.scheduling("2026-12-02T09:00:00Z")});
    CHECK(world.booked() == 1);
    world.reply("");
    world.reply("You meet Anna on Wednesday at 10.");
    CHECK(guest.news->text() == "You meet Anna on Wednesday at 10.");
    const auto kinds = kinds_of(*guest.news);
    CHECK(kinds.front() == "turn.started");
    CHECK(kinds.back() == "turn.completed");
    CHECK(std::count(kinds.begin(), kinds.end(), "multi_step.complete") == 1);
    CHECK(std::count(kinds.begin(), kinds.end(), "step.start") == 9);
}

TEST_CASE("below the threshold nothing begins, and the guest is answered all the same") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto guest = world.talk(link, "Who is Anna?");
    world.analysed(true, 0.69);
    CHECK(guest.news->all<multi_step_initiated>().empty());
    world.reply("");
    world.reply("I arrange meetings with Anna.");
    CHECK(guest.news->all<turn_completed>().size() == 1);
    CHECK(world.booked() == 0);
}

TEST_CASE("an analysis that cannot be read, or is refused, is made by the rules") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto guest = world.talk(link, "I would like to book a meeting tomorrow at 10");
    SECTION("no JSON") { world.reply("I think it is one."); }
    SECTION("another form") { world.reply(R"({"multiStep":"yes","confidence":7})"); }
    SECTION("the service knows no structured output") {
        world.call().fail(error_category::rejected);
        world.settle();
    }
    CHECK(guest.news->all<multi_step_initiated>().size() == 1);
    CHECK_FALSE(world.call().request.response);
}

TEST_CASE("while a booking is under way no analysis is asked for") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto guest = world.talk(link, "Can we meet?");
    world.analysed(true);
    world.reply("");
    world.reply("When?");
    const auto conversation = guest.news->accepted_turns.front().conversation_id;
    world.send(guest, world.guests_message(link, "On Wednesday at 10", conversation));
    CHECK_FALSE(world.call().request.response);
    CHECK_FALSE(world.call().request.tools.empty());
    world.reply("", {world.scheduling("2026-12-02T09:00:00Z")});
    CHECK(world.booked() == 1);
    CHECK(guest.news->all<multi_step_initiated>().size() == 1);
}

TEST_CASE("a turn that dies once its time is booked books nothing more when it runs again") {
    guest_chat_world world;
    world.open_chat(GENERATE(from_range(drivers())));
    const auto link = world.link({{"maxBookings", 5}});
    const auto guest = world.talk(link, "Can we meet on Wednesday at 10?");
    world.analysed(true);
    world.reply("", {world.scheduling("2026-12-02T09:00:00Z")});
    REQUIRE(world.booked() == 1);
    world.crash_chat();
    // Once its call is on disk with its result the planner goes on, before that it is made again.
    CHECK_FALSE(world.model->calls.empty());
    CHECK(world.booked() == 1);
    CHECK(world.stands(link).bookings.size() == 1);
}

TEST_CASE("a guest's turn is told of the link, and of nothing else that is the owner's") {
    guest_chat_world world;
    world.open_chat();
    memory_write note;
    note.user_id = world.anna.id;
    note.entry.key = "salary";
    note.entry.content = "Anna wants a meeting with Gustav about SECRET-SALARY";
    REQUIRE(world.ask<result<memory_written>>(world.memory.load(), note));
    REQUIRE(world.ask<result<booking_outcome>>(
        world.calendars(),
        world.event("SECRET-DOCTOR", "2026-12-02T09:00:00Z", "2026-12-02T10:00:00Z")));
    const auto other = world.link({{"title", "SECRET-OTHER"}});
    const auto link = world.link();
    const auto guest = world.talk(link, "a meeting with Anna about her salary, please");
    world.analysed(true);
    world.reply("", {{"call_1", "delegation_check_availability", R"({"when":"Wednesday"})"}});
    world.reply("");
    REQUIRE(world.model->calls.size() == 4);
    for (const auto& each : world.model->calls) {
        const auto told = everything_of(each->request);
        CHECK(told.find("SECRET") == std::string::npos);
        CHECK(told.find(world.anna.email) == std::string::npos);
        CHECK(each->request.context.memories.empty());
        CHECK(each->request.context.notifications.empty());
        CHECK(each->request.context.user_name.empty());
        CHECK(each->request.max_tokens.value_or(1'000'000) <= 1'000);
    }
    CHECK(everything_of(world.model->calls[1]->request).find("Intro call") != std::string::npos);
}

TEST_CASE("an owner's answer that is kept is never a guest's") {
    guest_chat_world world;
    world.falls_back = true;
    world.open_chat();
    const auto owner = world.connect();
    world.send(owner, world.owners_message("hello there"));
    world.reply("Hello Anna, your SECRET is safe.");
    const auto link = world.link();
    const auto guest = world.talk(link, "hello there");
    world.call().fail(error_category::quota);
    world.settle();
    REQUIRE_FALSE(world.other_model->calls.empty());
    world.other_model->calls.back()->fail(error_category::quota);
    world.settle();
    CHECK(guest.news->text().find("SECRET") == std::string::npos);
    CHECK(guest.news->all<turn_failed>().size() == 1);
}

TEST_CASE("whose conversation it is decides who may use it") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto other = world.link({{"title", "Other"}});
    const auto guest = world.talk(link, "hello");
    world.analysed(false);
    world.reply("");
    world.reply("Hello.");
    const auto theirs = guest.news->accepted_turns.front().conversation_id;
    const auto owner = world.connect();
    world.send(owner, world.owners_message("hello"));
    world.reply("Hello Anna.");
    const auto owns = owner.news->accepted_turns.front().conversation_id;

    const auto code_after = [&](const chat_send& message) {
        const auto who = world.connect();
        world.send(who, message);
        return who.news->failures.empty() ? error_code::internal : who.news->failures.front().code;
    };
    CHECK(code_after(world.owners_message("and my mail?", theirs)) == error_code::forbidden);
    CHECK(code_after(world.guests_message(other, "hello", theirs)) == error_code::not_found);
    CHECK(code_after(world.guests_message(link, "hello", owns)) == error_code::not_found);
    CHECK(code_after(world.guests_message(link, "hello", "cnv_madeup01")) == error_code::not_found);

    const auto seen_by = [&](const std::string& delegation_id, const std::string& conversation) {
        const auto who = world.connect();
        world.command(who,
                      session_subscribe{"2", {world.anna.id, conversation}, 0, 0, delegation_id});
        return who.news->failures.empty() ? who.news->seen.size() : 0;
    };
    CHECK(seen_by(link.link.id, theirs) > 0);
    CHECK(seen_by({}, theirs) > 0);
    CHECK(seen_by(other.link.id, theirs) == 0);
    CHECK(seen_by(link.link.id, owns) == 0);

    // It stays the guest's once it has left memory.
    world.crash_chat();
    CHECK(code_after(world.owners_message("and my mail?", theirs)) == error_code::forbidden);
    CHECK(code_after(world.guests_message(other, "hello", theirs)) == error_code::not_found);
}

TEST_CASE("a guest cancels turns of the link's conversations, and no others") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto owner = world.connect();
    world.send(owner, world.owners_message("tell me a story"));
    const auto turn = owner.news->accepted_turns.front().turn_id;
    const auto guest = world.connect();
    world.command(guest, session_cancel{"3", {world.anna.id, turn, link.link.id, std::nullopt}});
    REQUIRE(guest.news->failures.size() == 1);
    CHECK(guest.news->failures.front().code == error_code::not_found);
    world.send(guest, world.guests_message(link, "hello"));
    const auto own = guest.news->accepted_turns.front().turn_id;
    world.command(guest, session_cancel{"4", {world.anna.id, own, link.link.id, "cnv_another01"}});
    CHECK(guest.news->failures.size() == 2);
    world.command(guest, session_cancel{"5", {world.anna.id, own, link.link.id, std::nullopt}});
    CHECK(guest.news->failures.size() == 2);
    CHECK(guest.news->all<turn_completed>().size() == 1);
    CHECK(owner.news->all<turn_completed>().empty());
}

TEST_CASE("a guest answers the step that waits, and orders nothing else") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto guest = world.talk(link, "Can we meet?");
    world.analysed(true);
    world.reply("");
    world.reply("When?");
    const auto id = guest.news->all<multi_step_initiated>().front().workflow_id;
    const auto ordered = [&](const workflow_order& what) {
        session_workflow wanted{"6", {}};
        wanted.order.id = id;
        wanted.order.user_id = world.anna.id;
        wanted.order.by_guest = true;
        wanted.order.order = what;
        return wanted;
    };
    const nlohmann::json slot{{"start", "2026-12-02T09:00:00Z"},
                              {"durationMins", 30},
                              {"name", "Gustav"},
                              {"email", "gustav@example.org"},
                              {"timezone", "Europe/Berlin"}};
    // A stranger to the conversation, though of the same link.
    const auto stranger = world.connect();
    world.command(stranger, ordered(answer_step{"agree_slot", slot}));
    REQUIRE(stranger.news->failures.size() == 1);
    CHECK(stranger.news->failures.front().code == error_code::not_found);
    for (const workflow_order& each :
         {workflow_order{pause_workflow{}}, workflow_order{resume_workflow{}},
          workflow_order{cancel_workflow{}}, workflow_order{skip_step{"agree_slot"}},
          workflow_order{retry_step{"agree_slot"}}}) {
        world.command(guest, ordered(each));
        CHECK(guest.news->failures.back().code == error_code::forbidden);
    }
    CHECK(guest.news->failures.size() == 5);
    world.command(guest, ordered(answer_step{"agree_slot", slot}));
    CHECK(guest.news->failures.size() == 5);
    CHECK(world.booked() == 1);
}

TEST_CASE("a link that is used up, revoked or has expired ends its guests' turns") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link({{"maxTurns", 1}});
    const auto guest = world.talk(link, "hello");
    world.analysed(false);
    SECTION("no turn is left") {
        world.reply("");
        world.reply("Hello.");
        world.send(guest, world.guests_message(link, "hello again"));
        REQUIRE(guest.news->failures.size() == 1);
        CHECK(guest.news->failures.front().code == error_code::gone);
    }
    SECTION("revoked before it went on") {
        REQUIRE(
            world.ask<result<void>>(world.delegations, revoke_link{world.anna.id, link.link.id}));
        world.crash_chat();
        const auto again = world.connect();
        world.command(
            again,
            session_subscribe{
                "2", {world.anna.id, guest.news->accepted_turns[0].conversation_id}, 0, 0, {}});
        CHECK(failure_in(*again.news).code == error_code::gone);
    }
}

TEST_CASE("what the model took is counted to the link") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto guest = world.connect();
    const auto end = [&](std::optional<token_usage> usage, const std::string& text) {
        world.call().sink(model_reply{text, {}, model_finish::stop, usage, {}});
        world.settle();
    };
    world.send(guest, world.guests_message(link, "hello"));
    const auto least = least_turn_tokens("hello");
    CHECK(world.stands(link).link.tokens == least);
    SECTION("as it says") {
        end(token_usage{1'000, 20, 1'020}, R"({"multiStep":false,"reasoning":"-","confidence":1})");
        end(token_usage{500, 20, 520}, "");
        end(token_usage{600, 40, 640}, "Hello.");
        CHECK(world.stands(link).link.tokens == 2'180);
    }
    SECTION("as it is estimated, where it says nothing") {
        end({}, R"({"multiStep":false,"reasoning":"-","confidence":1})");
        end({}, "");
        end({}, std::string(40'000, 'x'));
        CHECK(world.stands(link).link.tokens > 10'000);
    }
    SECTION("at least what it began with") {
        end(token_usage{1, 1, 2}, R"({"multiStep":false,"reasoning":"-","confidence":1})");
        end(token_usage{1, 1, 2}, "");
        end(token_usage{1, 1, 2}, "Hello.");
        CHECK(world.stands(link).link.tokens == least);
    }
}

TEST_CASE("a guest's turn that is cancelled has cost what it had cost by then") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto guest = world.talk(link, "hello");
    world.call().sink(model_reply{R"({"multiStep":false,"reasoning":"-","confidence":1})",
                                  {},
                                  model_finish::stop,
                                  token_usage{5'000, 20, 5'020},
                                  {}});
    world.settle();
    const auto turn = guest.news->accepted_turns.front().turn_id;
    world.command(guest, session_cancel{"2", {world.anna.id, turn, link.link.id, std::nullopt}});
    CHECK(guest.news->all<turn_completed>().size() == 1);
    CHECK(world.stands(link).link.tokens >= 5'020);
}

TEST_CASE("what a guest says has a bound, for the owner pays") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto guest = world.talk(link, std::string(100'000, 'x'));
    CHECK(failure_in(*guest.news).code == error_code::too_large);
    CHECK(world.model->calls.empty());
    const auto again = world.talk(link, std::string(20'000, 'x'));
    CHECK(world.model->calls.size() == 1);
}

TEST_CASE("a request that was accepted before takes no turn, also where none is left") {
    guest_chat_world world;
    world.open_chat(GENERATE(from_range(drivers())));
    const auto link = world.link({{"maxTurns", 1}});
    const auto guest = world.connect();
    auto message = world.guests_message(link, "hello");
    message.idempotency_key = "guest/key";
    world.send(guest, message);
    REQUIRE(guest.news->accepted_turns.size() == 1);
    world.send(guest, message);
    REQUIRE(guest.news->accepted_turns.size() == 2);
    CHECK(guest.news->accepted_turns[1].turn_id == guest.news->accepted_turns[0].turn_id);
    CHECK(world.stands(link).link.turns == 1);
    message.idempotency_key = "guest/other";
    world.send(guest, message);
    REQUIRE(guest.news->failures.size() == 1);
    CHECK(guest.news->failures.front().code == error_code::gone);
}

TEST_CASE("a refused message takes no turn") {
    guest_chat_world world;
    world.open_chat();
    const auto link = world.link();
    const auto guest = world.talk(link, "hello");
    auto rude = world.guests_message(link, "and?", guest.news->accepted_turns[0].conversation_id);
    rude.on_busy = busy_policy::reject;
    world.send(guest, rude);
    REQUIRE(guest.news->failures.size() == 1);
    CHECK(guest.news->failures.front().code == error_code::conflict);
    CHECK(world.stands(link).link.turns == 1);
}

TEST_CASE("of two messages at once that the last turn could carry one is taken") {
    guest_chat_world world;
    world.open_chat(GENERATE(from_range(drivers())));
    const auto link = world.link({{"maxTurns", 1}});
    const auto one = world.connect();
    const auto other = world.connect();
    for (const auto& each : {one, other})
        caf::anon_send(each.session,
                       session_command{session_send{"1", world.guests_message(link, "hello")}});
    world.settle();
    CHECK(one.news->accepted_turns.size() + other.news->accepted_turns.size() == 1);
    CHECK(one.news->failures.size() + other.news->failures.size() == 1);
    CHECK(world.stands(link).link.turns == 1);
}
