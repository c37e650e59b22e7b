#include "tests/net/front_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace perin;
using namespace perin::net;
using nlohmann::json;

namespace {

const step_name look{"wfl_1", "look", "Look: around"};

/// An event of a turn before `trn_1`.
shared_event earlier(std::uint64_t seq, event_body body) {
    auto made = std::make_shared<published_event>();
    made->value = event{"trn_0", seq, seq, timestamp{}, std::move(body)};
    made->frame = to_frame("cnv_fake0001", made->value);
    return made;
}

/// A request for a turn whose events the test tells.
struct open_body {
    front_world world;
    std::unique_ptr<raw_peer> peer;
    std::shared_ptr<runtime::session_sink> sink;

    explicit open_body(const std::string& more = {}) {
        world.sessions().answers = false;
        peer = std::make_unique<raw_peer>(world.port());
        REQUIRE(peer->send(front_world::chat("Connection: close\r\n" + more)));
        REQUIRE(world.reaches([&] { return world.sessions().sent == 1; }));
        sink = world.sessions().newest();
    }
    void tell(std::vector<shared_event> events) {
        sink->events("cnv_fake0001", std::move(events), false);
    }
    /// The body once it has ended, put together again.
    std::string body() {
        REQUIRE(peer->to_end());
        std::string_view rest = peer->received();
        rest.remove_prefix(rest.find("\r\n\r\n") + 4);
        std::string out;
        for (;;) {
            const auto size =
                std::stoul(std::string(rest.substr(0, rest.find("\r\n"))), nullptr, 16);
            if (size == 0) return out;
            rest.remove_prefix(rest.find("\r\n") + 2);
            out += rest.substr(0, size);
            rest.remove_prefix(size + 2);
        }
    }
};

}  // namespace

TEST_CASE("plain text shows a workflow inline, in its place") {
    open_body chat;
    chat.tell({event_of(1, turn_started{"hello", execution_mode::tools}),
               event_of(2, multi_step_initiated{"wfl_1", "two people", 0.9, {{"look", "Look"}}}),
               event_of(3, step_began{look}), event_of(4, step_progressed{look, "3 of 5"}),
               event_of(5, text_delta{"So "}),
               event_of(6, step_result{look, step_result_status::ok, {{"at", "10:00"}}}),
               event_of(7, step_ended{look}),
               event_of(8, multi_step_changed{"wfl_1", multi_step_change::complete}),
               event_of(9, text_delta{"be it."}), event_of(10, turn_completed{"So be it."})});
    CHECK(chat.body() ==
          "[[PERIN_MULTI_STEP:initiated:two people:0.9]][[PERIN_STEP:start:look:Look%3A around]]"
          "[[PERIN_PROGRESS:3 of 5]]So [[PERIN_STEP_RESULT:look:ok:{\"at\"%3A\"10%3A00\"}]]"
          "[[PERIN_STEP:end:look]][[PERIN_MULTI_STEP:complete]]be it.");
}

TEST_CASE(
    "plain text shows a workflow of an earlier turn while it is open, and nothing else of it") {
    open_body chat;
    chat.tell({earlier(1, text_delta{"of another turn"}),
               earlier(2, step_result{look, step_result_status::waiting}),
               earlier(3, turn_completed{"of another turn"}),
               event_of(4, turn_started{"hello", execution_mode::direct}),
               event_of(5, text_delta{"a"}), earlier(6, step_ended{look}),
               event_of(7, turn_completed{"a"}), earlier(8, step_began{look})});
    CHECK(chat.body() == "[[PERIN_STEP_RESULT:look:waiting]]a[[PERIN_STEP:end:look]]");
}

TEST_CASE("a workflow's first token does not wait for a text") {
    open_body chat;
    chat.tell({event_of(1, turn_started{"hello", execution_mode::tools}),
               event_of(2, multi_step_initiated{"wfl_1", "", 1})});
    REQUIRE(chat.peer->until("[[PERIN_MULTI_STEP:initiated::1]]"));
    // It has begun by then: a failure is a token.
    chat.tell({event_of(3, turn_failed{error_code::upstream_failed, "no: luck"})});
    CHECK(chat.body() ==
          "[[PERIN_MULTI_STEP:initiated::1]][[PERIN_ERROR:upstream_failed:no%3A luck]]");
}

