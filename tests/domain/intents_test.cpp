#include "domain/intents.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>

using namespace perin;
using strings = std::vector<std::string>;

TEST_CASE("what asks for something to be done is actionable") {
    const auto* const message = GENERATE(
        "Remember that I like tea", "please remember my birthday", "call memory_remember for me",
        "Forget my old address", "memory_forget coffee", "schedule a call with Anna",
        "Can you book a table?", "book me a room", "Please book Friday at ten",
        "I want to book something", "send a meeting invite to Bob", "reschedule it to Monday",
        "cancel my meeting with Eve", "Cancel tomorrow's appointment", "move the meeting to Friday",
        "Note that I am vegan", "make a note: buy milk", "What do you know about me?",
        "do you remember my name?", "remind me to call mum", "don't forget the milk",
        "set up a meeting with Zoe", "put lunch with Jo on my calendar", "network_schedule_meeting",
        "calendar_create_solo_event", "delegation_check_availability", "notifications_resolve",
        "approve the request", "find a slot for us", "save that my sister is Anna",
        "please save a note: buy milk", "delete your note about Anna", "Delete my note about tea",
        "delete what you know about my job");
    CAPTURE(message);
    CHECK(is_actionable(message));
}

TEST_CASE("plain talk is not actionable") {
    const auto* const message =
        GENERATE("", "tell me a joke", "turn 3 says hello", "Hello!", "How are you?",
                 "I read a good book about Rome", "the book is on the table", "book 3 was boring",
                 "what is the capital of France?", "Write a poem about the sea", "forget it",
                 "move on", "cancel culture is a topic", "my notebook is full",
                 "thanks, that helped", "I booked nothing", "save money",
                 "delete the file on my desk", "how does photosynthesis work", "?!\xFF\xFE");
    CAPTURE(message);
    CHECK_FALSE(is_actionable(message));
}

TEST_CASE("the mode follows specialization, delegation and words") {
    using mode = execution_mode;
    CHECK(decide_mode("tell me a joke", std::nullopt, false) == mode::direct);
    CHECK(decide_mode("tell me a joke", "memory", false) == mode::direct);
    CHECK(decide_mode("tell me a joke", "negotiation", false) == mode::direct);
    CHECK(decide_mode("tell me a joke", "scheduling", false) == mode::tools);
    CHECK(decide_mode("tell me a joke", std::nullopt, true) == mode::tools);
    CHECK(decide_mode("remember this", std::nullopt, false) == mode::tools);
    CHECK(to_string(mode::direct) == std::string("direct"));
    CHECK(to_string(mode::tools) == std::string("tools"));
    CHECK(to_string(mode::multi_step) == std::string("multi_step"));
}

TEST_CASE("a short answer to what was asked back about a request needs the tools too") {
    using messages = std::vector<chat_message>;
    const auto says = [](const char* text) { return chat_message{chat_role::user, text}; };
    const auto told = [](const char* text) { return chat_message{chat_role::assistant, text}; };
    const messages asked{says("book lunch with Anna"), told("When shall I book it?")};
    for (const char* reply : {"tomorrow at noon", "3 pm", "the second one", "yes", "no"}) {
        CAPTURE(reply);
        CHECK(answers_request(asked, reply));
    }
    for (const char* reply : {"", "thanks", "hello Perin", "?!"}) {
        CAPTURE(reply);
        CHECK_FALSE(answers_request(asked, reply));
    }
    CHECK_FALSE(answers_request(asked, std::string(400, 'x')));
    // Through several answers; a list asks as a question does.
    const messages longer{says("book lunch with Anna"), told("When shall I book it?"),
                          says("tomorrow at noon"),
                          told("That is taken. Free is:\n1. 13:00\n2. 14:00")};
    CHECK(answers_request(longer, "2"));
    // Nothing was asked, or not about something to be done.
    CHECK_FALSE(answers_request(messages{}, "3 pm"));
    CHECK_FALSE(answers_request(messages{says("book lunch"), told("Done.")}, "3 pm"));
    CHECK_FALSE(answers_request(messages{says("tell me a joke"), told("A long one?")}, "yes"));
    CHECK_FALSE(answers_request(
        messages{says("book lunch"), told("When?"), says("never mind"), told("All right.")},
        "tomorrow"));
    CHECK(answers_request(messages{says("what do I have tomorrow?"), told("Nothing.")},
                          "what about Friday?"));
}

