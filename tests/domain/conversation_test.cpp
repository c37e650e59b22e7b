#include "domain/conversation.hpp"

#include "domain/conversation_records.hpp"

#include <catch2/catch.hpp>

using namespace perin;

namespace {

const conversation_key key{"usr_1", "cnv_12345678"};
const timestamp noon{std::chrono::milliseconds{1'800'000'000'000}};

pending_turn turn_of(const std::string& id, const std::string& message = "hello") {
    pending_turn turn;
    turn.turn_id = id;
    turn.user_message_id = "msg_u" + id;
    turn.assistant_message_id = "msg_a" + id;
    turn.message = message;
    return turn;
}

/// A conversation beside the journal that its changes make.
struct written {
    conversation state{key};
    std::vector<journal_record> journal;
    std::vector<shared_event> told;

    void add(conversation_change change) {
        CHECK(change.expected_version == journal.size());
        for (auto& record : change.records) journal.push_back(std::move(record));
        for (auto& one : change.events) told.push_back(std::move(one));
    }
    void accept(const std::string& id, busy_policy policy = busy_policy::queue) {
        auto taken = state.accept(turn_of(id), policy, noon);
        REQUIRE(taken);
        add(std::move(taken->change));
    }
    void say(const std::string& text) { told.push_back(state.publish(text_delta{text}, noon)); }
    void finish(turn_end end = {}) { add(state.finish(end, noon)); }

    [[nodiscard]] conversation recovered() const {
        conversation out{key};
        std::uint64_t last = 0;
        for (const auto& record : journal) last = std::max(last, highest_seq(record));
        out.restore(journal, last);
        return out;
    }
};

std::vector<std::uint64_t> seqs(const std::vector<shared_event>& events) {
    std::vector<std::uint64_t> out;
    for (const auto& one : events) out.push_back(one->value.seq);
    return out;
}

}  // namespace

TEST_CASE("a first message starts its turn with the record that accepts it") {
    written w;
    w.accept("trn_1");
    CHECK(w.journal.size() == 1);
    REQUIRE(w.state.running());
    CHECK(w.state.running()->turn.turn_id == "trn_1");
    CHECK(seqs(w.told) == std::vector<std::uint64_t>{1});
    CHECK(std::get<turn_started>(w.told[0]->value.body).message == "hello");
}

TEST_CASE("events of a turn rise by one, and its end holds all of its text") {
    written w;
    w.accept("trn_1");
    w.say("one ");
    w.say("two");
    w.finish();
    CHECK(seqs(w.told) == std::vector<std::uint64_t>{1, 2, 3, 4});
    CHECK(std::get<turn_completed>(w.told.back()->value.body).text == "one two");
    CHECK(w.state.idle());
}

TEST_CASE("what a busy conversation does with a message depends on what the client asked") {
    written w;
    w.accept("trn_1");
    SECTION("reject is a conflict") {
        auto refused = w.state.accept(turn_of("trn_2"), busy_policy::reject, noon);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == error_code::conflict);
    }
    SECTION("five wait, the sixth is told to come later") {
        for (int i = 2; i <= 6; ++i) w.accept("trn_" + std::to_string(i));
        auto refused = w.state.accept(turn_of("trn_7"), busy_policy::queue, noon);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == error_code::rate_limited);
        CHECK(refused.error().retry_after == std::chrono::seconds{1});
    }
    SECTION("interrupt goes before those that wait") {
        w.accept("trn_2");
        w.accept("trn_3", busy_policy::interrupt);
        CHECK(w.state.queue().front().turn_id == "trn_3");
    }
}

