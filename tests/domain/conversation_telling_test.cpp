#include "domain/conversation.hpp"
#include "domain/conversation_records.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <rapidcheck.h>

using namespace perin;

namespace {

const conversation_key key{"usr_1", "cnv_12345678"};
const timestamp noon{std::chrono::milliseconds{1'800'000'000'000}};
constexpr auto stream = "workflow/wfl_1";

event_body progress(const std::string& message) {
    return step_progressed{{"wfl_1", "s1", "Look"}, message};
}

/// A conversation beside its journal and what its readers were told.
struct told_conversation {
    conversation state{key};
    std::vector<journal_record> journal;
    std::vector<shared_event> told;
    std::uint64_t workflow_version = 0;
    int turns = 0;

    void add(conversation_change change) {
        CHECK(change.expected_version == journal.size());
        for (auto& record : change.records) journal.push_back(std::move(record));
        for (auto& one : change.events) told.push_back(std::move(one));
    }
    std::string accept() {
        pending_turn turn;
        turn.turn_id = "trn_" + std::to_string(++turns);
        turn.message = "hello";
        auto id = turn.turn_id;
        auto taken = state.accept(std::move(turn), busy_policy::queue, noon);
        REQUIRE(taken);
        add(std::move(taken->change));
        return id;
    }
    void say(const std::string& text) { told.push_back(state.publish(text_delta{text}, noon)); }
    void finish() { add(state.finish({}, noon)); }
    void tell(const std::string& turn_id, std::vector<event_body> bodies) {
        add(state.tell(turn_id, stream, ++workflow_version, std::move(bodies), noon));
    }
    /// The process dies, and another begins from the journal.
    void crash() {
        std::uint64_t last = 0;
        for (const auto& record : journal) last = std::max(last, highest_seq(record));
        conversation again{key};
        again.restore(journal, last);
        state = std::move(again);
        if (state.running())
            add(state.restart(noon));
        else
            next();
    }
    void next() {
        if (auto change = state.start_next(noon)) add(std::move(*change));
    }
    /// What a reader of the journal and then of memory is told after `seq`.
    [[nodiscard]] std::vector<event> read_after(std::uint64_t seq) const {
        std::vector<event> out;
        auto last = seq;
        for (const auto& one : events_of(journal))
            if (auto rest = part_after(one, last)) {
                last = rest->seq;
                out.push_back(std::move(*rest));
            }
        for (const auto& one : state.events_after(std::max(last, state.kept_from())))
            out.push_back(one->value);
        return out;
    }
    [[nodiscard]] std::vector<event> workflow_events_after(std::uint64_t seq) const {
        auto out = read_after(seq);
        std::erase_if(out, [](const auto& one) { return !tells_of_workflow(one.body); });
        return out;
    }
    [[nodiscard]] std::vector<event> workflow_events_told() const {
        std::vector<event> out;
        for (const auto& one : told)
            if (tells_of_workflow(one->value.body)) out.push_back(one->value);
        return out;
    }
};

std::vector<std::uint64_t> seqs(const std::vector<event>& events) {
    std::vector<std::uint64_t> out;
    for (const auto& one : events) out.push_back(one.seq);
    return out;
}

}  // namespace

TEST_CASE("a workflow's events bear the turn that began it, also when that is over") {
    told_conversation w;
    const auto first = w.accept();
    w.tell(first, {multi_step_initiated{"wfl_1", "why", 1}});
    w.finish();
    w.tell(first, {progress("between two turns")});
    const auto second = w.accept();
    w.say("a");
    w.tell(first, {progress("beside another"), step_ended{{"wfl_1", "s1", "Look"}}});
    w.say("b");
    w.finish();
    const auto read = w.read_after(0);
    REQUIRE(read.size() == w.told.size());
    for (std::size_t i = 0; i < read.size(); ++i) CHECK(read[i] == w.told[i]->value);
    for (const auto& one : read)
        if (tells_of_workflow(one.body)) CHECK(one.turn_id == first);
    CHECK(std::get<turn_completed>(read.back().body).text == "ab");
    CHECK(read.back().turn_id == second);
}

TEST_CASE("what is told beside a running turn is in its place, whoever reads from wherever") {
    told_conversation w;
    const auto turn = w.accept();
    w.say("one ");
    w.tell(turn, {progress("1"), progress("2")});
    w.say("two");
    w.finish();
    for (std::uint64_t seq = 0; seq <= w.state.last_seq(); ++seq) {
        CAPTURE(seq);
        const auto read = w.read_after(seq);
        CHECK(read.size() == w.told.size() - seq);
        if (!read.empty()) CHECK(read.front().from_seq == seq + 1);
    }
}

