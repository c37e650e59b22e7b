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

/// The assistant has just asked for all of them.
std::vector<chat_message> asked_for(const std::vector<open_notification>& open) {
    std::string text = "I need your approval:";
    for (const auto& each : open) text += "\n- " + each.title;
    return {{chat_role::user, "go on"}, {chat_role::assistant, text}};
}

std::string action_of(const std::string& message, const std::vector<open_notification>& open) {
    const auto found = answer_in(message, open, asked_for(open));
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

TEST_CASE("a mere yes decides only what the assistant asked for last") {
    const auto decides = [](const std::string& last, const std::vector<open_notification>& open) {
        const std::vector<chat_message> history{{chat_role::user, "cancel lunch"},
                                                {chat_role::assistant, last}};
        const auto yes = answer_in("yes", open, history);
        const auto no = answer_in("no, thanks", open, history);
        REQUIRE(yes.has_value() == no.has_value());
        return yes ? yes->id + " " + yes->action : std::string("none");
    };
    const auto asks = GENERATE(
        as<std::string>{},
        "This needs your approval first: \u201cCancel Lunch with Anna\u201d. Say yes or no.",
        "Shall I cancel your lunch with Anna?", "I wait for your yes.",
        "One notification is open:\n- \u201cCancel Lunch with Anna\u201d: say \u201capprove\u201d",
        "Lunch is on Friday. Do you approve?", "A yes or a no is enough.");
    CHECK(decides(asks, one) == "ntf_1 approve");
    const auto speaks_of_else = GENERATE(
        as<std::string>{}, "Vienna is the capital of Austria.", "", "You are welcome!",
        "I have noted lunch with Anna. Shall I book the dentist?", "Do you want to hear a joke?",
        "Your lunch with Anna is at noon.", "I can cancel lunch. Which Anna do you mean?");
    CHECK(decides(speaks_of_else, one) == "none");
    CHECK(decides("I need your approval to cancel lunch with Anna.", two) == "ntf_1 approve");
    CHECK(decides("Shall I book the dentist on Friday?", two) == "ntf_2 approve");
    CHECK(decides("I wait for your approval.", two) == "none");
    auto elsewhere = one;
    elsewhere[0].elsewhere = true;
    CHECK(decides("I need your approval to cancel lunch with Anna.", elsewhere) == "none");
}

TEST_CASE("a mere yes decides nothing where the assistant was not the last to speak") {
    CHECK_FALSE(answer_in("yes", one, {}));
    const std::vector<chat_message> interrupted{{chat_role::assistant, "I wait for your yes."},
                                                {chat_role::user, "what is new?"}};
    CHECK_FALSE(answer_in("yes", one, interrupted));
}

TEST_CASE("a decision that names what it is about needs no question before it") {
    const std::vector<chat_message> history{{chat_role::assistant, "You are welcome!"}};
    CHECK(answer_in("approve it", one, history) == notification_answer{"ntf_1", "approve"});
    CHECK(answer_in("yes, the lunch one", one, history) == notification_answer{"ntf_1", "approve"});
    CHECK(answer_in("refuse the dentist", two, history) == notification_answer{"ntf_2", "refuse"});
}

TEST_CASE("a mere yes or no is known, and what may decide") {
    for (const auto* mere : {"yes", "No.", "sure, go ahead", "please don't"}) {
        INFO(mere);
        CHECK(is_mere_decision(mere));
        CHECK_FALSE(may_decide(mere, {}));
        CHECK(may_decide(mere, std::vector<chat_message>{{chat_role::assistant, "Shall I?"}}));
        CHECK_FALSE(
            may_decide(mere, std::vector<chat_message>{{chat_role::assistant, "It is noon."}}));
    }
    for (const auto* more : {"approve it", "yes, the lunch one", "refuse lunch"}) {
        INFO(more);
        CHECK_FALSE(is_mere_decision(more));
        CHECK(may_decide(more, {}));
    }
    for (const auto* neither : {"hello", "", "yes?", "yes no", "ok"}) {
        INFO(neither);
        CHECK_FALSE(is_mere_decision(neither));
        CHECK_FALSE(may_decide(neither, {}));
    }
}

TEST_CASE("whatever decides may have decided") {
    const std::vector<chat_message> history{{chat_role::assistant, "I wait for your yes."}};
    CHECK(rc::check([&](const std::string& text) {
        for (const auto& said : {text, "yes " + text, "refuse " + text})
            if (answer_in(said, two, history)) RC_ASSERT(may_decide(said, history));
    }));
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
        const auto found = answer_in(text, two, asked_for(two));
        if (found) {
            RC_ASSERT(found->id == "ntf_1" || found->id == "ntf_2");
            RC_ASSERT(found->action == "approve" || found->action == "refuse");
        }
        RC_ASSERT(!answer_in(text + " zebra", one, asked_for(one)));
    }));
}
