#include "domain/meant_time.hpp"
#include "tests/domain/offline/offline_world.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

using namespace perin;
using namespace perin::offline_world;
using nlohmann::json;

json created(std::string_view start, std::string_view end, std::string_view title) {
    return {
        {"status", "created"}, {"timezone", "Europe/Vienna"}, {"event", slot(start, end, title)}};
}

json taken() {
    return {{"status", "taken"},
            {"timezone", "Europe/Vienna"},
            {"inTheWay", {slot("2026-12-02T12:00", "2026-12-02T12:30", "Standup")}},
            {"alternatives",
             {slot("2026-12-02T12:30", "2026-12-02T13:30"),
              slot("2026-12-02T13:00", "2026-12-02T14:00"),
              slot("2026-12-03T12:00", "2026-12-03T13:00")}}};
}

json ambiguous(const std::string& question, json choices) {
    return {{"status", "ambiguous"},
            {"timezone", "Europe/Vienna"},
            {"question", question},
            {"choices", std::move(choices)}};
}

json which_meeting() {
    return {{"status", "which"},
            {"timezone", "Europe/Vienna"},
            {"question", "Which one do you mean?"},
            {"choices",
             {slot("2026-12-07T09:00", "2026-12-07T10:00", "Dentist"),
              slot("2026-12-08T09:00", "2026-12-08T10:00", "Dentist"),
              slot("2026-12-07T09:00", "2026-12-07T10:00", "Team: sync")}}};
}

json free_times() {
    return {{"timezone", "Europe/Vienna"},
            {"durationMins", 30},
            {"slots",
             {slot("2026-12-02T09:00", "2026-12-02T09:30"),
              slot("2026-12-02T15:30", "2026-12-02T16:00")}}};
}

struct row {
    std::string reply;
    json arguments;
};

/// Each reply to the same question, with what is called then.
void completes(const std::string& request, const json& result, const std::vector<row>& table) {
    for (const auto& [reply, arguments] : table) {
        INFO(request << " ... " << reply);
        talk one;
        REQUIRE_FALSE(one.say(request).name.empty());
        one.result(result);
        INFO(one.answer());
        const auto given = arguments_of(one.say(reply));
        CHECK(given == arguments);
        const auto context = request_of({}).context;
        for (const char* name : {"when", "on"})
            if (given.is_object() && given.contains(name))
                CHECK(std::holds_alternative<meant_time>(
                    hear_time(given[name].get<std::string>(), context.now, context.timezone)));
    }
}

}  // namespace

TEST_CASE("what is missing is asked, and a reply completes it") {
    const std::vector<std::vector<std::string>> table{
        {"book lunch with Anna", "When shall I book it?", "tomorrow at noon",
         R"({"title":"Lunch with Anna","when":"tomorrow at noon"})"},
        {"book lunch with Anna", "When shall I book it?", "On Friday at 1pm, please!",
         R"({"title":"Lunch with Anna","when":"On Friday at 1pm"})"},
        {"book lunch for an hour", "When shall I book it?", "how about tomorrow at one?",
         R"({"title":"Lunch","when":"tomorrow at one","durationMins":60})"},
        {"schedule a call with Bob for 20 minutes", "When shall I book it?", "2026-12-03 10:00",
         R"({"title":"Call with Bob","when":"2026-12-03 10:00","durationMins":20})"},
        {"book something tomorrow at 3", "What shall I call it?", "Dentist",
         R"({"title":"Dentist","when":"tomorrow at 3"})"},
        {"block tomorrow at 2", "What shall I call it?", "deep work",
         R"({"title":"Deep work","when":"tomorrow at 2"})"},
        {"move it to 3", "Which event shall I move?", "the dentist",
         R"({"event":"dentist","when":"at 3"})"},
        {"reschedule my dentist appointment", "To what time shall I move it?", "Friday at 10",
         R"({"event":"dentist appointment","when":"Friday at 10"})"},
        {"push the standup on Monday back by an hour", "To what time shall I move it?", "10:30",
         R"({"event":"standup","on":"on Monday","when":"10:30"})"},
        {"cancel it", "Which event shall I cancel?", "my haircut", R"({"event":"haircut"})"},
    };
    for (const auto& each : table) {
        INFO(each[0] << " ... " << each[2]);
        talk one;
        CHECK(one.say(each[0]).name.empty());
        CHECK_THAT(one.answer(), Catch::StartsWith(each[1]));
        CHECK(arguments_of(one.say(each[2])) == json::parse(each[3]));
    }
}

