#include "domain/text.hpp"
#include "tests/domain/offline/offline_world.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>
#include <string>
#include <vector>

namespace {

using namespace perin;
using namespace perin::offline_world;
using nlohmann::json;

/// The answer to a message whose call came to this.
std::string told(const std::string& text, const json& result) {
    talk one;
    REQUIRE_FALSE(one.say(text).name.empty());
    return one.result(result);
}

json failed(const char* code, const char* message) {
    return {{"error", {{"code", code}, {"message", message}}}};
}

json of_event(const char* status, json event) {
    return {{"status", status}, {"timezone", "Europe/Vienna"}, {"event", std::move(event)}};
}

constexpr const char* book = "book lunch with Anna tomorrow at noon";
constexpr const char* move = "move lunch to 2pm";
constexpr const char* cancel = "cancel lunch tomorrow";
constexpr const char* find = "when am I free tomorrow?";
constexpr const char* list = "what do I have tomorrow?";

const json lunch = slot("2026-12-01T12:00", "2026-12-01T13:00", "Lunch with Anna");

}  // namespace

TEST_CASE("what was done in the calendar is told with local times") {
    CHECK(told(book, of_event("created", lunch)) ==
          "Lunch with Anna is in your calendar: Tuesday 1 December 2026, 12:00 to 13:00.");
    auto at_home = lunch;
    at_home["location"] = "at home";
    CHECK(told(book, of_event("created", at_home)) ==
          "Lunch with Anna is in your calendar: Tuesday 1 December 2026, 12:00 to 13:00. Place: At "
          "home.");
    auto moved = of_event("moved", slot("2026-12-01T14:00", "2026-12-01T15:00", "Lunch"));
    moved["before"] = slot("2026-12-01T12:00", "2026-12-01T13:00");
    CHECK(told(move, moved) ==
          "Lunch is moved to Tuesday 1 December 2026, 14:00 to 15:00. It was Tuesday 1 December "
          "2026, 12:00 to 13:00.");
    CHECK(told(cancel, of_event("cancelled", lunch)) ==
          "I have cancelled Lunch with Anna: Tuesday 1 December 2026, 12:00 to 13:00.");
    const auto holiday = slot("2026-12-24T00:00", "2026-12-27T00:00", "Holiday");
    CHECK(told(book, of_event("created", holiday)) ==
          "Holiday is in your calendar: Thursday 24 December 2026 to Saturday 26 December 2026, "
          "all day.");
}

TEST_CASE("a taken time is told with what is in the way and what is free") {
    json taken{{"status", "taken"},
               {"timezone", "Europe/Vienna"},
               {"inTheWay",
                {slot("2026-12-02T12:00", "2026-12-02T12:30", "Standup"),
                 slot("2026-12-02T12:30", "2026-12-02T13:00", "Review")}},
               {"alternatives", {slot("2026-12-02T13:00", "2026-12-02T14:00")}}};
    CHECK(told(book, taken) ==
          "That time is taken by Standup (Wednesday 2 December 2026, 12:00 to 12:30) and Review "
          "(Wednesday 2 December 2026, 12:30 to 13:00). Nothing was booked. These times are free:\n"
          "1. Wednesday 2 December 2026, 13:00 to 14:00\n"
          "Which one shall I take? Or say \xE2\x80\x9C"
          "book it anyway\xE2\x80\x9D to have both.");
    taken["inTheWay"] = json::array();
    taken["alternatives"] = json::array();
    taken["why"] = "outside the working hours";
    CHECK(told(move, taken) ==
          "Outside the working hours. Nothing was moved. At what other time shall it be?");
}

TEST_CASE("what is asked back is put to the user as a list") {
    const json ambiguous{{"status", "ambiguous"},
                         {"timezone", "Europe/Vienna"},
                         {"question", "Do you mean the 4th or the 11th?"},
                         {"choices",
                          {slot("2026-12-04T15:00", "2026-12-04T15:00"),
                           slot("2026-12-11T15:00", "2026-12-11T15:00")}}};
    CHECK(told(book, ambiguous) ==
          "Do you mean the 4th or the 11th?\n1. Friday 4 December 2026, 15:00\n"
          "2. Friday 11 December 2026, 15:00");
    CHECK(told(cancel, {{"status", "which"},
                        {"timezone", "Europe/Vienna"},
                        {"question", "Which one do you mean?"},
                        {"choices", {lunch}}}) ==
          "Which one do you mean?\n1. Lunch with Anna: Tuesday 1 December 2026, 12:00 to 13:00");
    CHECK(told(book, {{"status", "ambiguous"}, {"question", "At what time of that day?"}}) ==
          "At what time of that day? Nothing was booked.");
}