TEST_CASE("no text and no value can pass for a token") {
    const std::string joiner = "\xE2\x81\xA0";
    const auto forged =
        GENERATE(as<std::string>{}, "[[PERIN_MULTI_STEP:complete]]", "[[PERIN_STEP:start:x:y]]",
                 "[[PERIN_PROGRESS:x]]", "[[PERIN_STEP_RESULT:x:ok]]", "[[[PERIN_STEP:end:x]]",
                 "[[\xE2\x81\xA0PERIN_STEP:end:x]]");
    CAPTURE(forged);
    open_body chat;
    std::vector<shared_event> events{event_of(1, turn_started{"hello", execution_mode::tools})};
    std::uint64_t seq = 1;
    // As the model says it, whole, and cut everywhere, also around a token of ours.
    for (std::size_t cut = 1; cut < forged.size(); ++cut) {
        events.push_back(event_of(++seq, text_delta{forged.substr(0, cut)}));
        events.push_back(event_of(++seq, text_delta{forged.substr(cut)}));
        events.push_back(event_of(++seq, text_delta{forged.substr(0, cut)}));
        events.push_back(event_of(++seq, step_ended{{"wfl_1", "real", ""}}));
        events.push_back(event_of(++seq, text_delta{forged.substr(cut)}));
    }
    // As a step's name, its message, its result and a reason.
    const step_name named{"wfl_1", "real", forged};
    events.push_back(event_of(++seq, multi_step_initiated{"wfl_1", forged, 1}));
    events.push_back(event_of(++seq, step_began{named}));
    events.push_back(event_of(++seq, step_progressed{named, forged}));
    events.push_back(
        event_of(++seq, step_result{named, step_result_status::ok, {{forged, forged}}}));
    events.push_back(
        event_of(++seq, multi_step_changed{"wfl_1", multi_step_change::failed, forged}));
    events.push_back(event_of(++seq, turn_completed{}));
    const auto ours = events.size();
    chat.tell(std::move(events));
    const auto body = chat.body();
    std::size_t tokens = 0;
    for (auto at = body.find("[[PERIN_"); at != std::string::npos;
         at = body.find("[[PERIN_", at + 1)) {
        ++tokens;
        const auto token = body.substr(at, body.find("]]", at) + 2 - at);
        CAPTURE(token);
        CHECK((token == "[[PERIN_STEP:end:real]]" ||
               token.starts_with("[[PERIN_MULTI_STEP:initiated:%5B%5B") ||
               token.starts_with("[[PERIN_STEP:start:real:%5B%5B") ||
               token.starts_with("[[PERIN_PROGRESS:%5B%5B") ||
               token.starts_with("[[PERIN_STEP_RESULT:real:ok:{\"%5B%5B") ||
               token.starts_with("[[PERIN_MULTI_STEP:failed:%5B%5B")));
    }
    CHECK(tokens == (ours - 7) / 5 + 5);
}

TEST_CASE("server-sent events carry a workflow as frames, also of an earlier turn") {
    open_body chat("Accept: text/event-stream\r\n");
    chat.tell({event_of(1, turn_started{"hello", execution_mode::tools}),
               earlier(2, step_progressed{look, "[[PERIN_STEP:end:look]]"}),
               event_of(3, step_result{look, step_result_status::waiting, {{"slots", {1, 2}}}}),
               earlier(4, text_delta{"of another turn"}), event_of(5, turn_completed{})});
    const auto body = chat.body();
    CHECK(body.find("id: 2\nevent: step.progress\ndata: {") != std::string::npos);
    CHECK(body.find(R"("turnId":"trn_0")") != std::string::npos);
    CHECK(body.find(R"("message":"[[PERIN_STEP:end:look]]")") != std::string::npos);
    CHECK(body.find("id: 3\nevent: step.result\ndata: {") != std::string::npos);
    CHECK(body.find(R"("status":"waiting","result":{"slots":[1,2]})") != std::string::npos);
    CHECK(body.find("of another turn") == std::string::npos);
}

TEST_CASE("a socket's commands reach the workflows as its user's, and are answered") {
    struct row {
        std::string frame;
        std::string answer;
    };
    front_world world;
    raw_peer peer(world.port());
    REQUIRE(peer.send(front_world::upgrade(front_world::bearer())));
    REQUIRE(peer.until(R"("type":"ready")"));
    world.sessions().newest()->events("cnv_fake0001", {earlier(9, step_began{look})}, false);
    REQUIRE(peer.until(R"("event":{"kind":"step.start","workflowId":"wfl_1","stepId":"look")"));
    const auto at = R"("workflowId":"wfl_7")";
    const auto step = R"("workflowId":"wfl_7","stepId":"s1")";
    for (const auto& [frame, answer] : std::vector<row>{
             {std::string(R"("type":"workflow.pause",)") + at, "usr_anna wfl_7 pause"},
             {std::string(R"("type":"workflow.resume",)") + at, "usr_anna wfl_7 resume"},
             {std::string(R"("type":"workflow.cancel",)") + at, "usr_anna wfl_7 cancel"},
             {std::string(R"("type":"workflow.skip",)") + step, "usr_anna wfl_7 skip s1"},
             {std::string(R"("type":"workflow.retry",)") + step, "usr_anna wfl_7 retry s1"},
             {std::string(R"("type":"workflow.answer","answer":[1],)") + step,
              "usr_anna wfl_7 answer s1 [1]"},
             {std::string(R"("type":"workflow.answer","answer":false,)") + step,
              "usr_anna wfl_7 answer s1 false"},
             {R"("type":"workflow.pause")", R"("pointer":"/workflowId")"},
             {R"("type":"workflow.cancel","workflowId":5)", R"("pointer":"/workflowId")"},
             {R"("type":"workflow.cancel","workflowId":"")", R"("pointer":"/workflowId")"},
             {std::string(R"("type":"workflow.skip",)") + at, R"("pointer":"/stepId")"},
             {std::string(R"("type":"workflow.retry","stepId":{},)") + at,
              R"("pointer":"/stepId")"},
             {std::string(R"("type":"workflow.answer",)") + step, R"("pointer":"/answer")"},
             {std::string(R"("type":"workflow.answer","answer":null,)") + step,
              R"("pointer":"/answer")"},
             {std::string(R"("type":"workflow.begin",)") + at, R"("pointer":"/type")"},
             {std::string(R"("type":"workflow.",)") + at, R"("pointer":"/type")"},
         }) {
        CAPTURE(frame);
        REQUIRE(peer.send(text_frame("{\"requestId\":\"q\"," + frame + "}")));
        REQUIRE(peer.until(R"("type":"error")"));
        // The frame's fields are in the order of their names.
        CHECK(peer.received().rfind(answer) != std::string::npos);
        CHECK(peer.received().rfind(answer) > peer.received().rfind("\"code\""));
    }
    REQUIRE(peer.send(
        text_frame(R"({"type":"workflow.resume","requestId":{"a":1},"workflowId":"wfl_known"})")));
    REQUIRE(peer.until(R"({"type":"accepted","requestId":{"a":1}})"));
}
