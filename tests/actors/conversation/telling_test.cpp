#include "persistence/streams.hpp"
#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;

namespace {

constexpr auto conv = "cnv_12345678";
constexpr auto stream = "workflow/wfl_00000000-0000-7000-8000-000000000009";

/// A world with a workflow whose events are told.
struct telling_world : actor_world {
    telling_world() {
        journal_record begun{1, "begun", "{}", clock->time};
        REQUIRE(ask<result<std::uint64_t>>(
            store,
            append_records{stream, 0, {begun}, stream_state{"workflow", anna.id, "running"}}));
    }

    tell_workflow telling(const std::string& turn, std::uint64_t version,
                          std::vector<std::string> messages,
                          std::optional<std::uint64_t> after = {}) {
        tell_workflow out{{anna.id, conv}, turn, stream, version, {}, after ? *after : told()};
        for (auto& text : messages)
            out.bodies.push_back(step_progressed{{"wfl_1", "s1", "Look"}, std::move(text)});
        return out;
    }
    result<void> tell(const std::string& turn, std::uint64_t version,
                      std::vector<std::string> messages, std::optional<std::uint64_t> after = {}) {
        return ask<result<void>>(conversations, telling(turn, version, std::move(messages), after));
    }
    [[nodiscard]] std::uint64_t told() {
        auto db = open(persistence::sqlite_mode::read_only);
        auto row = persistence::stream_repository(*db).find(stream);
        REQUIRE(row);
        return (*row)->told;
    }
    static std::vector<std::string> messages_seen(const connected_client& by) {
        std::vector<std::string> out;
        for (const auto& one : by.news->all<step_progressed>()) out.push_back(one.message);
        return out;
    }
    /// All that a new reader is told from `after` on.
    std::vector<event> read_after(std::uint64_t after) {
        auto reads = connect();
        subscribe(reads, conv, after);
        std::vector<event> out;
        for (const auto& one : reads.news->seen) out.push_back(one->value);
        leave(reads);
        return out;
    }
    std::string run_turn(const connected_client& by, const std::string& text) {
        send(by, message(text, conv));
        model->calls.back()->end("answer");
        settle();
        return by.news->accepted_turns.back().turn_id;
    }
};

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> out;
    for (auto i = from; i <= to; ++i) out.push_back(i);
    return out;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(telling_world, "a workflow is told of in its conversation long after its turn") {
    auto client = connect();
    const auto turn = run_turn(client, "hello");
    REQUIRE(tell(turn, 1, {"a", "b"}));
    CHECK(messages_seen(client) == texts{"a", "b"});
    CHECK(client.news->seen.back()->value.turn_id == turn);
    CHECK(told() == 1);
    SECTION("also when it has left memory") {
        advance(std::chrono::minutes(11));
        REQUIRE(ask<counted>(conversations, count_running{}).resident == 0);
        REQUIRE(tell(turn, 4, {"c"}));
        CHECK(messages_seen(client) == texts{"a", "b", "c"});
        CHECK(told() == 4);
        // With nothing else to do it leaves again.
        advance(std::chrono::minutes(11));
        CHECK(ask<counted>(conversations, count_running{}).resident == 0);
    }
    CHECK(client.news->seqs() == range(1, client.news->seen.size()));
    leave(client);
}

TEST_CASE_METHOD(telling_world, "events told beside a running turn are in order with its own") {
    auto client = connect();
    const auto first = run_turn(client, "hello");
    send(client, message("another", conv));
    model->calls.back()->say("one ");
    // The turn speaks on before the telling is on disk.
    caf::anon_send(conversations, telling(first, 1, {"a"}));
    model->calls.back()->say("two");
    settle();
    REQUIRE(tell(first, 2, {"b"}));
    model->calls.back()->say("!");
    model->calls.back()->end("one two!");
    settle();
    CHECK(messages_seen(client) == texts{"a", "b"});
    CHECK(client.news->all<turn_completed>().back().text == "one two!");
    CHECK(client.news->seqs() == range(1, client.news->seen.size()));
    SECTION("a reader finds them from any place on, in memory and on disk") {
        for (const bool on_disk : {false, true}) {
            if (on_disk) advance(std::chrono::minutes(11));
            for (std::uint64_t after = 0; after <= client.news->seen.size(); ++after) {
                CAPTURE(on_disk, after);
                const auto events = read_after(after);
                auto last = after;
                texts found;
                texts expected;
                for (const auto& one : events) {
                    CHECK(one.from_seq == last + 1);
                    last = one.seq;
                    if (const auto* body = std::get_if<step_progressed>(&one.body))
                        found.push_back(body->message);
                }
                CHECK(last == client.news->seen.size());
                for (const auto& one : client.news->seen)
                    if (const auto* body = std::get_if<step_progressed>(&one->value.body);
                        body && one->value.seq > after)
                        expected.push_back(body->message);
                CHECK(found == expected);
            }
        }
    }
    leave(client);
}

TEST_CASE_METHOD(telling_world, "what was told is not told again") {
    auto client = connect();
    const auto turn = run_turn(client, "hello");
    REQUIRE(tell(turn, 3, {"a"}));
    for (const std::uint64_t version : {3, 2, 4}) {
        const auto again = tell(turn, version, {"a"}, 0);
        REQUIRE_FALSE(again);
        CHECK(again.error().code == error_code::conflict);
    }
    SECTION("nor after a start") {
        leave(client);
        crash();
        CHECK(tell(turn, 3, {"a"}, 0).error().code == error_code::conflict);
        client = connect();
        subscribe(client, conv, 0);
    }
    CHECK(messages_seen(client) == texts{"a"});
    CHECK(told() == 3);
    leave(client);
}

TEST_CASE_METHOD(telling_world,
                 "where only the store knows that it was told, the conversation begins anew") {
    auto client = connect();
    const auto first = run_turn(client, "hello");
    send(client, message("another", conv));
    model->calls.back()->say("half");
    settle();
    {
        // As another node would.
        auto db = open(persistence::sqlite_mode::read_write);
        REQUIRE(persistence::stream_repository(*db).tell(stream, 0, 5));
    }
    const auto before = client.news->seen.back()->value.seq;
    const auto refused = tell(first, 5, {"a"}, 0);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == error_code::conflict);
    CHECK(messages_seen(client).empty());
    // The running turn begins anew, and its reader reads on.
    model->calls.back()->say("whole");
    model->calls.back()->end("whole");
    settle();
    advance(std::chrono::seconds(1));
    CHECK(client.news->all<turn_notice>().back().code == "turn_restarted");
    CHECK(client.news->all<turn_completed>().back().text == "whole");
    CHECK(client.news->seen.back()->value.seq > before);
    REQUIRE(tell(first, 6, {"b"}));
    CHECK(messages_seen(client) == texts{"b"});
    leave(client);
}

