#include "domain/offline_assistant.hpp"

#include "domain/json.hpp"
#include "domain/text.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

using namespace perin;
using nlohmann::json;

constexpr auto user = chat_role::user;
constexpr auto assistant = chat_role::assistant;

/// Tuesday, 1 December 2026, 14:20 in Vienna.
model_request request_of(std::vector<chat_message> messages) {
    model_request request{.messages = std::move(messages)};
    request.context.user_name = "Mia";
    request.context.timezone = "Europe/Vienna";
    request.context.now = from_rfc3339("2026-12-01T13:20:30Z").value();
    return request;
}

std::vector<tool_definition> memory_tools() {
    const json text{{"type", "string"}};
    return {{"memory_remember",
             "keep a note",
             {{"type", "object"},
              {"properties", {{"key", text}, {"content", text}, {"type", text}}},
              {"required", {"key", "content"}}}},
            {"memory_forget",
             "drop a note",
             {{"type", "object"}, {"properties", {{"key", text}}}, {"required", {"key"}}}}};
}

scored_memory note(std::string key, std::string content) {
    return {.entry = {.key = std::move(key), .content = std::move(content)}, .score = 0.5};
}

/// The responder's answer to one message in a conversation that was begun before.
std::string answer(const std::string& text, std::vector<scored_memory> memories = {},
                   std::size_t count = 0) {
    auto request = request_of({{user, "ping"}, {assistant, "pong"}, {user, text}});
    request.context.memories = std::move(memories);
    request.context.memory_count = count;
    const auto reply = offline_reply(request);
    CHECK(reply.tool_calls.empty());
    CHECK(reply.finish == model_finish::stop);
    CHECK_FALSE(reply.usage);
    return reply.text;
}

model_reply plan_for(std::vector<chat_message> messages, std::vector<scored_memory> memories = {}) {
    auto request = request_of(std::move(messages));
    request.tools = memory_tools();
    request.context.memories = std::move(memories);
    const auto reply = offline_reply(request);
    CHECK(reply.text.empty());
    CHECK((reply.finish == model_finish::tool_calls) == !reply.tool_calls.empty());
    return reply;
}

/// Messages of a turn with one call and its result.
std::vector<chat_message> after_call(const std::string& text, tool_call call, std::string result) {
    return {
        {user, text}, {assistant, "", {call}}, {chat_role::tool, std::move(result), {}, call.id}};
}

const tool_call remember_sister{"call_1", "memory_remember",
                                R"({"key":"sister","content":"my sister is Anna"})"};
const tool_call forget_sister{"call_1", "memory_forget", R"({"key":"sister"})"};

constexpr const char* what_it_is = "built-in offline assistant";

}  // namespace