TEST_CASE("two things are asked one after the other") {
    talk one;
    CHECK(one.say("book something").name.empty());
    CHECK_THAT(one.answer(), Catch::StartsWith("What shall I book, and when?"));
    CHECK(one.say("tomorrow at 3").name.empty());
    CHECK(one.answer() == "What shall I call it?");
    CHECK(arguments_of(one.say("haircut")) ==
          json({{"title", "Haircut"}, {"when", "tomorrow at 3"}}));
}

TEST_CASE("an alternative of a taken time is chosen in many ways") {
    const json second{{"title", "Lunch with Anna"},
                      {"when", "2026-12-02T13:00:00+01:00"},
                      {"end", "2026-12-02T14:00:00+01:00"}};
    const json third{{"title", "Lunch with Anna"},
                     {"when", "2026-12-03T12:00:00+01:00"},
                     {"end", "2026-12-03T13:00:00+01:00"}};
    completes(
        "book lunch with Anna tomorrow at noon", taken(),
        {{"the second one", second},
         {"2", second},
         {"2.", second},
         {"number 2 please", second},
         {"I take the second", second},
         {"Second one!", second},
         {"the 2nd", second},
         {"1 pm", second},
         {"at 13:00", second},
         {"let's do the second one", second},
         {"the last one", third},
         {"the third slot works", third},
         {"on Thursday", third},
         {"Thursday then", third},
         {"book it anyway",
          {{"title", "Lunch with Anna"}, {"when", "tomorrow at noon"}, {"overlapAllowed", true}}},
         {"both, please",
          {{"title", "Lunch with Anna"}, {"when", "tomorrow at noon"}, {"overlapAllowed", true}}},
         {"4pm", {{"title", "Lunch with Anna"}, {"when", "tomorrow 4pm"}}},
         {"what about Friday?", {{"title", "Lunch with Anna"}, {"when", "Friday at noon"}}},
         {"book it at 4 instead", {{"title", "Lunch with Anna"}, {"when", "tomorrow at 4"}}},
         {"no", "no call"},
         {"never mind", "no call"},
         {"thanks", "no call"},
         {"what time is it?", "no call"}});
}

TEST_CASE("a length that was said stays with another time") {
    completes(
        "book lunch tomorrow at noon for 45 minutes", taken(),
        {{"the first one",
          {{"title", "Lunch"}, {"when", "2026-12-02T12:30:00+01:00"}, {"durationMins", 45}}}});
}

