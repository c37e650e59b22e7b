#include "domain/workflow/telling.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using perin::workflow::waits_for;

namespace {

using list = std::vector<std::string>;

/// What is told of the events, one after the other, by the kinds of the wire.
list told(const std::vector<workflow::event>& events) {
    workflow::definition of{"asks", 1, {}};
    of.steps.push_back({"s1", "Find a time"});
    of.steps.push_back({"s2", "Tell them"});
    of.steps.back().required = false;
    workflow::workflow_state state(of);
    list out;
    for (const auto& each : events) {
        for (const auto& body : workflow::told_of("wfl_1", state, each)) {
            auto line = std::string(kind_of(body));
            if (const auto* result = std::get_if<step_result>(&body))
                line += std::string(" ") + to_string(result->status);
            out.push_back(line);
        }
        state.apply(each, timestamp{});
    }
    return out;
}

workflow::begun in_a_conversation() {
    return {"asks", 1, nullptr, workflow::told_in{"cnv_1", "trn_1", "why", 0.8}};
}

}  // namespace

TEST_CASE("a workflow is told step by step") {
    CHECK(told({in_a_conversation(), workflow::step_started{"s1", 1},
                workflow::step_progress{"s1", "looking"}, workflow::step_done{"s1", 1},
                workflow::step_started{"s2", 1}, workflow::step_done{"s2", 2},
                workflow::completed{}}) ==
          list{"multi_step.initiated", "step.start", "step.progress", "step.result ok", "step.end",
               "step.start", "step.result ok", "step.end", "multi_step.complete"});
}

TEST_CASE("a step that waits, fails or is tried again is begun once for those who watch") {
    CHECK(told({in_a_conversation(), workflow::step_started{"s1", 1},
                workflow::step_waits{"s1", waits_for::answer}, workflow::step_answered{"s1", 4},
                workflow::step_started{"s1", 1},
                workflow::step_failed{"s1", error_code::unavailable, "", timestamp{}},
                workflow::step_started{"s1", 2}, workflow::step_done{"s1", 4}}) ==
          list{"multi_step.initiated", "step.start", "step.result waiting", "step.progress",
               "step.result ok", "step.end"});
}

TEST_CASE("a step that somebody has tried again begins again") {
    CHECK(told({in_a_conversation(), workflow::step_started{"s1", 1},
                workflow::step_failed{"s1", error_code::not_found, "gone", {}},
                workflow::failed{"s1", error_code::not_found}, workflow::step_retried{"s1"},
                workflow::step_started{"s1", 1}}) == list{"multi_step.initiated", "step.start",
                                                          "step.result failed", "step.end",
                                                          "multi_step.failed", "step.start"});
}

TEST_CASE("what people do to a workflow is told") {
    CHECK(told({in_a_conversation(), workflow::paused{"lunch"}, workflow::resumed{},
                workflow::step_started{"s1", 1}, workflow::step_done{"s1", 1},
                workflow::step_skipped{"s2"}, workflow::cancel_asked{},
                workflow::step_compensated{"s1"}, workflow::cancelled{}}) ==
          list{"multi_step.initiated", "multi_step.paused", "multi_step.resumed", "step.start",
               "step.result ok", "step.end", "step.result skipped", "step.end", "step.progress",
               "multi_step.cancelled"});
}

TEST_CASE("a workflow that began in no conversation begins silently") {
    CHECK(told({workflow::begun{"asks", 1, nullptr, {}}}).empty());
}