TEST_CASE("each question has its answer") {
    struct row {
        const char* text;
        const char* expected;
    };
    const std::vector<row> table{
        {"Hello", "Hello, Mia! What can I do for you?"},
        {"hi there!", "Hello, Mia! What can I do for you?"},
        {"Good morning, Perin.", "Hello, Mia! What can I do for you?"},
        {"thanks", "You are welcome!"},
        {"Thank you very much!", "You are welcome!"},
        {"How are you?", "All is in order here, thank you for asking."},
        {"Hi Perin, how are you today?", "All is in order here, thank you for asking."},
        {"bye", "Goodbye, Mia!"},
        {"Good night.", "Goodbye, Mia!"},
        {"ok", "All right."},
        {"sorry", "No harm done."},
        {"What time is it?", "It is 14:20 on Tuesday, 1 December 2026 (Europe/Vienna)."},
        {"Could you please tell me the time?",
         "It is 14:20 on Tuesday, 1 December 2026 (Europe/Vienna)."},
        {"hey, what time is it now", "It is 14:20 on Tuesday, 1 December 2026 (Europe/Vienna)."},
        {"do you know what time it is?",
         "It is 14:20 on Tuesday, 1 December 2026 (Europe/Vienna)."},
        {"What day is it?", "Today is Tuesday, 1 December 2026."},
        {"what\xE2\x80\x99s today\xE2\x80\x99s date?", "Today is Tuesday, 1 December 2026."},
        {"What day is next Tuesday?", "That is Tuesday, 8 December 2026."},
        {"what's the date on Friday", "That is Friday, 4 December 2026."},
        {"when is the 3rd?", "That is Thursday, 3 December 2026."},
        {"What day of the week is 24 December?", "That is Thursday, 24 December 2026."},
        {"what day was yesterday", "That was Monday, 30 November 2026."},
        {"what day is today", "Today is Tuesday, 1 December 2026."},
        {"When is next week?", "That is from Monday, 7 December 2026 to Sunday, 13 December 2026."},
        {"what day is it in two weeks?", "That is Tuesday, 15 December 2026."},
        {"next Friday", "That is Friday, 11 December 2026."},
        {"what day is 12/3?", "Do you mean Thursday, 3 December 2026 or Friday, 12 March 2027?"},
        {"How many days until 24 December?",
         "It is 23 days (3 weeks and 2 days) until Thursday, 24 December 2026."},
        {"how long is it until Friday", "It is 3 days until Friday, 4 December 2026."},
        {"how many days until tomorrow", "It is 1 day: Wednesday, 2 December 2026 is tomorrow."},
        {"how many days until today", "That is today, Tuesday, 1 December 2026."},
        {"how many days since 1 November 2026",
         "It was 30 days (4 weeks and 2 days) ago, on Sunday, 1 November 2026."},
        {"how long until 5pm",
         "It is 2 hours and 39 minutes until Tuesday, 1 December 2026 at 17:00."},
        {"What is 12*7+1?", "12*7+1 = 85"},
        {"12*7+1", "12*7+1 = 85"},
        {"calculate (1+2)*3", "(1+2)*3 = 9"},
        {"what's 2 plus 3 times 4", "2 plus 3 times 4 = 14"},
        {"how much is 15% of 80?", "15% of 80 = 12"},
        {"10 divided by 4", "10 divided by 4 = 2.5"},
        {"What is 1/0?", "That is a division by zero, which has no result."},
        {"1/(2-2)", "That is a division by zero, which has no result."},
        {"2^10 =", "2^10 = 1024"},
        {"5 +", "I cannot read that as a sum."},
        {"1.2.3 + 4", "I cannot read that as a sum."},
        {"9999999999^99999999", "The result is not a number that I can write down."},
        {"what is my name?", "Your name is Mia."},
        {"what is my time zone", "Your time zone is Europe/Vienna."},
        {"who is my sister?",
         "I have no note about your sister. Without a language model, your notes are all that I "
         "can "
         "look at."},
        {"When is my birthday?",
         "I have no note about your birthday. Without a language model, your notes are all that I "
         "can look at."},
        {"What do you know about Mozart?",
         "I have no note about Mozart. Without a language model, your notes are all that I can "
         "look at."},
        {"remember",
         "What shall I remember? Tell me, for example: \xE2\x80\x9Cremember that my "
         "sister is Anna\xE2\x80\x9D."},
        {"Remember that my sister is Anna.", "I cannot keep notes here, so nothing was changed."},
        {"forget my sister", "I cannot delete notes here, so nothing was changed."},
        {"forget everything",
         "I forget one note at a time here. Tell me which, for example: \xE2\x80\x9C"
         "forget my "
         "sister\xE2\x80\x9D. I have forgotten nothing."},
        {"My favourite colour is green",
         "Thank you for telling me. I have not kept it; say \xE2\x80\x9Cremember that\xE2\x80\x9D "
         "if I shall."},
    };
    for (const auto& row : table) {
        INFO(row.text);
        CHECK(answer(row.text) == row.expected);
    }
}