TEST_CASE("an ambiguous time is completed") {
    const std::string fridays =
        "Do you mean Friday, 4 December 2026 at 15:00 or Friday, 11 December 2026 at 15:00?";
    const json eleventh{{"title", "Call"}, {"when", "2026-12-11T15:00:00+01:00"}};
    completes("schedule a call next Friday at 3",
              ambiguous(fridays, {slot("2026-12-04T15:00", "2026-12-04T15:00"),
                                  slot("2026-12-11T15:00", "2026-12-11T15:00")}),
              {{"the second one", eleventh},
               {"Friday the 11th", eleventh},
               {"the 11th", eleventh},
               {"11 December", eleventh},
               {"the latter", eleventh},
               {"the first", {{"title", "Call"}, {"when", "2026-12-04T15:00:00+01:00"}}}});
    completes("schedule a call tomorrow at 7",
              ambiguous("Do you mean Wednesday, 2 December 2026 at 07:00 or Wednesday, 2 December "
                        "2026 at 19:00?",
                        {slot("2026-12-02T07:00", "2026-12-02T07:00"),
                         slot("2026-12-02T19:00", "2026-12-02T19:00")}),
              {{"7 pm", {{"title", "Call"}, {"when", "2026-12-02T19:00:00+01:00"}}},
               {"in the evening", {{"title", "Call"}, {"when", "2026-12-02T19:00:00+01:00"}}},
               {"evening", {{"title", "Call"}, {"when", "2026-12-02T19:00:00+01:00"}}},
               {"am", {{"title", "Call"}, {"when", "2026-12-02T07:00:00+01:00"}}}});
    completes("schedule a call tomorrow", ambiguous("At what time of that day?", json::array()),
              {{"3 pm", {{"title", "Call"}, {"when", "tomorrow 3 pm"}}},
               {"at 10", {{"title", "Call"}, {"when", "tomorrow at 10"}}},
               {"3", {{"title", "Call"}, {"when", "tomorrow at 3"}}},
               {"noon", {{"title", "Call"}, {"when", "tomorrow noon"}}},
               {"12:30 pm please", {{"title", "Call"}, {"when", "tomorrow 12:30 pm"}}},
               {"half past two", {{"title", "Call"}, {"when", "tomorrow half past two"}}}});
}

TEST_CASE("of a time that the clock shows twice the right one is chosen") {
    const auto at = [](const char* local, const char* offset) {
        const auto text = std::string(local) + offset;
        return json{{"startLocal", text}, {"endLocal", text}};
    };
    talk one;
    one.say("book a call on 31 October 2027 at 02:30");
    one.result(
        ambiguous("The clock shows that time twice. Do you mean the first or the second?",
                  {at("2027-10-31T02:30:00", "+02:00"), at("2027-10-31T02:30:00", "+01:00")}));
    CHECK_THAT(one.answer(), Catch::EndsWith("\n1. Sunday 31 October 2027, 02:30 (UTC+02:00)\n"
                                             "2. Sunday 31 October 2027, 02:30 (UTC+01:00)"));
    const auto history = one;
    CHECK(arguments_of(one.say("the second one"))["when"] == "2027-10-31T02:30:00+01:00");
    auto other = history;
    CHECK(arguments_of(other.say("the first one"))["when"] == "2027-10-31T02:30:00+02:00");
}

TEST_CASE("a day is chosen first, then its time") {
    talk one;
    one.say("schedule a call next Friday morning");
    one.result(ambiguous("Do you mean Friday, 4 December 2026 or Friday, 11 December 2026?",
                         {slot("2026-12-04T06:00", "2026-12-04T12:00"),
                          slot("2026-12-11T06:00", "2026-12-11T12:00")}));
    const auto day = hear_time("Friday 11 December 2026 morning", one.context.now, "Europe/Vienna");
    REQUIRE(std::holds_alternative<meant_time>(day));
    CHECK(std::get<meant_time>(day).start == from_rfc3339("2026-12-11T05:00:00Z").value());
    CHECK(arguments_of(one.say("the 11th")) ==
          json({{"title", "Call"}, {"when", "Friday 11 December 2026 morning"}}));
    one.result(
        ambiguous("At what time of that day?", {slot("2026-12-11T09:00", "2026-12-11T10:00"),
                                                slot("2026-12-11T10:00", "2026-12-11T11:00")}));
    CHECK(arguments_of(one.say("the second one")) == json({{"title", "Call"},
                                                           {"when", "2026-12-11T10:00:00+01:00"},
                                                           {"end", "2026-12-11T11:00:00+01:00"}}));

    talk other;
    other.say("schedule a call next Friday");
    other.result(ambiguous("Do you mean Friday, 4 December 2026 or Friday, 11 December 2026?",
                           {slot("2026-12-04T00:00", "2026-12-05T00:00"),
                            slot("2026-12-11T00:00", "2026-12-12T00:00")}));
    CHECK(arguments_of(other.say("the first")) ==
          json({{"title", "Call"}, {"when", "Friday 4 December 2026"}}));
    other.result(ambiguous("At what time of that day?", json::array()));
    CHECK(arguments_of(other.say("3")) ==
          json({{"title", "Call"}, {"when", "Friday 4 December 2026 at 3"}}));
}

