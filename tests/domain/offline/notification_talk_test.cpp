#include "domain/notification_talk.hpp"

#include "tests/domain/offline/offline_world.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace {

using namespace perin;
using namespace perin::offline_world;
using nlohmann::json;

open_notification approval(std::string id, std::string title) {
    return {.id = std::move(id),
            .type = std::string(tool_approval),
            .title = std::move(title),
            .actions = {"approve", "refuse"}};
}

json resolved(const char* type, const char* title) {
    return {{"status", "resolved"}, {"notification", {{"type", type}, {"title", title}}}};
}

}  // namespace

TEST_CASE("open notifications are told with what can be said to them") {
    talk one;
    for (const char* text : {"what notifications do I have?", "Do I have any notifications?",
                             "show my notifications", "list notifications", "my notifications",
                             "what is waiting for me?", "anything to approve?"}) {
        INFO(text);
        one.context.notifications.clear();
        CHECK(one.say(text).name.empty());
        CHECK(one.answer() == "You have no open notifications.");
        one.context.notifications = {approval("ntf_1", "Cancel Lunch")};
        CHECK(one.say(text).name.empty());
        CHECK(one.answer() ==
              "One notification is open:\n- \xE2\x80\x9C"
              "Cancel Lunch\xE2\x80\x9D: say \xE2\x80\x9C"
              "approve\xE2\x80\x9D or \xE2\x80\x9Crefuse\xE2\x80\x9D");
    }
}

TEST_CASE("a decision that the rules found is carried out") {
    talk one;
    one.context.notifications = {approval("ntf_1", "Cancel Lunch")};
    one.context.answered = notification_answer{"ntf_1", "approve"};
    auto call = one.say("yes");
    CHECK(call.name == "notifications_resolve");
    CHECK(arguments_of(call) == json({{"notificationId", "ntf_1"}, {"action", "approve"}}));
    CHECK(one.result(resolved("tool_approval", "Cancel Lunch")) ==
          "You have approved it: \xE2\x80\x9C"
          "Cancel Lunch\xE2\x80\x9D. I shall tell you here what came of it.");
    one.context.answered = notification_answer{"ntf_1", "refuse"};
    CHECK(arguments_of(one.say("no, refuse it"))["action"] == "refuse");
    CHECK(one.result(resolved("tool_approval", "Cancel Lunch")) ==
          "You have refused it: \xE2\x80\x9C"
          "Cancel Lunch\xE2\x80\x9D. It will not be done.");
    one.context.answered = notification_answer{"ntf_2", "later"};
    one.say("later");
    CHECK(one.result(resolved("hint", "Tea")) ==
          "That is settled: \xE2\x80\x9CTea\xE2\x80\x9D, with \xE2\x80\x9Clater\xE2\x80\x9D.");
}

TEST_CASE("a decision that failed is told") {
    const std::vector<std::pair<const char*, const char*>> table{
        {"conflict", "That was decided before, so nothing was changed."},
        {"gone", "That has expired, so nothing was done."},
        {"not_found", "I found no such notification."},
        {"forbidden", "That only you can decide: say so in your own words."},
    };
    for (const auto& [code, expected] : table) {
        talk one;
        one.context.answered = notification_answer{"ntf_1", "approve"};
        one.say("yes");
        CHECK(one.result({{"error", {{"code", code}, {"message", "x"}}}}) == expected);
    }
}

TEST_CASE("yes and no decide nothing that the rules did not find") {
    talk one;
    one.context.notifications = {approval("ntf_1", "Cancel Lunch"),
                                 approval("ntf_2", "Cancel Dinner")};
    for (const char* text : {"yes", "no", "ok", "approve it", "refuse", "approve"}) {
        INFO(text);
        CHECK(one.say(text).name.empty());
    }
    CHECK_THAT(one.answer(), Catch::StartsWith("Which one do you mean?") &&
                                 Catch::Contains("Cancel Lunch") &&
                                 Catch::Contains("Cancel Dinner"));
    one.context.notifications.clear();
    CHECK(one.say("approve it").name.empty());
    CHECK(one.answer() == "Nothing waits for your decision.");
}

TEST_CASE("a yes to nothing that was asked is asked back, where something waits here") {
    talk one;
    one.say("thank you");
    CHECK(one.answer().starts_with("You are welcome!"));
    one.context.notifications = {approval("ntf_1", "Cancel Lunch")};
    CHECK(one.say("yes").name.empty());
    CHECK(one.answer() ==
          "One thing waits for your decision:\n- \xE2\x80\x9C"
          "Cancel Lunch\xE2\x80\x9D: say \xE2\x80\x9C"
          "approve\xE2\x80\x9D or \xE2\x80\x9Crefuse\xE2\x80\x9D");
    // And then it is one.
    CHECK(answer_in("yes", one.context.notifications, one.history()) ==
          notification_answer{"ntf_1", "approve"});
    one.context.notifications.push_back(approval("ntf_2", "Cancel Dinner"));
    one.say("thank you");
    for (const char* text : {"no", "sure", "yes please"}) {
        INFO(text);
        CHECK(one.say(text).name.empty());
        CHECK(one.answer().starts_with("Which one do you mean?"));
        CHECK_FALSE(answer_in(text, one.context.notifications, one.history()));
    }
}

TEST_CASE("a yes that answers another question, or with nothing open here, stays what it is") {
    talk one;
    one.context.notifications = {approval("ntf_1", "Cancel Lunch")};
    one.say("cancel my standup");
    one.result({{"status", "which"},
                {"timezone", "Europe/Vienna"},
                {"question", "It repeats: only the next one, or the whole series?"},
                {"choices", {slot("2026-12-07T09:00", "2026-12-07T09:15", "Standup")}}});
    one.say("no");
    CHECK(one.answer() == "All right. I have changed nothing in your calendar.");
    one.context.notifications[0].elsewhere = true;
    one.say("yes");
    CHECK(one.answer().starts_with("All right."));
}