TEST_CASE("free times and events are listed") {
    const json free{{"timezone", "Europe/Vienna"},
                    {"slots",
                     {slot("2026-12-02T09:00", "2026-12-02T09:30"),
                      slot("2026-12-02T10:00", "2026-12-02T10:30")}}};
    CHECK_THAT(told(find, free), Catch::StartsWith("You are free at these times:\n"
                                                   "1. Wednesday 2 December 2026, 09:00 to 09:30\n"
                                                   "2. Wednesday 2 December 2026, 10:00 to 10:30\n"
                                                   "Say which one to book"));
    const json none{{"timezone", "Europe/Vienna"}, {"slots", json::array()}};
    CHECK(told(find, none) == "I found no free time (tomorrow).");
    CHECK(told("am I free tomorrow at 3?", none) == "No, you are not free then (tomorrow at 3).");
    const json one{{"slots", {slot("2026-12-02T15:00", "2026-12-02T15:30")}}};
    CHECK(told("am I free tomorrow at 3?", one) ==
          "Yes. You are free at these times:\n1. Wednesday 2 December 2026, 15:00 to 15:30");

    json events{{"timezone", "Europe/Vienna"}, {"events", {lunch}}, {"more", false}};
    CHECK(told(list, events) ==
          "In your calendar for that time (tomorrow):\n"
          "1. Lunch with Anna: Tuesday 1 December 2026, 12:00 to 13:00");
    CHECK(told("when is my lunch with Anna?", events) ==
          "In your calendar in the next 7 days:\n"
          "1. Lunch with Anna: Tuesday 1 December 2026, 12:00 to 13:00");
    CHECK(told("when is my dentist appointment?", events) ==
          "I see no such event in your calendar in the next 7 days.");
    events["more"] = true;
    CHECK_THAT(told(list, events), Catch::EndsWith("There is more: ask me for a shorter time."));
    events["events"] = json::array();
    CHECK(told(list, {{"events", json::array()}, {"more", false}}) ==
          "There is nothing in your calendar for that time (tomorrow).");
}

TEST_CASE("failures of the calendar are clear sentences") {
    CHECK(told(cancel, failed("not_found", "no event of the calendar is meant by that")) ==
          "I found no such event in your calendar. Nothing was cancelled.");
    CHECK(told(book, failed("invalid_request", "lies in the past")) ==
          "That time is over already. Nothing was booked.");
    CHECK(told(move, failed("invalid_request", "an event may last 31 days at most")) ==
          "I cannot do that: An event may last 31 days at most. Nothing was moved.");
    CHECK(told(book, failed("forbidden", "the user refused it")) ==
          "You refused it, so nothing was done.");
    CHECK(told(find, failed("unavailable", "the calendar does not answer")) ==
          "Your calendar does not answer just now.");
    CHECK_THAT(told(book, failed("unavailable", "the calendar does not answer")),
               Catch::Contains("I cannot say whether it was done"));
    CHECK_THAT(told(book, failed("upstream_timeout", "the tool did not answer in time")),
               Catch::Contains("I cannot say whether it was done"));
    CHECK_THAT(told(book, failed("conflict", "")), Catch::Contains("Nothing was booked."));
}

TEST_CASE("what waits for an approval is not told as done") {
    const auto text = told(cancel, {{"status", "awaiting_approval"},
                                    {"notificationId", "ntf_1"},
                                    {"title", "Cancel \"Lunch\" on Wednesday"}});
    CHECK(text ==
          "This needs your approval first: \xE2\x80\x9C"
          "Cancel \"Lunch\" on Wednesday\xE2\x80\x9D. Say \xE2\x80\x9C"
          "approve\xE2\x80\x9D or \xE2\x80\x9Crefuse\xE2\x80\x9D. Nothing has been done yet.");
}

