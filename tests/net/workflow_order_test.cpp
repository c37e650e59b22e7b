#include "net/front/workflow_order.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::net;
using namespace perin::runtime;

TEST_CASE("a guest answers, and gives no other command") {
    CHECK(guest_may(answer_step{"s1", 1}));
    CHECK_FALSE(guest_may(pause_workflow{}));
    CHECK_FALSE(guest_may(resume_workflow{}));
    CHECK_FALSE(guest_may(cancel_workflow{}));
    CHECK_FALSE(guest_may(skip_step{"s1"}));
    CHECK_FALSE(guest_may(retry_step{"s1"}));
}

TEST_CASE("a command names nobody but the workflow and the step") {
    const nlohmann::json frame{{"type", "workflow.skip"}, {"workflowId", "wfl_1"},
                               {"stepId", "s1"},          {"userId", "usr_other"},
                               {"user_id", "usr_other"},  {"conversationId", "cnv_other"}};
    const auto read = read_workflow_command("workflow.skip", frame);
    REQUIRE(read);
    CHECK(read->id == "wfl_1");
    CHECK(read->user_id.empty());
    CHECK(read->conversations.empty());
    CHECK_FALSE(read->by_guest);
}