TEST_CASE_METHOD(telling_world, "a crash in the middle of a turn loses nothing that was told") {
    auto client = connect();
    const auto first = run_turn(client, "hello");
    send(client, message("another", conv));
    model->calls.back()->say("lost");
    REQUIRE(tell(first, 1, {"a"}));
    const auto seen = client.news->seen.back()->value.seq;
    leave(client);
    crash();
    REQUIRE(model->calls.size() == 1);
    REQUIRE(tell(first, 2, {"b"}));
    crash();
    REQUIRE(tell(first, 3, {"c"}));
    model->calls.back()->say("whole");
    model->calls.back()->end("whole");
    settle();
    auto told_after = [&](std::uint64_t after) {
        texts out;
        std::uint64_t last = after;
        for (const auto& one : read_after(after)) {
            CHECK(one.from_seq > last);
            last = one.seq;
            if (const auto* body = std::get_if<step_progressed>(&one.body))
                out.push_back(body->message);
        }
        return out;
    };
    for (const bool on_disk : {false, true}) {
        if (on_disk) advance(std::chrono::minutes(11));
        CHECK(told_after(0) == texts{"a", "b", "c"});
        CHECK(told_after(seen - 1) == texts{"a", "b", "c"});
        CHECK(told_after(seen) == texts{"b", "c"});
    }
}

TEST_CASE_METHOD(telling_world, "telling to nobody, and what is none of a workflow, is refused") {
    CHECK(tell("trn_1", 1, {"a"}).error().code == error_code::not_found);
    CHECK(ask<counted>(conversations, count_running{}).resident == 0);
    auto client = connect();
    const auto turn = run_turn(client, "hello");
    auto forged = telling(turn, 1, {"a"});
    forged.bodies.push_back(text_delta{"words put into its mouth"});
    CHECK(ask<result<void>>(conversations, forged).error().code == error_code::invalid_request);
    CHECK(told() == 0);
    REQUIRE(ask<result<void>>(conversations, chat_erase{{anna.id, conv}}));
    CHECK(tell(turn, 1, {"a"}).error().code == error_code::not_found);
    CHECK(told() == 0);
    leave(client);
}

TEST_CASE_METHOD(telling_world, "messages of a conversation show nothing of its workflows") {
    auto client = connect();
    const auto turn = run_turn(client, "hello");
    REQUIRE(tell(turn, 1, {"a"}));
    run_turn(client, "more");
    auto page = ask<result<message_page>>(reader, read_messages{{anna.id, conv}, {}, 200});
    REQUIRE(page);
    texts contents;
    for (const auto& one : page->messages) contents.push_back(one.content);
    CHECK(contents == texts{"hello", "answer", "more", "answer"});
    leave(client);
}

TEST_CASE_METHOD(telling_world, "a reader misses nothing that is written while its page is read") {
    auto client = connect();
    // Too much for memory to keep once its turn is over: it is read from the disk then.
    const std::string large(70 * 1024, 'x');
    std::size_t said = 0;
    // The turn ends, or a workflow is told of, at another moment of the reading each time.
    for (std::uint64_t moment = 0; moment < 16; ++moment) {
        CAPTURE(moment);
        send(client, message("hello", conv));
        model->calls.back()->say(large);
        settle();
        const auto turn = client.news->accepted_turns.back().turn_id;
        auto late = connect();
        caf::anon_send(late.session,
                       session_command{session_subscribe{"2", {anna.id, conv}, 0, 0}});
        for (std::uint64_t step = 0; step < moment / 2; ++step) scheduler.try_run_once();
        if (moment % 2 == 1) caf::anon_send(conversations, telling(turn, moment, {large}));
        model->calls.back()->end(large);
        settle();
        said += large.size();
        CHECK(late.news->text().size() == said);
        CHECK(messages_seen(late).size() == (moment + 1) / 2);
        CHECK(late.news->seen.back()->value == client.news->seen.back()->value);
        leave(late);
    }
    leave(client);
}