TEST_CASE("a choice that fits several is asked once more") {
    talk one;
    one.say("cancel my meeting");
    one.result(which_meeting());
    CHECK(one.say("the dentist").name.empty());
    CHECK(one.answer() ==
          "More than one fits. Which one do you mean?\n"
          "1. Dentist: Monday 7 December 2026, 09:00 to 10:00\n"
          "2. Dentist: Tuesday 8 December 2026, 09:00 to 10:00");
    CHECK(arguments_of(one.say("Tuesday")) ==
          json({{"event", "Dentist"}, {"on", "2026-12-08T09:00:00+01:00"}}));
}

TEST_CASE("an event among several is chosen in many ways") {
    const json first{{"event", "Dentist"}, {"on", "2026-12-07T09:00:00+01:00"}};
    completes("cancel my meeting", which_meeting(),
              {{"the dentist one on Monday", first},
               {"the first one", first},
               {"1", first},
               {"cancel the first one", first},
               {"the team sync", {{"event", "Team: sync"}, {"on", "2026-12-07T09:00:00+01:00"}}},
               {"the one on Tuesday", {{"event", "Dentist"}, {"on", "2026-12-08T09:00:00+01:00"}}},
               {"none of them", "no call"}});
    completes("move my meeting to 4pm", which_meeting(),
              {{"the dentist on Tuesday",
                {{"event", "Dentist"}, {"on", "2026-12-08T09:00:00+01:00"}, {"when", "4pm"}}}});
}

TEST_CASE("of a series one or all are cancelled") {
    const json series{{"status", "which"},
                      {"timezone", "Europe/Vienna"},
                      {"question", "It repeats: only the next one, or the whole series?"},
                      {"choices", {slot("2026-12-07T09:00", "2026-12-07T09:15", "Standup")}}};
    const json next{{"event", "Standup"}, {"on", "2026-12-07T09:00:00+01:00"}};
    const json all{{"event", "Standup"}, {"wholeSeries", true}};
    completes("cancel my standup", series,
              {{"only the next one", next},
               {"the next one", next},
               {"just this one", next},
               {"the whole series", all},
               {"all of them", all},
               // A yes to an "or" decides nothing.
               {"yes", "no call"},
               // Nor do more than the one series.
               {"all my meetings", "no call"},
               {"no", "no call"}});
    // What was asked for names no series, the answer to it one.
    completes("cancel all my meetings", series, {{"the whole series", all}, {"all of them", all}});
}

TEST_CASE("a free time is booked") {
    const json second{{"when", "2026-12-02T15:30:00+01:00"}, {"end", "2026-12-02T16:00:00+01:00"}};
    auto titled = [&](const char* title) {
        auto out = second;
        out["title"] = title;
        return out;
    };
    completes("find me 30 minutes for a call with Bob tomorrow", free_times(),
              {{"the second one", titled("Call with Bob")},
               {"I take the second one", titled("Call with Bob")},
               {"book the second one", titled("Call with Bob")},
               {"at 3:30", titled("Call with Bob")},
               {"book the second one for lunch with Anna", titled("Lunch with Anna")}});
    talk one;
    one.say("when am I free tomorrow?");
    one.result(free_times());
    CHECK(one.say("the second one").name.empty());
    CHECK(one.answer() == "What shall I call it?");
    CHECK(arguments_of(one.say("lunch with Bob")) == titled("Lunch with Bob"));
}