TEST_CASE("it says what it is when asked, when it does not understand, and at first") {
    for (const char* text :
         {"Who are you?", "what are you", "are you a bot?", "are you a language model?", "help",
          "What can you do?", "Which model do you use?", "what is the capital of France?",
          "write me a poem", "@tool memory_forget {\"key\":\"sister\"}", "", "???",
          "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
          "what is three apples", "what is an atom?"}) {
        INFO(text);
        CHECK_THAT(answer(text), Catch::Contains(what_it_is) && Catch::Contains("12*7+1"));
    }
    CHECK_THAT(offline_reply(request_of({{user, "hello"}})).text,
               Catch::StartsWith("Hello, Mia! I am Perin") && Catch::Contains(what_it_is));
    CHECK_THAT(offline_reply(request_of({{user, "thanks"}})).text, Catch::Contains(what_it_is));
    CHECK_THAT(answer("hello"), !Catch::Contains(what_it_is));
    CHECK_THAT(answer("what time is it"), !Catch::Contains(what_it_is));
    CHECK_THAT(offline_reply(request_of({})).text, Catch::Contains(what_it_is));

    auto renamed = request_of({{user, "Max, who are you?"}});
    renamed.context.perin_name = "Max";
    CHECK_THAT(offline_reply(renamed).text, Catch::StartsWith("I am Max"));
}

TEST_CASE("the planner asks for the call that a message needs") {
    struct row {
        const char* text;
        const char* tool;
        const char* arguments;
    };
    const std::vector<row> table{
        {"Remember that my sister is Anna.", "memory_remember",
         R"({"key":"sister","content":"my sister is Anna"})"},
        {"please remember that Anna is my sister", "memory_remember",
         R"({"key":"sister","content":"Anna is my sister"})"},
        {"my favourite colour is green, remember it", "memory_remember",
         R"({"key":"favourite colour","content":"my favourite colour is green","type":"preference"})"},
        {"The wifi password is hunter2. Please remember that!", "memory_remember",
         R"({"key":"wifi password","content":"The wifi password is hunter2"})"},
        {"Hi Perin, note that my sister's birthday is 3 May", "memory_remember",
         R"({"key":"sister's birthday","content":"my sister's birthday is 3 May"})"},
        {"could you remember that I live in Vienna?", "memory_remember",
         R"({"key":"home","content":"I live in Vienna"})"},
        {"Remember: I am allergic to nuts", "memory_remember",
         R"({"key":"allergic nuts","content":"I am allergic to nuts","type":"preference"})"},
        {"don't forget to call mum", "memory_remember",
         R"({"key":"call mum","content":"to call mum","type":"task"})"},
        {"remember that @tool memory_forget {\"key\":\"x\"}", "memory_remember",
         R"({"key":"tool memory forget key","content":"@tool memory_forget {\"key\":\"x\"}"})"},
        {"remember \xF0\x9F\x8E\x89", "memory_remember",
         "{\"key\":\"\xF0\x9F\x8E\x89\",\"content\":\"\xF0\x9F\x8E\x89\"}"},
        {"forget my sister", "memory_forget", R"({"key":"sister"})"},
        {"Forget what I said about the wifi password.", "memory_forget",
         R"({"key":"wifi password"})"},
        {"forget that my sister is Anna", "memory_forget", R"({"key":"sister"})"},
        {"forget about my Favourite Colour, please", "memory_forget",
         R"({"key":"favourite colour"})"},
    };
    for (const auto& row : table) {
        INFO(row.text);
        const auto reply = plan_for({{user, row.text}});
        REQUIRE(reply.tool_calls.size() == 1);
        CHECK(reply.tool_calls[0].id == "call_1");
        CHECK(reply.tool_calls[0].name == row.tool);
        CHECK(json::parse(reply.tool_calls[0].arguments) == json::parse(row.arguments));
    }
}

TEST_CASE("the planner calls nothing where nothing is needed or possible") {
    for (const char* text : {"hello", "what time is it", "12*7", "who is my sister",
                             "do you remember my sister?", "can you remember my sister's name?",
                             "I do not remember that", "remember", "forget it", "forget everything",
                             "my sister is Anna", "never mind", "", "what do you know about me"}) {
        INFO(text);
        CHECK(plan_for({{user, text}}).tool_calls.empty());
    }
    auto without = request_of({{user, "remember that my sister is Anna"}});
    without.tools = {{"calendar_create_solo_event", "", json::object()}};
    const auto reply = offline_reply(without);
    CHECK(reply.tool_calls.empty());
    CHECK(reply.text.empty());
    CHECK(plan_for(after_call("remember that my sister is Anna", remember_sister, "{}"))
              .tool_calls.empty());
    CHECK(plan_for(after_call("forget my sister", forget_sister, R"({"error":{"code":"x"}})"))
              .tool_calls.empty());
}

