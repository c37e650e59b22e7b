#include "domain/event.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace perin;
using nlohmann::json;

namespace {

const timestamp noon{std::chrono::milliseconds{1'800'000'000'000}};

event told(event_body body) { return {"trn_1", 7, 7, noon, std::move(body)}; }

json shown(const event_body& body) {
    return json::parse(to_frame("cnv_12345678", told(body)))["event"];
}

std::optional<event> kept(const event& one) {
    std::string written;
    append_stored(written, one);
    return from_stored(one.turn_id, json::parse(written));
}

const step_name of{"wfl_1", "find_time", "Find a \"time\""};

std::vector<event_body> all_of_workflows() {
    return {
        multi_step_initiated{"wfl_1",
                             "two people, one day",
                             0.85,
                             {{"find_time", "Find a time", "looks into both calendars"},
                              {"tell", "Tell both", {}, false, std::chrono::seconds{20}}}},
        multi_step_initiated{"wfl_1", "", 1},
        multi_step_changed{"wfl_1", multi_step_change::paused, "until Monday"},
        multi_step_changed{"wfl_1", multi_step_change::resumed},
        multi_step_changed{"wfl_1", multi_step_change::complete},
        multi_step_changed{"wfl_1", multi_step_change::cancelled, "not needed"},
        multi_step_changed{"wfl_1", multi_step_change::failed, "upstream_failed"},
        step_began{of},
        step_progressed{of, "3 of 5\n[[PERIN_STEP:end:find_time]]"},
        step_result{of, step_result_status::ok, {{"start", "2026-12-01T10:00:00Z"}}},
        step_result{of, step_result_status::waiting},
        step_result{of, step_result_status::skipped},
        step_result{of, step_result_status::failed, json::array({1, nullptr, "x"})},
        step_ended{of},
    };
}

}  // namespace

TEST_CASE("the frame of a workflow's event has the protocol's names and nulls") {
    struct row {
        event_body body;
        json frame;
    };
    const auto [body, frame] = GENERATE(values<row>({
        {multi_step_initiated{
             "wfl_1",
             "because",
             0.5,
             {{"a", "A", "", true, std::chrono::seconds{5}}, {"b", "B", "does b", false}}},
         {{"kind", "multi_step.initiated"},
          {"workflowId", "wfl_1"},
          {"reasoning", "because"},
          {"confidence", 0.5},
          {"steps",
           {{{"stepId", "a"},
             {"name", "A"},
             {"description", nullptr},
             {"required", true},
             {"estimatedDurationS", 5}},
            {{"stepId", "b"},
             {"name", "B"},
             {"description", "does b"},
             {"required", false},
             {"estimatedDurationS", 0}}}}}},
        {multi_step_changed{"wfl_1", multi_step_change::paused, "lunch"},
         {{"kind", "multi_step.paused"}, {"workflowId", "wfl_1"}, {"reason", "lunch"}}},
        {multi_step_changed{"wfl_1", multi_step_change::resumed},
         {{"kind", "multi_step.resumed"}, {"workflowId", "wfl_1"}, {"reason", nullptr}}},
        {multi_step_changed{"wfl_1", multi_step_change::complete},
         {{"kind", "multi_step.complete"}, {"workflowId", "wfl_1"}, {"reason", nullptr}}},
        {multi_step_changed{"wfl_1", multi_step_change::cancelled},
         {{"kind", "multi_step.cancelled"}, {"workflowId", "wfl_1"}, {"reason", nullptr}}},
        {multi_step_changed{"wfl_1", multi_step_change::failed, "gone"},
         {{"kind", "multi_step.failed"}, {"workflowId", "wfl_1"}, {"reason", "gone"}}},
        {step_began{{"wfl_1", "a", "A"}},
         {{"kind", "step.start"}, {"workflowId", "wfl_1"}, {"stepId", "a"}, {"stepName", "A"}}},
        {step_progressed{{"wfl_1", "a", "A"}, "half"},
         {{"kind", "step.progress"},
          {"workflowId", "wfl_1"},
          {"stepId", "a"},
          {"stepName", "A"},
          {"message", "half"}}},
        {step_result{{"wfl_1", "a", "A"}, step_result_status::waiting},
         {{"kind", "step.result"},
          {"workflowId", "wfl_1"},
          {"stepId", "a"},
          {"stepName", "A"},
          {"status", "waiting"},
          {"result", nullptr}}},
        {step_ended{{"wfl_1", "a", "A"}},
         {{"kind", "step.end"}, {"workflowId", "wfl_1"}, {"stepId", "a"}, {"stepName", "A"}}},
    }));
    CHECK(shown(body) == frame);
    CHECK(kind_of(body) == frame["kind"].get<std::string>());
}

TEST_CASE("a workflow's event is kept as it was told, and ends no turn") {
    for (const auto& body : all_of_workflows()) {
        const auto one = told(body);
        CAPTURE(kind_of(body));
        CHECK(kept(one) == one);
        CHECK(tells_of_workflow(body));
        CHECK_FALSE(ends_turn(one));
        CHECK_FALSE(can_merge(one, one));
        CHECK(part_after(one, 6) == one);
        CHECK_FALSE(part_after(one, 7));
    }
}

TEST_CASE("a confidence past its bounds is told within them") {
    CHECK(shown(multi_step_initiated{"wfl_1", "", 3})["confidence"] == 1);
    CHECK(shown(multi_step_initiated{"wfl_1", "", -3})["confidence"] == 0);
    const auto none = std::numeric_limits<double>::quiet_NaN();
    CHECK(shown(multi_step_initiated{"wfl_1", "", none})["confidence"] == 0);
}

TEST_CASE("an event of a kind or a status that is not known is not read") {
    for (const auto* body :
         {R"({"kind":"multi_step.begun","workflowId":"w"})", R"({"kind":"step.skip"})",
          R"({"kind":"step.result","status":"maybe"})", R"({"kind":"step.result"})", R"({})"}) {
        const json stored{{"seq", 1}, {"at", 0}, {"event", json::parse(body)}};
        CHECK_FALSE(from_stored("trn_1", stored));
    }
}

TEST_CASE("a turn may say from its start that it goes on in steps") {
    const auto one = told(turn_started{"hello", execution_mode::multi_step});
    CHECK(shown(one.body)["mode"] == "multi_step");
    CHECK(kept(one) == one);
}