TEST_CASE("a queued turn starts when the running one has ended") {
    written w;
    w.accept("trn_1");
    w.accept("trn_2");
    CHECK_FALSE(w.state.start_next(noon));
    w.finish();
    auto next = w.state.start_next(noon);
    REQUIRE(next);
    w.add(std::move(*next));
    REQUIRE(w.state.running());
    CHECK(w.state.running()->turn.turn_id == "trn_2");
    CHECK(seqs(w.told) == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("a queued turn that is cancelled ends without having started") {
    written w;
    w.accept("trn_1");
    w.accept("trn_2");
    w.say("a");
    auto change = w.state.cancel_queued("trn_2", noon);
    REQUIRE(change);
    w.add(std::move(*change));
    w.say("b");
    w.finish();
    CHECK(seqs(w.told) == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
    CHECK(std::get<turn_completed>(w.told[2]->value.body).reason == finish_reason::cancelled);
    CHECK_FALSE(w.state.cancel_queued("trn_2", noon));

    SECTION("and the journal tells its event once, in its place") {
        std::vector<std::uint64_t> read;
        for (const auto& one : events_of(w.journal)) read.push_back(one.seq);
        CHECK(read == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
    }
}

TEST_CASE("the journal gives every event back as it was told, deltas merged") {
    written w;
    w.accept("trn_1");
    w.told.push_back(w.state.publish(
        stage_changed{stage_name::direct, stage_status::started, std::nullopt}, noon));
    w.say("gr\xC3\xBC\xC3\x9F ");
    w.say("dich");
    w.told.push_back(w.state.publish(turn_notice{"offline", "\"quoted\""}, noon));
    w.say("!");
    turn_end end;
    end.usage = token_usage{3, 4, 7};
    end.overhead_ms = 5;
    w.finish(end);
    auto read = events_of(w.journal);
    REQUIRE(read.size() == w.told.size() - 1);
    CHECK(read[0] == w.told[0]->value);
    CHECK(read[1] == w.told[1]->value);
    CHECK(read[2].from_seq == 3);
    CHECK(read[2].seq == 4);
    CHECK(std::get<text_delta>(read[2].body).text == "gr\xC3\xBC\xC3\x9F dich");
    CHECK(part_after(read[2], 3) == w.told[3]->value);
    CHECK(read[3] == w.told[4]->value);
    CHECK(read.back() == w.told.back()->value);
}

TEST_CASE("a turn that a crash cut off is run again after a jump of seq") {
    written w;
    w.accept("trn_1");
    w.accept("trn_2");
    w.add(w.state.plan({{"call_1", "memory_remember", "{}"}, {"call_2", "other", "{}"}}, noon));
    w.add(w.state.finish_tool("call_1", {tool_status::ok, {{"key", "k"}}}, noon));
    w.say("lost with the process");

    auto again = w.recovered();
    REQUIRE(again.running());
    CHECK(again.running()->turn == w.state.running()->turn);
    REQUIRE(again.running()->rounds.size() == 1);
    CHECK(again.running()->rounds[0].outcomes[0]->result == nlohmann::json{{"key", "k"}});
    CHECK_FALSE(again.running()->rounds[0].outcomes[1]);
    CHECK(again.queue().size() == 1);
    auto change = again.restart(noon);
    REQUIRE(change.events.size() == 1);
    CHECK(change.events[0]->value.seq > w.told.back()->value.seq);
    CHECK(std::get<turn_notice>(change.events[0]->value.body).code == "turn_restarted");
    CHECK(again.publish(text_delta{"x"}, noon)->value.seq == change.events[0]->value.seq + 1);
}

TEST_CASE("a recovered conversation is the one that was left") {
    written w;
    for (int i = 1; i <= 3; ++i) {
        auto id = "trn_" + std::to_string(i);
        w.accept(id);
        w.say("answer " + std::to_string(i));
        turn_end end;
        if (i == 2) {
            end.outcome = turn_end::status::failed;
            end.failure = {error_code::upstream_failed, "the model service failed", true};
        }
        w.finish(end);
    }
    auto again = w.recovered();
    CHECK(again.idle());
    CHECK(again.version() == w.state.version());
    CHECK(again.last_seq() == w.state.last_seq());
    CHECK(again.history() == w.state.history());
    auto messages = messages_of(w.journal);
    REQUIRE(messages.size() == 6);
    CHECK(messages[1].content == "answer 1");
    CHECK(messages[1].status == "complete");
    CHECK(messages[2].status == "failed");
    CHECK(messages[3].status == "failed");
}

TEST_CASE("events that fell out of memory are said not to be at hand") {
    written w;
    for (int i = 0; i < 200; ++i) {
        w.accept("trn_" + std::to_string(i));
        w.say(std::string(1000, 'x'));
        w.finish();
    }
    CHECK_FALSE(w.state.holds_after(0));
    auto from = w.state.kept_from();
    CHECK(w.state.holds_after(from));
    auto kept = w.state.events_after(from);
    REQUIRE_FALSE(kept.empty());
    CHECK(kept.front()->value.seq == from + 1);
    CHECK(kept.back()->value.seq == w.state.last_seq());
}

TEST_CASE("an event frame has the protocol's names and nulls") {
    event one{"trn_1", 7, 7, noon, turn_completed{"hi", finish_reason::stop, std::nullopt, 3}};
    auto frame = nlohmann::json::parse(to_frame("cnv_12345678", one));
    CHECK(frame["type"] == "event");
    CHECK(frame["conversationId"] == "cnv_12345678");
    CHECK(frame["turnId"] == "trn_1");
    CHECK(frame["seq"] == 7);
    CHECK_FALSE(frame.contains("fromSeq"));
    CHECK(frame["at"] == "2027-01-15T08:00:00Z");
    CHECK(frame["event"] == nlohmann::json{{"kind", "turn.completed"},
                                           {"text", "hi"},
                                           {"finishReason", "stop"},
                                           {"usage", nullptr},
                                           {"overheadMs", 3}});
}

TEST_CASE("only neighbouring deltas of one turn are merged") {
    auto delta = [](const std::string& turn, std::uint64_t seq, const std::string& text) {
        return event{turn, seq, seq, noon, text_delta{text}};
    };
    CHECK(can_merge(delta("a", 1, "x"), delta("a", 2, "y")));
    CHECK_FALSE(can_merge(delta("a", 1, "x"), delta("a", 3, "y")));
    CHECK_FALSE(can_merge(delta("a", 1, "x"), delta("b", 2, "y")));
    CHECK_FALSE(can_merge(delta("a", 1, "x"), event{"a", 2, 2, noon, turn_failed{}}));
    auto joined = delta("a", 1, "x");
    merge_into(joined, delta("a", 2, "yy"));
    merge_into(joined, delta("a", 3, "z"));
    CHECK(std::get<text_delta>(joined.body).text == "xyyz");
    CHECK(part_after(joined, 1)->from_seq == 2);
    CHECK(std::get<text_delta>(part_after(joined, 2)->body).text == "z");
    CHECK_FALSE(part_after(joined, 3));
}

TEST_CASE("a record that cannot be read is no fact") {
    for (const auto* payload : {"", "not json", "[]", "{}"}) {
        journal_record record{1, "turn.ended", payload, noon};
        CHECK(events_of({&record, 1}).empty());
    }
    journal_record unknown{1, "something.else", "{\"v\":1}", noon};
    CHECK(std::holds_alternative<std::monostate>(read_record(unknown)));
}

TEST_CASE("a turn that a decision began remembers it, and runs in tool mode") {
    auto turn = turn_of("trn_1", "Approved: Lunch");
    turn.decided = decided_call{
        {"call_1", "calendar_cancel_event", R"({"event":"Lunch"})"}, true, "ntf_1", noon};
    for (const bool approved : {true, false}) {
        turn.decided->approved = approved;
        const journal_record record{1, kinds::accepted,
                                    accepted_payload(turn, 1, {}, execution_mode::tools), noon};
        const auto fact = std::get<accepted_fact>(read_record(record));
        CHECK(fact.turn.decided == turn.decided);
        CHECK(mode_of(fact.turn, {}) == execution_mode::tools);
    }
}

TEST_CASE("a record from before decisions has none") {
    const journal_record old{1, kinds::accepted,
                             R"({"v":1,"turnId":"trn_1","message":"hello","startedSeq":1})", noon};
    const auto fact = std::get<accepted_fact>(read_record(old));
    CHECK_FALSE(fact.turn.decided);
    CHECK(mode_of(fact.turn, {}) == execution_mode::direct);
    CHECK(accepted_payload(turn_of("trn_1"), 1, {}, std::nullopt).find("decided") ==
          std::string::npos);
}

TEST_CASE("a title is the first line of the message, without what no list can show") {
    CHECK(title_of("Lunch on Friday?\nAt noon.") == "Lunch on Friday?");
    CHECK(title_of(std::string("a\0b\tc", 5)) == "a b c");
    CHECK(title_of("\nsecond") == "Conversation");
}
