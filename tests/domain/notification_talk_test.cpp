#include "domain/notification_talk.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>

using namespace perin;

namespace {

open_notification approval(const std::string& id, const std::string& title) {
    return {id, std::string(tool_approval), title, {"approve", "refuse"}};
}

const std::vector<open_notification> one{approval("ntf_1", "Cancel Lunch with Anna")};
const std::vector<open_notification> two{approval("ntf_1", "Cancel Lunch with Anna"),
                                         approval("ntf_2", "Book Dentist on Friday")};

std::string action_of(const std::string& message, const std::vector<open_notification>& open) {
    const auto found = answer_in(message, open);
    return found ? found->id + " " + found->action : "none";
}

}  // namespace

TEST_CASE("a message that is an answer decides the only open notification") {
    const auto message =
        GENERATE(as<std::string>{}, "yes", "Yes.", "YES!", "yes please", "yep", "Okay, go ahead",
                 "go ahead", "Please do it.", "approve", "approve it", "I approve",
                 "Yes, approve that please", "sure, go for it", "of course", "sounds good",
                 "accept", "confirm it", "yes, the lunch one", "approve lunch with Anna",
                 "ok perin, approve the request", "do it, thanks", "sure", "ok yes");
    CAPTURE(message);
    CHECK(action_of(message, one) == "ntf_1 approve");
}

TEST_CASE("a message that says no refuses") {
    const auto message =
        GENERATE(as<std::string>{}, "no", "No.", "nope", "no thanks", "refuse", "no, refuse it",
                 "reject it please", "decline", "don't", "do not do it", "Don\xe2\x80\x99t do it",
                 "please don't approve it", "do not go ahead", "rather not", "ok, refuse it",
                 "refuse the lunch one");
    CAPTURE(message);
    CHECK(action_of(message, one) == "ntf_1 refuse");
}

TEST_CASE("what is more than an answer, less, or both at once decides nothing") {
    const auto message = GENERATE(
        as<std::string>{}, "", "   ", "yes, but move it to four", "yes?", "shall I say no?",
        "what is waiting", "no, go ahead", "yes no", "don't refuse it", "not yet", "maybe",
        "approve the dinner one", "tell Bert that I said yes", "the lunch one", "thanks", "ok",
        "Okay, thanks", "fine", "I would say yes if the room was free", "yesterday", "know",
        "approve everything", "remember that I approve of lunch");
    CAPTURE(message);
    CHECK(action_of(message, one) == "none");
    CHECK(action_of(message, {}) == "none");
}

TEST_CASE("of several the one that is named is meant, and none where it is not clear") {
    CHECK(action_of("yes", two) == "none");
    CHECK(action_of("no", two) == "none");
    CHECK(action_of("approve it", two) == "none");
    CHECK(action_of("approve the lunch one", two) == "ntf_1 approve");
    CHECK(action_of("Refuse the dentist, please", two) == "ntf_2 refuse");
    CHECK(action_of("yes, the Friday one", two) == "ntf_2 approve");
    CHECK(action_of("approve lunch and dentist", two) == "none");
}

TEST_CASE("quotation marks and dashes of any kind part words") {
    for (const auto* title : {"Put \u2018Lunch\u2019 into the calendar",
                              "Put \u201cLunch\u201d there", "Put \u00abLunch\u00bb there",
                              "Friday\u2014Lunch", "\"Lunch\"", "\u00c9l\u00e9onore\u2019s Lunch"})
        CHECK(action_of("approve the lunch one", {approval("ntf_1", title)}) == "ntf_1 approve");
    CHECK(action_of("yes, \u00c9l\u00e9onore", {approval("ntf_1", "\u00c9l\u00e9onore")}) ==
          "ntf_1 approve");
}

TEST_CASE("a mere yes does not reach into another conversation, a named decision does") {
    auto open = one;
    open[0].elsewhere = true;
    CHECK(action_of("yes", open) == "none");
    CHECK(action_of("sure", open) == "none");
    CHECK(action_of("approve it", open) == "ntf_1 approve");
    CHECK(action_of("yes, the lunch one", open) == "ntf_1 approve");
    open.push_back(approval("ntf_2", "Book Dentist on Friday"));
    CHECK(action_of("yes", open) == "ntf_2 approve");
}

TEST_CASE("other notifications are answered by the names of their actions") {
    const std::vector<open_notification> open{
        {"ntf_9", "meeting_proposal", "Anna proposes Monday", {"accept", "decline", "snooze"}}};
    CHECK(action_of("yes", open) == "ntf_9 accept");
    CHECK(action_of("no", open) == "ntf_9 decline");
    CHECK(action_of("snooze it", open) == "ntf_9 snooze");
    CHECK(action_of("archive it", open) == "none");
    CHECK(action_of("yes", {{"ntf_9", "note", "Hello", {"dismiss"}}}) == "none");
}

TEST_CASE("a long text is no answer") {
    CHECK(action_of("yes" + std::string(400, ' '), one) == "none");
    CHECK(action_of("yes" + std::string(40, ' '), one) == "ntf_1 approve");
}

TEST_CASE("of any text at most an action that is offered comes, and none past an unknown word") {
    CHECK(rc::check([](const std::string& text) {
        const auto found = answer_in(text, two);
        if (found) {
            RC_ASSERT(found->id == "ntf_1" || found->id == "ntf_2");
            RC_ASSERT(found->action == "approve" || found->action == "refuse");
        }
        RC_ASSERT(!answer_in(text + " zebra", one));
    }));
}