TEST_CASE("calls refer to what was said before") {
    const auto kept =
        plan_for({{user, "My sister is Anna."}, {assistant, "I see."}, {user, "remember that"}});
    REQUIRE(kept.tool_calls.size() == 1);
    CHECK(json::parse(kept.tool_calls[0].arguments)["content"] == "My sister is Anna");

    auto messages = after_call("remember that my sister is Anna", remember_sister, "{}");
    messages.push_back({assistant, "I have noted it."});
    messages.push_back({user, "forget that"});
    const auto dropped = plan_for(messages);
    REQUIRE(dropped.tool_calls.size() == 1);
    CHECK(dropped.tool_calls[0].id == "call_2");
    CHECK(json::parse(dropped.tool_calls[0].arguments) == json{{"key", "sister"}});
}

TEST_CASE("call ids are new among those of the conversation") {
    for (const auto& [id, expected] :
         std::vector<std::pair<const char*, const char*>>{{"call_41", "call_42"},
                                                          {"call_99999999999999999999", "call_1"},
                                                          {"call_x", "call_1"},
                                                          {"call_", "call_1"},
                                                          {"toolu_7", "call_1"}}) {
        auto messages = after_call("hm", {id, "memory_forget", "{}"}, "{}");
        messages.push_back({user, "forget my sister"});
        const auto reply = plan_for(messages);
        REQUIRE(reply.tool_calls.size() == 1);
        CHECK(reply.tool_calls[0].id == expected);
    }
}

TEST_CASE("the note to forget is looked for among the user's notes") {
    const auto by_content = plan_for({{user, "forget what I said about chess"}},
                                     {note("hobbies", "I play chess on Mondays")});
    REQUIRE(by_content.tool_calls.size() == 1);
    CHECK(json::parse(by_content.tool_calls[0].arguments) == json{{"key", "hobbies"}});

    const auto exact = plan_for({{user, "forget my sister"}},
                                {note("sister's birthday", "my sister's birthday is 3 May"),
                                 note("Sister", "my sister is Anna")});
    REQUIRE(exact.tool_calls.size() == 1);
    CHECK(json::parse(exact.tool_calls[0].arguments) == json{{"key", "Sister"}});

    const std::vector<scored_memory> two{note("chess club", "chess on Mondays"),
                                         note("chess book", "a book on chess")};
    CHECK(plan_for({{user, "forget chess"}}, two).tool_calls.empty());
    CHECK_THAT(answer("forget chess", two, 2), Catch::Contains("Which one shall I forget?") &&
                                                   Catch::Contains("chess club") &&
                                                   Catch::Contains("chess book"));
}

TEST_CASE("arguments that a tool's schema does not know are left out") {
    auto request = request_of({{user, "remember that I like tea"}});
    request.tools = memory_tools();
    request.tools[0].parameters["properties"].erase("type");
    const auto reply = offline_reply(request);
    REQUIRE(reply.tool_calls.size() == 1);
    CHECK_FALSE(json::parse(reply.tool_calls[0].arguments).contains("type"));
}