TEST_CASE("a question about the calendar goes on") {
    talk one;
    one.say("am I free tomorrow at 3?");
    one.result({{"timezone", "Europe/Vienna"}, {"slots", json::array()}});
    CHECK(arguments_of(one.say("what about Friday?")) == json({{"when", "Friday at 3"}}));
    talk other;
    other.say("what do I have tomorrow?");
    other.result({{"timezone", "Europe/Vienna"}, {"events", json::array()}, {"more", false}});
    CHECK(arguments_of(other.say("and on Friday?")) == json({{"when", "on Friday"}}));
}

TEST_CASE("an event that was told of is meant by it") {
    talk one;
    one.say("book lunch with Anna tomorrow at noon");
    one.result(created("2026-12-02T12:00", "2026-12-02T13:00", "Lunch with Anna"));
    CHECK(
        arguments_of(one.say("move it to 2pm")) ==
        json({{"event", "Lunch with Anna"}, {"on", "2026-12-02T12:00:00+01:00"}, {"when", "2pm"}}));
    one.result({{"status", "moved"},
                {"timezone", "Europe/Vienna"},
                {"event", slot("2026-12-02T14:00", "2026-12-02T15:00", "Lunch with Anna")}});
    CHECK(arguments_of(one.say("Cancel that, please")) ==
          json({{"event", "Lunch with Anna"}, {"on", "2026-12-02T14:00:00+01:00"}}));

    talk other;
    other.say("what do I have tomorrow?");
    other.result({{"timezone", "Europe/Vienna"},
                  {"events",
                   {slot("2026-12-02T09:00", "2026-12-02T10:00", "Dentist"),
                    slot("2026-12-02T00:00", "2026-12-03T00:00", "Holiday")}}});
    CHECK(arguments_of(other.say("cancel the first one")) ==
          json({{"event", "Dentist"}, {"on", "2026-12-02T09:00:00+01:00"}}));
    talk third;
    third.say("what do I have tomorrow?");
    third.result({{"timezone", "Europe/Vienna"},
                  {"events", {slot("2026-12-02T00:00", "2026-12-03T00:00", "Holiday")}}});
    CHECK(arguments_of(third.say("move it to Friday")) ==
          json({{"event", "Holiday"}, {"on", "Wednesday 2 December 2026"}, {"when", "Friday"}}));
}

TEST_CASE("a request that was given up is not taken up again") {
    talk one;
    one.say("book lunch");
    CHECK(one.say("never mind").name.empty());
    CHECK(one.answer() == "All right. I have changed nothing in your calendar.");
    CHECK(one.say("tomorrow at 3").name.empty());
    CHECK(one.answer() == "That is Wednesday, 2 December 2026 at 15:00.");
}

TEST_CASE("other talk in between is answered as ever") {
    talk one;
    one.say("book lunch");
    CHECK(one.say("what time is it?").name.empty());
    CHECK_THAT(one.answer(), Catch::StartsWith("It is 14:20"));
    talk other;
    other.say("book something tomorrow at 3");
    CHECK(other.say("remember that I like tea").name == "memory_remember");
    talk timed;
    timed.say("book lunch");
    CHECK(timed.say("remember that the review is tomorrow at 3").name == "memory_remember");
    timed.say("book lunch");
    CHECK(timed.say("what day is next Tuesday?").name.empty());
    CHECK(timed.answer() == "That is Tuesday, 8 December 2026.");
    talk third;
    third.say("book something tomorrow at 3");
    CHECK(third.say("who are you?").name.empty());
    CHECK_THAT(third.answer(), Catch::StartsWith("I am Perin"));
}

TEST_CASE("a list of somebody else's making is no list to choose from") {
    for (const char* text : {"1. eggs\n2. milk\nWhich one?", "1. x: Tuesday\n2. y\nWhich?",
                             "1. Tuesday 99 December 2026, 13:00\nWhich one?"}) {
        auto request = request_of({{chat_role::user, "book lunch with Anna"},
                                   {chat_role::assistant, text},
                                   {chat_role::user, "the second one"}});
        request.tools = all_tools();
        for (const auto& call : offline_reply(request).tool_calls)
            CHECK_FALSE(json::parse(call.arguments).contains("end"));
    }
}