TEST_CASE("messages are classified by what they are after") {
    struct row {
        std::string message;
        std::string name;
        std::optional<std::string> specialization;
        strings integrations;
    };
    const auto [message, name, specialization, integrations] = GENERATE(values<row>({
        {"Help me schedule a meeting", "schedule_meeting", "scheduling", {"calendar"}},
        {"book a call on Zoom", "schedule_meeting", "scheduling", {"zoom"}},
        {"cancel the meeting with Bob", "cancel_meeting", "scheduling", {"calendar"}},
        {"move my appointment to noon", "schedule_meeting", "scheduling", {"calendar"}},
        {"Remember that I like tea", "remember", "memory", {}},
        {"don't forget that I like tea", "remember", "memory", {}},
        {"forget what I said about tea", "forget", "memory", {}},
        {"save that my sister is Anna", "remember", "memory", {}},
        {"delete your note about Anna", "forget", "memory", {}},
        {"What do you know about me?", "recall", "memory", {}},
        {"any unread mail in my inbox?", "read_mail", std::nullopt, {"gmail"}},
        {"what's on my calendar today?", "check_calendar", "scheduling", {"calendar"}},
        {"Am I free tomorrow?", "check_calendar", "scheduling", {}},
        {"when could I meet Bob next week?", "check_calendar", "scheduling", {}},
        {"delete lunch tomorrow", "cancel_meeting", "scheduling", {}},
        {"put yoga down for tomorrow at 7am", "schedule_meeting", "scheduling", {}},
        {"negotiate a better price", "negotiate", "negotiation", {}},
        {"coordinate the launch with everyone", "coordinate", "coordination", {}},
        {"hello there", "small_talk", std::nullopt, {}},
        {"tell me a joke", "small_talk", std::nullopt, {}},
        {"what is the capital of France?", "question", std::nullopt, {}},
        {"the sky was grey all week long", "general", std::nullopt, {}},
        {"", "general", std::nullopt, {}},
        {"post the GitHub issue to Slack, Discord and Teams, and into Notion",
         "general",
         std::nullopt,
         {"slack", "notion", "github", "discord", "teams"}},
    }));
    CAPTURE(message);
    const auto found = classify(message);
    CHECK(found.name == name);
    CHECK(found.specialization == specialization);
    CHECK(found.integrations == integrations);
    CHECK(found.actionable == is_actionable(message));
    CHECK(found.confidence > 0);
    CHECK(found.confidence <= 1);
}

TEST_CASE("any bytes are classified, with a known specialization or none") {
    CHECK(rc::check([](const std::string& message) {
        const auto found = classify(message);
        RC_ASSERT(!found.name.empty());
        if (found.specialization) RC_ASSERT(is_specialization(*found.specialization));
        for (const auto& step : classification_steps(found, message)) {
            RC_ASSERT(step.ends_with('.'));
            RC_ASSERT(step.find('\n') == std::string::npos);
        }
    }));
}

TEST_CASE("the analysis is told in sentences") {
    const std::string message = "book a meeting on zoom";
    CHECK(classification_steps(classify(message), message) ==
          strings{"Looking at 5 words.",
                  "The message reads as schedule_meeting, with a confidence of 90 %.",
                  "The specialization is scheduling.", "It concerns calendar and zoom.",
                  "It asks for something to be done."});
    CHECK(classification_steps(classify("hi"), "hi") ==
          strings{"Looking at 1 word.",
                  "The message reads as small_talk, with a confidence of 80 %.",
                  "No specialization is needed.", "No integration is concerned.",
                  "It can be answered without doing anything."});
}

TEST_CASE("a turn's mode is told at its start, unless something open may decide it") {
    using mode = std::optional<execution_mode>;
    const std::vector<chat_message> none;
    const std::vector<chat_message> asked{{chat_role::user, "book lunch"},
                                          {chat_role::assistant, "When shall I book it?"}};
    const std::vector<chat_message> told{{chat_role::user, "what time is it?"},
                                         {chat_role::assistant, "It is noon."}};
    const std::vector<chat_message> awaits{{chat_role::user, "hello"},
                                           {chat_role::assistant, "I wait for your approval."}};
    const auto known = [](const char* message, const std::vector<chat_message>& history) {
        return mode_known_at_start(message, history, std::nullopt, false);
    };
    CHECK(known("remember my sister", none) == mode{execution_mode::tools});
    CHECK(known("at 3 pm", asked) == mode{execution_mode::tools});
    CHECK(known("yes", asked) == mode{execution_mode::tools});
    CHECK(known("at 3 pm", told) == mode{execution_mode::direct});
    CHECK(known("hello", none) == mode{execution_mode::direct});
    CHECK(known("yes", none) == mode{execution_mode::direct});
    CHECK(known("yes", told) == mode{execution_mode::direct});
    CHECK(known("yes", awaits) == mode{});
    CHECK(known("refuse the lunch one", none) == mode{});
    CHECK(known("is that a yes?", awaits) == mode{execution_mode::direct});
    CHECK(mode_known_at_start("yes", awaits, "scheduling", false) == mode{execution_mode::tools});
    CHECK(mode_known_at_start("hello", none, std::nullopt, true) == mode{execution_mode::tools});
}

TEST_CASE("of a long message both ends are looked at") {
    std::string page;
    while (page.size() < 50'000) page += "the sea was calm and wide ";
    CHECK_FALSE(is_actionable(page));
    CHECK(is_actionable("Remember this: " + page));
    CHECK(is_actionable(page + " Schedule a call about it."));
    CHECK(classify(page + " Schedule a call about it.").name == "schedule_meeting");
}

TEST_CASE("specializations are the four of the product") {
    CHECK(is_specialization("negotiation"));
    CHECK(is_specialization("scheduling"));
    CHECK(is_specialization("memory"));
    CHECK(is_specialization("coordination"));
    CHECK_FALSE(is_specialization(""));
    CHECK_FALSE(is_specialization("Scheduling"));
    CHECK_FALSE(is_specialization("cooking"));
}
