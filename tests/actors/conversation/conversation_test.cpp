#include "actors/conversation/conversation.hpp"

#include "runtime/metrics.hpp"
#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;

namespace {

constexpr auto conv = "cnv_12345678";

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> out;
    for (auto i = from; i <= to; ++i) out.push_back(i);
    return out;
}

}  // namespace

TEST_CASE_METHOD(actor_world, "a message is accepted, streamed and completed") {
    auto client = connect();
    send(client, message("good morning", conv));
    REQUIRE(client.news->accepted_turns.size() == 1);
    CHECK(client.news->accepted_turns[0].seq == 0);
    REQUIRE(model->calls.size() == 1);
    CHECK(model->calls[0]->request.stream);
    CHECK(model->calls[0]->request.messages.back().content == "good morning");
    model->calls[0]->say("Good ");
    model->calls[0]->say("day.");
    settle();
    CHECK(client.news->text() == "Good day.");
    model->calls[0]->end("Good day.");
    settle();
    auto completed = client.news->all<turn_completed>();
    REQUIRE(completed.size() == 1);
    CHECK(completed[0].text == "Good day.");
    CHECK(completed[0].usage == token_usage{1, 2, 3});
    CHECK(client.news->seqs() == range(1, client.news->seen.size()));
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a conversation remembers what was said before") {
    auto client = connect();
    send(client, message("first", conv));
    model->calls[0]->end("answer one");
    settle();
    send(client, message("second", conv));
    const auto& asked = model->calls[1]->request.messages;
    REQUIRE(asked.size() == 4);
    CHECK(asked[1].content == "first");
    CHECK(asked[2].content == "answer one");
    CHECK(asked[3].content == "second");
    model->calls[1]->end("two");
    settle();
    SECTION("also after it left memory") {
        advance(std::chrono::minutes(11));
        CHECK(ask<counted>(conversations, count_running{}).resident == 0);
        send(client, message("third", conv));
        CHECK(model->calls[2]->request.messages.size() == 6);
        model->calls[2]->end("three");
        settle();
        CHECK(client.news->seqs() == range(1, client.news->seen.size()));
    }
    leave(client);
}

TEST_CASE_METHOD(actor_world, "tool mode plans, runs its tools, plans again and responds") {
    auto client = connect();
    send(client, message("remember that my sister is Anna", conv));
    REQUIRE(model->calls.size() == 1);
    CHECK_FALSE(model->calls[0]->request.stream);
    CHECK(model->calls[0]->request.tools.size() == 3);
    model->calls[0]->end(
        "", {{"call_1", "memory_remember", R"({"key":"sister","content":"her name is Anna"})"},
             {"call_2", "memory_remember", R"({"key":5})"},
             {"call_3", "no_such_tool", "{}"},
             {"call_4", "memory_forget", "not json"},
             {"call_1", "memory_forget", R"({"key":"nothing"})"}});
    settle();
    auto results = client.news->all<tool_finished>();
    REQUIRE(results.size() == 5);
    std::map<std::string, tool_outcome> by_id;
    for (const auto& one : results) by_id[one.call_id] = one.outcome;
    CHECK(by_id.at("call_1").status == tool_status::ok);
    CHECK(by_id.at("call_1").result["created"] == true);
    CHECK(by_id.at("call_2").error_code == "invalid_request");
    CHECK(by_id.at("call_3").error_code == "not_found");
    CHECK(by_id.at("call_4").error_code == "invalid_request");
    CHECK(by_id.at("call_1-2").error_code == "not_found");
    REQUIRE(model->calls.size() == 2);
    CHECK_FALSE(model->calls[1]->request.stream);
    model->calls[1]->end("done");
    settle();
    REQUIRE(model->calls.size() == 3);
    CHECK(model->calls[2]->request.stream);
    CHECK(model->calls[2]->request.tools.empty());
    model->calls[2]->say("I will remember.");
    model->calls[2]->end("I will remember.");
    settle();
    auto completed = client.news->all<turn_completed>();
    REQUIRE(completed.size() == 1);
    CHECK(completed[0].text == "I will remember.");
    CHECK(completed[0].usage->total_tokens == 9);
    auto kept = ask<result<std::vector<memory_entry>>>(memory, memory_query_all{anna.id});
    REQUIRE(kept);
    REQUIRE(kept->size() == 1);
    CHECK(kept->front().content == "her name is Anna");
    leave(client);
}