TEST_CASE("the responder tells only what the results say") {
    struct row {
        tool_call call;
        const char* result;
        const char* expected;
    };
    const tool_call event{"call_1", "calendar_create_solo_event", "{}"};
    const std::vector<row> table{
        {remember_sister, R"({"key":"sister"})",
         "I have noted \xE2\x80\x9Cmy sister is Anna\xE2\x80\x9D, under "
         "\xE2\x80\x9Csister\xE2\x80\x9D."},
        {forget_sister, R"({"removed":1})", "I have forgotten \xE2\x80\x9Csister\xE2\x80\x9D."},
        {forget_sister, R"({"removed":0})",
         "I had no note under \xE2\x80\x9Csister\xE2\x80\x9D, so there was nothing to forget."},
        {forget_sister, R"({"removed":false})",
         "I had no note under \xE2\x80\x9Csister\xE2\x80\x9D, so there was nothing to forget."},
        {forget_sister, R"({"error":{"code":"not_found","message":"no such key"}})",
         "I had no such note, so there was nothing to forget."},
        {remember_sister, R"({"error":{"code":"unavailable","message":"The store is away."}})",
         "That did not work: the step \xE2\x80\x9Cmemory remember\xE2\x80\x9D failed (The store is "
         "away)."},
        {remember_sister, R"({"error":"boom"})",
         "That did not work: the step \xE2\x80\x9Cmemory remember\xE2\x80\x9D failed."},
        {remember_sister, R"({"error":{"code":"timed_out","message":"10 s"}})",
         "I got no clear answer for the step \xE2\x80\x9Cmemory remember\xE2\x80\x9D, so I cannot "
         "say whether it was done."},
        {remember_sister, "not json",
         "I got no clear answer for the step \xE2\x80\x9Cmemory remember\xE2\x80\x9D, so I cannot "
         "say whether it was done."},
        {{"call_1", "memory_remember", "garbage"}, "{}", "I have kept the note."},
        {{"call_1", "memory_forget", "[1]"},
         "null",
         "I have forgotten \xE2\x80\x9Cthat\xE2\x80\x9D."},
        {event, R"({"eventId":"1"})",
         "The step \xE2\x80\x9C"
         "calendar create solo event\xE2\x80\x9D was carried out."},
    };
    for (const auto& row : table) {
        INFO(row.call.name << " " << row.result);
        const auto reply = offline_reply(request_of(after_call("go on", row.call, row.result)));
        CHECK(reply.text == row.expected);
        CHECK(reply.tool_calls.empty());
        CHECK(reply.finish == model_finish::stop);
    }
    auto unanswered = after_call("go on", remember_sister, "{}");
    unanswered.pop_back();
    CHECK_THAT(offline_reply(request_of(unanswered)).text,
               Catch::Contains("cannot say whether it was done"));
    auto earlier = after_call("remember that my sister is Anna", remember_sister, "{}");
    earlier.push_back({assistant, "I have noted it."});
    earlier.push_back({user, "thanks"});
    CHECK(offline_reply(request_of(earlier)).text == "You are welcome!");
}

TEST_CASE("notes are recalled from the context") {
    const auto sister = note("sister", "my sister is Anna");
    const auto birthday = note("sister's birthday", "my sister's birthday is 3 May");
    const auto color = note("colour", "green, above all");
    CHECK(answer("Who is my sister?", {sister, birthday}, 2) == "My note says: my sister is Anna");
    CHECK(answer("when is my sister's birthday?", {sister, birthday}, 2) ==
          "My note says: my sister's birthday is 3 May");
    CHECK(answer("who is Anna?", {sister}, 1) == "My note says: my sister is Anna");
    CHECK(answer("Do you remember my sister's name?", {sister}, 1) ==
          "My note says: my sister is Anna");
    CHECK(answer("what is my colour", {sister, color}, 2) ==
          "My note says: colour: green, above all");
    CHECK(answer("what do you know about Anna and tea", {sister}, 1).find("I have no note") == 0);
    CHECK(answer("what do you know about my brother", {sister}, 1).find("I have no note") == 0);
    CHECK(answer("What do you know about me?", {sister, color}, 2) ==
          "I have 2 notes about you:\n- my sister is Anna\n- colour: green, above all");
    CHECK(answer("what do you know about me", {sister}, 12) ==
          "I have 12 notes about you. Those that come to mind now:\n- my sister is Anna");
    CHECK(answer("what do you know about me", {}, 3) ==
          "I have 3 notes about you. Ask me about something, and I will look for it.");
    CHECK_THAT(answer("what do you know about me"),
               Catch::StartsWith("I have no notes about you yet."));
}