TEST_CASE("a turn that is run again keeps what a workflow was told of beside it") {
    told_conversation w;
    const auto turn = w.accept();
    w.accept();
    w.say("lost with the process");
    w.tell(turn, {progress("kept")});
    w.add(*w.state.cancel_queued("trn_2", noon));
    w.crash();
    CHECK(w.workflow_events_after(0) == w.workflow_events_told());
    w.tell(turn, {progress("after the first start")});
    w.crash();
    w.say("whole");
    w.tell(turn, {progress("after the second")});
    w.finish();
    CHECK(w.workflow_events_after(0) == w.workflow_events_told());
    const auto all = seqs(w.read_after(0));
    CHECK(std::ranges::is_sorted(all));
    CHECK(std::ranges::adjacent_find(all) == all.end());
    SECTION("also for who had read up to any of them") {
        for (const auto& one : w.workflow_events_told()) {
            auto later = w.workflow_events_told();
            std::erase_if(later, [&](const auto& each) { return each.seq <= one.seq; });
            CHECK(w.workflow_events_after(one.seq) == later);
        }
    }
    SECTION("and another start finds the same") {
        const auto before = w.read_after(0);
        w.crash();
        CHECK(w.read_after(0) == before);
    }
    CHECK(messages_of(w.journal).at(1).content == "whole");
}

TEST_CASE("what was told is known again after a start, and far back forgotten") {
    told_conversation w;
    const auto turn = w.accept();
    w.finish();
    CHECK_FALSE(w.state.has_told(stream, 1));
    w.tell(turn, {progress("1")});
    w.tell(turn, {progress("2")});
    for (int starts = 0; starts < 2; ++starts) {
        CHECK(w.state.has_told(stream, 1));
        CHECK(w.state.has_told(stream, 2));
        CHECK_FALSE(w.state.has_told(stream, 3));
        CHECK_FALSE(w.state.has_told("workflow/wfl_2", 1));
        w.crash();
    }
    for (std::size_t i = 0; i < conversation::most_told; ++i)
        w.add(w.state.tell(turn, "workflow/other_" + std::to_string(i), 1, {}, noon));
    CHECK_FALSE(w.state.has_told(stream, 1));
}

TEST_CASE("messages are those of the turns, whatever workflows say between them") {
    told_conversation w;
    const auto first = w.accept();
    w.say("answer");
    w.tell(first, {progress("beside")});
    w.finish();
    w.tell(first, {step_result{{"wfl_1", "s1", "Look"}, step_result_status::waiting}});
    w.accept();
    w.tell(first, {progress("again")});
    const auto messages = messages_of(w.journal);
    REQUIRE(messages.size() == 4);
    CHECK(messages[1].content == "answer");
    CHECK(messages[1].status == "complete");
    CHECK(messages[3].content.empty());
    CHECK(messages[3].status == "pending");
}

TEST_CASE("a workflow's record that cannot be read tells nothing") {
    for (const auto* payload : {"", "[]", "{}", R"({"events":5})", R"({"events":[1,{}]})",
                                R"({"turnId":"trn_1","events":[{"seq":1,"event":{}}]})"}) {
        const journal_record record{1, kinds::told, payload, noon};
        CHECK(events_of({&record, 1}).empty());
        CHECK(highest_seq(record) == 0);
        conversation state{key};
        state.restore({&record, 1}, 4);
        CHECK(state.last_seq() == 4);
    }
}

TEST_CASE("seq never falls and nothing told of a workflow is lost, whatever happens") {
    CHECK(rc::check([] {
        told_conversation w;
        w.accept();
        for (const auto step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6))) {
            if (step == 0 && w.state.queue().size() < 3) w.accept();
            if (step == 1 && w.state.running()) w.say(std::string(400, 'x'));
            if (step == 2) w.tell("trn_1", {progress("a"), progress("b")});
            if (step == 3 && w.state.running()) {
                w.finish();
                w.next();
            }
            if (step == 4) w.crash();
            if (step == 5 && !w.state.queue().empty()) {
                const auto id = w.state.queue().front().turn_id;
                w.add(*w.state.cancel_queued(id, noon));
            }
        }
        const auto expected = w.workflow_events_told();
        const auto all = seqs(w.read_after(0));
        RC_ASSERT(std::ranges::is_sorted(all, std::less_equal{}));
        RC_ASSERT(w.workflow_events_after(0) == expected);
        for (const auto& one : w.told) {
            auto later = expected;
            std::erase_if(later, [&](const auto& each) { return each.seq <= one->value.seq; });
            RC_ASSERT(w.workflow_events_after(one->value.seq) == later);
        }
    }));
}