TEST_CASE_METHOD(actor_world, "six planner rounds are the limit") {
    auto client = connect();
    send(client, message("remember everything", conv));
    for (std::size_t round = 0; round < 6; ++round) {
        REQUIRE(model->calls.size() == round + 1);
        model->calls[round]->end("", {{"call", "memory_forget", R"({"key":"x"})"}});
        settle();
    }
    REQUIRE(model->calls.size() == 7);
    CHECK(model->calls[6]->request.stream);
    model->calls[6]->end("that was a lot");
    settle();
    CHECK(client.news->all<turn_completed>().at(0).reason == finish_reason::tool_limit);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a running turn is cancelled, and its call to the model with it") {
    auto client = connect();
    send(client, message("tell me a long story", conv));
    model->calls[0]->say("Once");
    settle();
    auto turn = client.news->accepted_turns[0].turn_id;
    caf::anon_send(client.session, session_command{session_cancel{"c", {anna.id, turn}}});
    settle();
    CHECK(model->calls[0]->cancelled);
    auto completed = client.news->all<turn_completed>();
    REQUIRE(completed.size() == 1);
    CHECK(completed[0].reason == finish_reason::cancelled);
    CHECK(completed[0].text == "Once");
    SECTION("late words of the model change nothing") {
        auto before = client.news->seen.size();
        model->calls[0]->say(" upon a time");
        settle();
        CHECK(client.news->seen.size() == before);
    }
    SECTION("a second cancel is a conflict") {
        caf::anon_send(client.session, session_command{session_cancel{"d", {anna.id, turn}}});
        settle();
        REQUIRE(client.news->failures.size() == 1);
        CHECK(client.news->failures[0].code == error_code::conflict);
    }
    SECTION("another user's turn is not found") {
        caf::anon_send(client.session, session_command{session_cancel{"d", {bert.id, turn}}});
        settle();
        REQUIRE(client.news->failures.size() == 1);
        CHECK(client.news->failures[0].code == error_code::not_found);
    }
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a second message interrupts the first and is answered") {
    auto client = connect();
    send(client, message("one", conv));
    auto second = message("two", conv);
    second.on_busy = busy_policy::interrupt;
    send(client, second);
    CHECK(model->calls[0]->cancelled);
    REQUIRE(model->calls.size() == 2);
    CHECK(model->calls[1]->request.messages.back().content == "two");
    model->calls[1]->end("ok");
    settle();
    auto completed = client.news->all<turn_completed>();
    REQUIRE(completed.size() == 2);
    CHECK(completed[0].reason == finish_reason::cancelled);
    CHECK(completed[1].text == "ok");
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a client that comes back reads on without loss or doubling") {
    auto first = connect();
    send(first, message("hello", conv));
    model->calls[0]->say("a");
    settle();
    auto seen = first.news->seen.size();
    leave(first);
    model->calls[0]->say("b");
    settle();
    auto second = connect();
    subscribe(second, conv, seen);
    model->calls[0]->say("c");
    model->calls[0]->end("abc");
    settle();
    CHECK(second.news->text() == "bc");
    CHECK(second.news->seqs() == range(seen + 1, seen + second.news->seen.size()));
    SECTION("and from the beginning, from memory or from disk") {
        auto third = connect();
        subscribe(third, conv, 0);
        CHECK(third.news->text() == "abc");
        advance(std::chrono::minutes(11));
        auto fourth = connect();
        subscribe(fourth, conv, 0);
        CHECK(fourth.news->text() == "abc");
        CHECK(fourth.news->seen.back()->value == third.news->seen.back()->value);
        CHECK(fourth.news->all<turn_completed>().at(0).text == "abc");
        leave(third);
        leave(fourth);
    }
    leave(second);
}

TEST_CASE_METHOD(actor_world, "a long conversation is read back in pages as the client has room") {
    auto writer = connect();
    for (int i = 0; i < 150; ++i) {
        send(writer, message("m" + std::to_string(i), conv));
        model->calls.back()->end("a" + std::to_string(i));
        settle();
    }
    auto total = writer.news->seen.size();
    CHECK(writer.news->seqs() == range(1, total));
    auto late = connect();
    subscribe(late, conv, 0);
    CHECK(late.news->wants_room);
    CHECK(late.news->seen.size() < total);
    for (int i = 0; i < 50 && late.news->wants_room; ++i) {
        late.news->wants_room = false;
        caf::anon_send(late.session, session_command{session_room{}});
        settle();
    }
    CHECK(late.news->seqs() == range(1, total));
    send(writer, message("more", conv));
    model->calls.back()->end("live");
    settle();
    CHECK(late.news->seqs() == range(1, writer.news->seen.size()));
    leave(writer);
    leave(late);
}