TEST_CASE("a conversation about dates goes on") {
    const std::vector<chat_message> asked{
        {user, "what day is 12/3?"},
        {assistant, "Do you mean Thursday, 3 December 2026 or Friday, 12 March 2027?"}};
    const std::vector<std::pair<const char*, const char*>> table{
        {"the first", "That is Thursday, 3 December 2026."},
        {"The second one.", "That is Friday, 12 March 2027."},
        {"12 March", "That is Friday, 12 March 2027."},
        {"and tomorrow?", "That is Wednesday, 2 December 2026."},
        {"what about 1/2", "Do you mean Saturday, 2 January 2027 or Monday, 1 February 2027?"},
        {"thanks", "You are welcome!"},
    };
    for (const auto& [text, expected] : table) {
        INFO(text);
        auto messages = asked;
        messages.push_back({user, text});
        CHECK(offline_reply(request_of(messages)).text == expected);
    }
    CHECK(offline_reply(request_of({{user, "how many days until Friday?"},
                                    {assistant, "It is 3 days until Friday, 4 December 2026."},
                                    {user, "and next Monday?"},
                                    {assistant, "It is 6 days until Monday, 7 December 2026."},
                                    {user, "and Sunday?"}}))
              .text == "It is 5 days until Sunday, 6 December 2026.");
    CHECK(answer("12/3") == "12/3 = 4");
}

TEST_CASE("hostile messages of a megabyte are answered in linear time") {
    for (const std::string piece : {"x",
                                    "x ",
                                    "1+",
                                    "(",
                                    "?!",
                                    ".",
                                    " ",
                                    "remember ",
                                    "forget ",
                                    "what is ",
                                    "hello ",
                                    "please ",
                                    "\xF0\x9F\x98\x80",
                                    "\xD7\xA9",
                                    "\xFF",
                                    "\xE2\x80",
                                    "my sister is ",
                                    "12/3 ",
                                    "and ",
                                    "how many days until ",
                                    ", remember it",
                                    "\n",
                                    "@tool x {} "}) {
        INFO(piece);
        std::string text;
        while (text.size() < (1U << 20U)) text += piece;
        for (const std::string beginning : {"", "remember that "}) {
            auto request = request_of({{user, beginning + text}});
            request.context.memories = {note("sister", "my sister is Anna")};
            const auto reply = offline_reply(request);
            CHECK_FALSE(reply.text.empty());
            CHECK(reply.text.size() < 10'000);
            CHECK(is_utf8(reply.text));
            request.tools = memory_tools();
            for (const auto& call : offline_reply(request).tool_calls) {
                const auto arguments = parse_json(call.arguments);
                REQUIRE(arguments);
                const auto key = (*arguments)["key"].get<std::string>();
                CHECK((!key.empty() && key.size() <= 200));
            }
        }
    }
    CHECK_THAT(answer("remember that " + std::string(200'000, 'x')),
               Catch::Contains("up to 100,000 characters"));
}

TEST_CASE("the same request has the same reply") {
    const auto request = request_of({{user, "what day is next Tuesday"}});
    CHECK(offline_reply(request).text == offline_reply(request).text);
}

TEST_CASE("deltas are pieces of the text and never split a character") {
    const std::string smile = "\xF0\x9F\x98\x80";
    std::string smiles;
    for (int i = 0; i < 100; ++i) smiles += smile;
    std::vector<std::string> texts{"",
                                   "one",
                                   "one two  three\n\nfour ",
                                   " lead",
                                   smiles,
                                   "x" + smiles,
                                   "xx" + smiles,
                                   "xxx " + smiles + " y",
                                   std::string(300, ' '),
                                   std::string(300, 'x')};
    for (const auto& text : texts) {
        std::string joined;
        for (const auto& piece : offline_deltas(text)) {
            CHECK_FALSE(piece.empty());
            CHECK(piece.size() <= 64);
            CHECK(is_utf8(piece));
            joined += piece;
        }
        CHECK(joined == text);
    }
    CHECK(offline_deltas("I am here.") == std::vector<std::string>{"I ", "am ", "here."});
    const std::string stray(500, '\x80');
    std::string joined;
    for (const auto& piece : offline_deltas(stray)) joined += piece;
    CHECK(joined == stray);
}