TEST_CASE("without tools nothing is claimed") {
    for (const char* text : {book, move, cancel, find, list}) {
        INFO(text);
        CHECK(offline_reply(request_of({{chat_role::user, text}})).text ==
              "I cannot use your calendar here, so nothing was changed.");
    }
}

namespace {

bool claims(const std::string& text) {
    for (const char* claim :
         {" is in your calendar: ", " is moved to ", "I have cancelled", "The event is cancelled",
          "The event is moved", "The event is in your calendar", "You are free at these times"})
        if (text.find(claim) != std::string::npos) return true;
    return false;
}

/// Pieces of what people say, in any order.
rc::Gen<std::string> any_talk() {
    return rc::gen::map(
        rc::gen::container<std::vector<std::string>>(rc::gen::oneOf(
            rc::gen::element<std::string>(
                "book", "lunch", "with", "Anna", "tomorrow", "at noon", "move", "to 2pm", "cancel",
                "the", "second", "one", "it", "free", "when", "am I", "for an hour", "on Friday",
                "yes", "no", "?", "all", "calendar", "in my", "\"x\"", "12/3", "from", "to", "by",
                "whole series", "anyway", "what about", "my", "dentist", "2026-12-01", "9:00"),
            rc::gen::arbitrary<std::string>())),
        [](const std::vector<std::string>& words) {
            std::string text;
            for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
            return text;
        });
}

}  // namespace

TEST_CASE("whatever is said, nothing is claimed without a result, and calls are well-formed") {
    CHECK(rc::check([] {
        talk one;
        const auto first = *any_talk();
        const auto second = *any_talk();
        for (const auto& text : {first, second}) {
            const auto call = one.say(text);
            if (call.name.empty()) {
                RC_ASSERT(!claims(one.answer()));
                RC_ASSERT(is_utf8(one.answer()));
                RC_ASSERT(one.answer().size() < 20'000);
                continue;
            }
            const auto arguments = arguments_of(call);
            RC_ASSERT(arguments.is_object());
            for (const auto& [name, value] : arguments.items())
                if (value.is_string() && call.name.starts_with("calendar_")) {
                    RC_ASSERT(!value.get<std::string>().empty());
                    RC_ASSERT(value.get<std::string>().size() <= 800);
                }
            one.result({{"status", "ambiguous"},
                        {"timezone", "Europe/Vienna"},
                        {"question", "Which?"},
                        {"choices",
                         {slot("2026-12-04T15:00", "2026-12-04T16:00"),
                          slot("2026-12-11T15:00", "2026-12-11T16:00")}}});
            RC_ASSERT(!claims(one.answer()) || call.name.find("calendar") == std::string::npos);
        }
    }));
}

TEST_CASE("results of any form are told, and never as done") {
    const json odd[]{nullptr,
                     1,
                     "created",
                     json::array(),
                     json::array({1, 2}),
                     json::object(),
                     {{"status", 1}},
                     {{"status", "done"}},
                     {{"status", "taken"}, {"inTheWay", 1}, {"alternatives", {1, nullptr}}},
                     {{"status", "ambiguous"}, {"question", 1}, {"choices", "x"}},
                     {{"status", "which"}, {"choices", {{{"title", 1}}}}},
                     {{"slots", 1}},
                     {{"events", {{"startLocal", "x"}}}},
                     {{"error", 1}},
                     {{"error", {{"code", 1}, {"message", json::array()}}}}};
    for (const char* text : {book, move, cancel, find, list})
        for (const auto& result : odd) {
            INFO(text << " " << result.dump());
            const auto answer = told(text, result);
            CHECK_FALSE(answer.empty());
            CHECK(answer.find("1 January 1970") == std::string::npos);
            CHECK(answer.find(" is in your calendar: ") == std::string::npos);
        }
    auto far = slot("2026-12-01T12:00", "2026-12-01T13:00", "x");
    far["endLocal"] = "9999-12-31T00:00:00+01:00";
    CHECK_FALSE(told(book, of_event("created", far)).empty());
}