TEST_CASE_METHOD(actor_world, "a turn that a crash cut off is run again with what is on disk") {
    auto client = connect();
    send(client, message("remember that I like tea", conv));
    model->calls[0]->end("", {{"call_1", "memory_remember", R"({"key":"tea","content":"yes"})"}});
    settle();
    REQUIRE(model->calls.size() == 2);
    auto seen = client.news->seen.back()->value.seq;
    leave(client);
    crash();
    REQUIRE(model->calls.size() == 1);
    const auto& messages = model->calls[0]->request.messages;
    CHECK(messages.back().role == chat_role::tool);
    CHECK(nlohmann::json::parse(messages.back().content)["key"] == "tea");
    auto again = connect();
    subscribe(again, conv, seen);
    model->calls[0]->end("");
    settle();
    model->calls.back()->end("Noted.");
    settle();
    auto notices = again.news->all<turn_notice>();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].code == "turn_restarted");
    CHECK(again.news->seen.front()->value.seq > seen);
    CHECK(again.news->all<turn_started>().empty());
    CHECK(again.news->all<turn_completed>().at(0).text == "Noted.");
    leave(again);
}

TEST_CASE_METHOD(actor_world, "the same idempotency key runs one turn") {
    auto client = connect();
    auto keyed = message("hello", conv);
    keyed.idempotency_key = "k1";
    send(client, keyed);
    send(client, keyed);
    REQUIRE(client.news->accepted_turns.size() == 2);
    CHECK(client.news->accepted_turns[0].turn_id == client.news->accepted_turns[1].turn_id);
    CHECK(client.news->accepted_turns[1].repeated);
    CHECK(model->calls.size() == 1);
    auto other = keyed;
    other.message = "something else";
    send(client, other);
    REQUIRE(client.news->failures.size() == 1);
    CHECK(client.news->failures[0].code == error_code::conflict);
    model->calls[0]->end("hi");
    settle();
    CHECK(client.news->all<turn_completed>().size() == 1);
    SECTION("two at once are one as well") {
        auto both = message("again", conv);
        both.idempotency_key = "k2";
        caf::anon_send(client.session, session_command{session_send{"a", both}});
        caf::anon_send(client.session, session_command{session_send{"b", both}});
        settle();
        CHECK(model->calls.size() == 2);
        CHECK(client.news->accepted_turns[2].turn_id == client.news->accepted_turns[3].turn_id);
        model->calls[1]->end("hi");
        settle();
    }
    leave(client);
}

TEST_CASE_METHOD(actor_world,
                 "a key that was claimed after it was looked up is not claimed again") {
    auto client = connect();
    auto keyed = message("hello", conv);
    keyed.idempotency_key = "k1";
    send(client, keyed);
    REQUIRE(client.news->accepted_turns.size() == 1);
    model->calls.at(0)->end("hi");
    settle();

    auto parts = std::make_shared<actors::conversation_parts>();
    parts->store = store;
    parts->reader = reader;
    parts->turns = std::make_shared<actors::turn_parts>();
    parts->clock = clock;
    parts->entropy = entropy;
    const conversation_key key{anna.id, "cnv_87654321"};
    auto late = actors::spawn_conversation(system, parts, key, conversations, true);
    auto claimed =
        ask<result<std::optional<found_claim>>>(reader, find_claim{anna.id, "k1", clock->time});
    keyed.fingerprint = claimed->value().fingerprint;
    keyed.conversation_id = key.conversation_id;
    auto answer = ask<result<chat_accepted>>(late, keyed);
    REQUIRE(answer);
    CHECK(answer->repeated);
    CHECK(answer->turn_id == client.news->accepted_turns[0].turn_id);
    CHECK(answer->conversation_id == conv);
    // Nothing of it is there, and it does not go on as if there were.
    auto found = ask<result<loaded_conversation>>(reader, load_conversation{key});
    REQUIRE(found);
    CHECK_FALSE(found->exists);
    const auto ended = late.address();
    late = nullptr;
    CHECK(caf::actor_cast<caf::strong_actor_ptr>(ended) == nullptr);
    CHECK(model->calls.size() == 1);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "two users may choose the same id, and see only their own") {
    auto client = connect();
    send(client, message("anna's", conv));
    auto of_bert = message("bert's", conv);
    of_bert.account = bert;
    auto other = connect();
    send(other, of_bert);
    model->calls[0]->end("to anna");
    model->calls[1]->end("to bert");
    settle();
    CHECK(client.news->text() == "to anna");
    CHECK(other.news->text() == "to bert");
    leave(client);
    leave(other);
}

TEST_CASE_METHOD(actor_world, "a deleted conversation is gone for its readers and stays taken") {
    auto client = connect();
    send(client, message("secret", conv));
    auto done = ask<result<void>>(conversations, chat_erase{{anna.id, conv}});
    CHECK(done);
    CHECK(model->calls[0]->cancelled);
    CHECK(client.news->all<turn_completed>().at(0).reason == finish_reason::cancelled);
    CHECK(client.news->gone_ids == std::vector<std::string>{conv});
    send(client, message("again", conv));
    REQUIRE(client.news->failures.size() == 1);
    CHECK(client.news->failures[0].code == error_code::not_found);
    auto again = ask<result<void>>(conversations, chat_erase{{anna.id, conv}});
    REQUIRE_FALSE(again);
    CHECK(again.error().code == error_code::not_found);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a failed model ends the turn with what a client can act on") {
    struct row {
        error_category category;
        error_code code;
        bool retryable;
    };
    auto client = connect();
    std::size_t number = 0;
    for (auto [category, code, retryable] :
         {row{error_category::timeout, error_code::upstream_timeout, true},
          row{error_category::unknown, error_code::upstream_failed, false},
          row{error_category::rate_limit, error_code::upstream_failed, false},
          row{error_category::authentication, error_code::upstream_failed, false},
          row{error_category::quota, error_code::upstream_failed, false},
          row{error_category::rejected, error_code::upstream_failed, false}}) {
        send(client, message("hello", conv));
        model->calls.back()->fail(category);
        settle();
        auto failed = client.news->all<turn_failed>();
        REQUIRE(failed.size() == ++number);
        CHECK(failed.back().code == code);
        CHECK(failed.back().retryable == retryable);
    }
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a request too long for the model is shortened once, then fails") {
    auto client = connect();
    send(client, message("hello", conv));
    model->calls[0]->fail(error_category::context_too_large);
    settle();
    REQUIRE(model->calls.size() == 2);
    model->calls[1]->fail(error_category::context_too_large);
    settle();
    CHECK(model->calls.size() == 2);
    CHECK(client.news->all<turn_failed>().at(0).code == error_code::too_large);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a turn past its deadline is ended") {
    auto client = connect();
    send(client, message("hello", conv));
    advance(std::chrono::seconds(599));
    CHECK(client.news->all<turn_failed>().empty());
    advance(std::chrono::seconds(3));
    REQUIRE(client.news->all<turn_failed>().size() == 1);
    CHECK(client.news->all<turn_failed>()[0].code == error_code::upstream_timeout);
    CHECK(model->calls[0]->cancelled);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a server that drains takes no more messages and ends its turns") {
    auto client = connect();
    send(client, message("hello", conv));
    caf::anon_send(conversations, drain{});
    send(client, message("too late", "cnv_87654321"));
    REQUIRE(client.news->failures.size() == 1);
    CHECK(client.news->failures[0].code == error_code::unavailable);
    CHECK(ask<counted>(conversations, count_running{}).running_turns == 1);
    model->calls[0]->end("bye");
    settle();
    CHECK(ask<counted>(conversations, count_running{}).running_turns == 0);
    leave(client);
}

TEST_CASE_METHOD(actor_world,
                 "readers do not start a conversation again and again that cannot be read") {
    auto client = connect();
    send(client, message("good morning", conv));
    model->calls[0]->end("good morning");
    settle();
    advance(std::chrono::minutes(11));
    caf::anon_send_exit(reader, caf::exit_reason::kill);
    settle();
    const auto before = meters().actors["conversation"].restarts.value();
    auto other = connect();
    subscribe(other, conv, 0);
    advance(std::chrono::seconds(30));
    const auto restarts = meters().actors["conversation"].restarts.value() - before;
    CHECK(restarts > 3);
    CHECK(restarts < 40);
    leave(client);
    leave(other);
}
