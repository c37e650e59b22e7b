#include "domain/intents.hpp"
#include "domain/meant_time.hpp"
#include "tests/domain/offline/offline_world.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

using namespace perin;
using namespace perin::offline_world;
using nlohmann::json;

struct row {
    std::string text;
    const char* arguments;
};

bool is_time(const std::string& words) {
    const auto context = request_of({}).context;
    return !std::holds_alternative<failure>(hear_time(words, context.now, context.timezone));
}

/// Each is understood by itself, and its turn has the tools.
void calls(const std::string& tool, const std::vector<row>& table) {
    for (const auto& [text, arguments] : table) {
        INFO(text);
        CHECK(is_actionable(text));
        talk one;
        const auto call = one.say(text);
        CHECK(call.name == tool);
        const auto given = arguments_of(call);
        CHECK(given == json::parse(arguments));
        // What is passed on as a time is one.
        for (const char* name : {"when", "on"})
            if (given.contains(name)) CHECK(is_time(given[name]));
    }
}

}  // namespace

TEST_CASE("an event to be created is understood in many words") {
    calls("calendar_create_solo_event",
          {
              {"book lunch with Anna tomorrow at noon",
               R"({"title":"Lunch with Anna","when":"tomorrow at noon"})"},
              {"put dentist into my calendar on Friday at 3pm for 45 minutes",
               R"({"durationMins":45,"title":"Dentist","when":"on Friday at 3pm"})"},
              {"schedule a call next Tuesday morning",
               R"({"title":"Call","when":"next Tuesday morning"})"},
              {"add an event: Standup, 2026-12-01 9:00",
               R"({"title":"Standup","when":"2026-12-01 9:00"})"},
              {"block 2 hours tomorrow afternoon for writing",
               R"({"durationMins":120,"title":"Writing","when":"tomorrow afternoon"})"},
              {"Please book lunch with Anna tomorrow at noon.",
               R"({"title":"Lunch with Anna","when":"tomorrow at noon"})"},
              {"CAN YOU BOOK LUNCH WITH ANNA TOMORROW AT NOON?",
               R"({"title":"LUNCH WITH ANNA","when":"TOMORROW AT NOON"})"},
              {"could you please schedule a meeting with Bob on Thursday at 10 for an hour",
               R"({"durationMins":60,"title":"Meeting with Bob","when":"on Thursday at 10"})"},
              {"I want to book a haircut on Saturday at 11",
               R"({"title":"Haircut","when":"on Saturday at 11"})"},
              {"I need to schedule a review with Eve in two weeks at 14:00",
               R"({"title":"Review with Eve","when":"in two weeks at 14:00"})"},
              {"let's set up a meeting with Zoe for 30 minutes next Tuesday at 10",
               R"({"durationMins":30,"title":"Meeting with Zoe","when":"next Tuesday at 10"})"},
              {"make an appointment for the dentist on Friday at 3",
               R"({"title":"Appointment for the dentist","when":"on Friday at 3"})"},
              {"book a 30-minute call with Bob tomorrow at 4",
               R"({"durationMins":30,"title":"Call with Bob","when":"tomorrow at 4"})"},
              {"schedule lunch tomorrow at noon at Luigi's",
               R"({"title":"Lunch at Luigi's","when":"tomorrow at noon"})"},
              {"tomorrow at noon book lunch with Anna",
               R"({"title":"Lunch with Anna","when":"tomorrow at noon"})"},
              {"On Friday at 3 I have dentist, put it in my calendar",
               R"({"title":"Dentist","when":"On Friday at 3"})"},
              {"add \"Team sync on Monday\" to my calendar on Friday at 9",
               R"({"title":"Team sync on Monday","when":"on Friday at 9"})"},
              {"add an all-day event: Holiday on 24 December",
               R"({"allDay":true,"title":"Holiday","when":"on 24 December"})"},
              {"block Friday all day for the offsite",
               R"({"allDay":true,"title":"Offsite","when":"Friday"})"},
              {"book a table for two at Luigi's tomorrow at 8pm",
               R"({"title":"Table for two at Luigi's","when":"tomorrow at 8pm"})"},
              {"reserve time for gym on Friday from 3 to 4pm",
               R"({"title":"Gym","when":"on Friday from 3 to 4pm"})"},
              {"new event: Payroll, 2026-12-03 10:00",
               R"({"title":"Payroll","when":"2026-12-03 10:00"})"},
              {"add dentist on Friday at 3", R"({"title":"Dentist","when":"on Friday at 3"})"},
              {"create a meeting called Budget review on 3 December at 2pm",
               R"({"title":"Budget review","when":"on 3 December at 2pm"})"},
              {"schedule time with Bob tomorrow at 3",
               R"({"title":"Time with Bob","when":"tomorrow at 3"})"},
              {"schedule a meeting tomorrow at 3", R"({"title":"Meeting","when":"tomorrow at 3"})"},
              {"pencil in drinks with Sam on Friday at 6pm",
               R"({"title":"Drinks with Sam","when":"on Friday at 6pm"})"},
              {"put me down for yoga tomorrow at 7am",
               R"({"title":"Yoga","when":"tomorrow at 7am"})"},
              {"set up a sync between 2 and 3 on Friday",
               R"({"title":"Sync","when":"between 2 and 3 on Friday"})"},
              {"plan dinner with mum on Sunday at 7pm",
               R"({"title":"Dinner with mum","when":"on Sunday at 7pm"})"},
              {"book lunch anyway tomorrow at noon",
               R"({"overlapAllowed":true,"title":"Lunch","when":"tomorrow at noon"})"},
              {"Book Lunch With Anna Tomorrow At Noon!!!",
               R"({"title":"Lunch With Anna","when":"Tomorrow At Noon"})"},
              {"perin, book a haircut tomorrow at 4pm please",
               R"({"title":"Haircut","when":"tomorrow at 4pm"})"},
              {"Hi Perin, could you put yoga in my calendar for tomorrow at 7am? Thanks",
               R"({"title":"Yoga","when":"tomorrow at 7am"})"},
              {"would you please arrange dinner with the Smiths on Saturday at 7pm",
               R"({"title":"Dinner with the Smiths","when":"on Saturday at 7pm"})"},
              {"I'd like to book a massage on Friday at 5pm for 90 minutes",
               R"({"durationMins":90,"title":"Massage","when":"on Friday at 5pm"})"},
              {"please add a meeting with the bank to my calendar on 3 December at 10:30",
               R"({"title":"Meeting with the bank","when":"on 3 December at 10:30"})"},
              {"put \"Pick up the car\" in my calendar tomorrow at 5pm",
               R"({"title":"Pick up the car","when":"tomorrow at 5pm"})"},
              {"block off Friday afternoon for writing",
               R"({"title":"Writing","when":"Friday afternoon"})"},
              {"book an hour with Eve tomorrow at 2",
               R"({"durationMins":60,"title":"Meeting with Eve","when":"tomorrow at 2"})"},
              {"schedule a half-hour chat with Joe on Monday at 11:30",
               R"({"durationMins":30,"title":"Chat with Joe","when":"on Monday at 11:30"})"},
              {"book the dentist for Tuesday at 8:30am",
               R"({"title":"Dentist","when":"Tuesday at 8:30am"})"},
              {"reserve 2026-12-24 from 10:00 to 12:00 for wrapping presents",
               R"({"title":"Wrapping presents","when":"2026-12-24 from 10:00 to 12:00"})"},
              {"we need to set up a meeting with Legal on 10 December at 3pm",
               R"({"title":"Meeting with Legal","when":"on 10 December at 3pm"})"},
              {"add event \"Board meeting\" 2026-12-15T09:00:00+01:00",
               R"({"title":"Board meeting","when":"2026-12-15T09:00:00+01:00"})"},
              {"make an appointment with Dr. Huber next Wednesday at 9",
               R"({"title":"Appointment with Dr. Huber","when":"next Wednesday at 9"})"},
              {"create an event: Release party on 18 December at 6pm",
               R"({"title":"Release party","when":"on 18 December at 6pm"})"},
              {"book tomorrow at 3 for a call with Sue",
               R"({"title":"Call with Sue","when":"tomorrow at 3"})"},
              {"plan a workshop on 4 January from 9 to 5pm",
               R"({"title":"Workshop","when":"on 4 January from 9 to 5pm"})"},
          });
}

TEST_CASE("free time to be found is understood in many words") {
    calls("calendar_find_time",
          {
              {"when am I free tomorrow?", R"({"when":"tomorrow"})"},
              {"find me 30 minutes next week", R"({"durationMins":30,"when":"next week"})"},
              {"do I have time on Thursday at 2?", R"({"when":"on Thursday at 2"})"},
              {"am I free on Friday at 3pm?", R"({"when":"on Friday at 3pm"})"},
              {"is tomorrow afternoon free?", R"({"when":"tomorrow afternoon"})"},
              {"find a time for a call with Bob next week", R"({"when":"next week"})"},
              {"when could I meet Bob next week?", R"({"when":"next week"})"},
              {"any free slots tomorrow?", R"({"when":"tomorrow"})"},
              {"find me an hour tomorrow", R"({"durationMins":60,"when":"tomorrow"})"},
              {"do I have an hour tomorrow morning?",
               R"({"durationMins":60,"when":"tomorrow morning"})"},
              {"what times am I free on Monday", R"({"when":"on Monday"})"},
              {"free slots next week", R"({"when":"next week"})"},
              {"find a free hour on Saturday",
               R"({"anyHour":true,"durationMins":60,"when":"on Saturday"})"},
              {"When am I free tomorrow afternoon", R"({"when":"tomorrow afternoon"})"},
              {"am I available on Monday at 10?", R"({"when":"on Monday at 10"})"},
              {"can you find me an hour next week please",
               R"({"durationMins":60,"when":"next week"})"},
              {"find a slot for lunch with Bob this week", R"({"when":"this week"})"},
              {"when do I have time for a haircut next week?", R"({"when":"next week"})"},
              {"is Friday at 3pm free?", R"({"when":"Friday at 3pm"})"},
              {"show me free slots on Thursday", R"({"when":"on Thursday"})"},
              {"find 45 minutes tomorrow morning",
               R"({"durationMins":45,"when":"tomorrow morning"})"},
              {"do i have a free slot tomorrow", R"({"when":"tomorrow"})"},
          });
}

TEST_CASE("a look into the calendar is understood in many words") {
    calls("calendar_list_events",
          {
              {"what's on my calendar tomorrow", R"({"when":"tomorrow"})"},
              {"what do I have next week", R"({"when":"next week"})"},
              {"any meetings today?", R"({"when":"today"})"},
              {"show my events on 3 December", R"({"when":"on 3 December"})"},
              {"what's my day like tomorrow", R"({"when":"tomorrow"})"},
              {"what's on tomorrow?", R"({"when":"on tomorrow"})"},
              {"list my appointments", R"({})"},
              {"show me my agenda for Friday", R"({"when":"Friday"})"},
              {"do I have anything tomorrow?", R"({"when":"tomorrow"})"},
              {"do I have any meetings on Monday?", R"({"when":"on Monday"})"},
              {"What meetings do I have today", R"({"when":"today"})"},
              {"what does my week look like?", R"({})"},
              {"what does tomorrow look like?", R"({"when":"tomorrow"})"},
              {"when is my dentist appointment?", R"({})"},
              {"when is my next meeting?", R"({})"},
              {"what's on my agenda today", R"({"when":"today"})"},
              {"am I busy on Friday?", R"({"when":"on Friday"})"},
              {"my calendar", R"({})"},
              {"what am I doing tomorrow?", R"({"when":"tomorrow"})"},
              {"ARE THERE ANY MEETINGS TODAY", R"({"when":"TODAY"})"},
              {"what is on my schedule today?", R"({"when":"today"})"},
              {"Whats on my calendar on Friday?", R"({"when":"on Friday"})"},
              {"what's in my calendar next week?", R"({"when":"next week"})"},
              {"tell me my schedule for tomorrow", R"({"when":"tomorrow"})"},
              {"how does my day look tomorrow?", R"({"when":"tomorrow"})"},
              {"show me my calendar for next week, please", R"({"when":"next week"})"},
              {"do I have any appointments this week?", R"({"when":"this week"})"},
              {"what appointments do I have on 3 December?", R"({"when":"on 3 December"})"},
              {"list my meetings for tomorrow", R"({"when":"tomorrow"})"},
              {"what time is my dentist appointment?", R"({})"},
              {"who am I meeting tomorrow?", R"({"when":"tomorrow"})"},
              {"is there anything on my calendar on Saturday?", R"({"when":"on Saturday"})"},
              {"check my calendar for tomorrow", R"({"when":"tomorrow"})"},
              {"agenda for tomorrow", R"({"when":"tomorrow"})"},
              {"what's planned for Monday?", R"({"when":"Monday"})"},
              {"what's next on my calendar?", R"({})"},
          });
}

TEST_CASE("an event to be moved is understood in many words") {
    calls(
        "calendar_reschedule_event",
        {
            {"move lunch to 2pm", R"({"event":"lunch","when":"2pm"})"},
            {"reschedule my dentist appointment to Friday at 10",
             R"({"event":"dentist appointment","when":"Friday at 10"})"},
            {"move lunch tomorrow to 2", R"({"event":"lunch","on":"tomorrow","when":"at 2"})"},
            {"move my 3pm meeting to 4", R"({"event":"meeting","on":"3pm","when":"at 4"})"},
            {"postpone the review until next Monday at 9",
             R"({"event":"review","when":"next Monday at 9"})"},
            {"reschedule my call with Bob for Friday at 10",
             R"({"event":"call with Bob","when":"Friday at 10"})"},
            {"shift standup to 9:30", R"({"event":"standup","when":"9:30"})"},
            {"change the time of my dentist appointment to 4pm",
             R"({"event":"dentist appointment","when":"4pm"})"},
            {"move the meeting to Friday", R"({"event":"meeting","when":"Friday"})"},
            {"can we move lunch with Anna to Thursday at 1",
             R"({"event":"lunch with Anna","when":"Thursday at 1"})"},
            {"move lunch from noon to 1pm", R"({"event":"lunch","on":"from noon","when":"1pm"})"},
            {"bring forward my review to 9am", R"({"event":"review","when":"9am"})"},
            {"move the second one to 3pm", R"({"event":"second one","when":"3pm"})"},
            {"please move lunch with Anna to Thursday at 1pm",
             R"({"event":"lunch with Anna","when":"Thursday at 1pm"})"},
            {"Could you reschedule the dentist to next Monday at 9?",
             R"({"event":"dentist","when":"next Monday at 9"})"},
            {"MOVE LUNCH TO 2PM", R"({"event":"LUNCH","when":"2PM"})"},
            {"move tomorrow's standup to 10",
             R"({"event":"standup","on":"tomorrow","when":"at 10"})"},
            {"move the standup from 9 to 10", R"({"event":"standup","on":"at 9","when":"at 10"})"},
            {"shift my call with Bob on Friday to Monday at 4pm",
             R"({"event":"call with Bob","on":"on Friday","when":"Monday at 4pm"})"},
            {"move my 3pm to 4pm", R"({"event":"meeting","on":"3pm","when":"4pm"})"},
            {"reschedule the review on 3 December to 4 December at 10",
             R"({"event":"review","on":"on 3 December","when":"4 December at 10"})"},
            {"push lunch to 1:30pm", R"({"event":"lunch","when":"1:30pm"})"},
            {"can you change my haircut appointment to Saturday at 11?",
             R"({"event":"haircut appointment","when":"Saturday at 11"})"},
            {"postpone the retro to next week on Tuesday at 3",
             R"({"event":"retro","when":"next week on Tuesday at 3"})"},
            {"move the \"Team sync\" to 3pm", R"({"event":"Team sync","when":"3pm"})"},
        });
}

TEST_CASE("an event to be cancelled is understood in many words") {
    calls(
        "calendar_cancel_event",
        {
            {"cancel my dentist appointment", R"({"event":"dentist appointment"})"},
            {"delete lunch tomorrow", R"({"event":"lunch","on":"tomorrow"})"},
            {"call off the standup on Friday", R"({"event":"standup","on":"on Friday"})"},
            {"cancel tomorrow's lunch", R"({"event":"lunch","on":"tomorrow"})"},
            {"cancel all standups", R"({"event":"standups","wholeSeries":true})"},
            {"cancel the whole series of standups", R"({"event":"standups","wholeSeries":true})"},
            {"please cancel my 3pm", R"({"event":"meeting","on":"3pm"})"},
            {"remove the dentist from my calendar", R"({"event":"dentist"})"},
            {"take lunch off my calendar", R"({"event":"lunch"})"},
            {"cancel the meeting with Bob on Friday at 3",
             R"({"event":"meeting with Bob","on":"on Friday at 3"})"},
            {"cancel my appointments tomorrow", R"({"event":"appointments","on":"tomorrow"})"},
            {"Cancel the gym session", R"({"event":"gym session"})"},
            {"drop the call with Eve", R"({"event":"call with Eve"})"},
            {"please cancel lunch", R"({"event":"lunch"})"},
            {"Cancel my dentist appointment on Friday, please.",
             R"({"event":"dentist appointment","on":"on Friday"})"},
            {"can you delete the standup tomorrow?", R"({"event":"standup","on":"tomorrow"})"},
            {"CANCEL LUNCH TOMORROW", R"({"event":"LUNCH","on":"TOMORROW"})"},
            {"remove the meeting with Legal from my calendar", R"({"event":"meeting with Legal"})"},
            {"call off my 10am meeting tomorrow", R"({"event":"meeting","on":"10am tomorrow"})"},
            {"cancel the event called Release party", R"({"event":"Release party"})"},
            {"cancel Friday's standup", R"({"event":"standup","on":"Friday"})"},
            {"I need to cancel my haircut", R"({"event":"haircut"})"},
            {"scrap the workshop on 4 January", R"({"event":"workshop","on":"on 4 January"})"},
            {"delete all standups", R"({"event":"standups","wholeSeries":true})"},
            {"get rid of the meeting on Monday at 9",
             R"({"event":"meeting","on":"on Monday at 9"})"},
            {"cancel everything tomorrow", R"({"event":"meeting","on":"tomorrow"})"},
            {"cancel every standup", R"({"event":"standup","wholeSeries":true})"},
            {"cancel the all hands", R"({"event":"all hands"})"},
            {"cancel my meeting with All Saints", R"({"event":"meeting with All Saints"})"},
            // Any event, and no series: the tool asks back.
            {"cancel all my meetings", R"({"event":"meetings"})"},
            {"Cancel all meetings, please", R"({"event":"meetings"})"},
            {"cancel every meeting", R"({"event":"meeting"})"},
            {"delete all my events", R"({"event":"events"})"},
            {"delete all of my appointments", R"({"event":"appointments"})"},
            {"cancel everything in my calendar", R"({"event":"meeting"})"},
            {"clear all my meetings tomorrow", R"({"event":"meetings","on":"tomorrow"})"},
        });
}

TEST_CASE("what is no request to the calendar calls none of its tools") {
    const std::vector<std::string> table{
        "hello",
        "thanks",
        "cancel culture is a topic",
        "move on",
        "the book is on the table",
        "I read a good book about Rome",
        "book 3 was boring",
        "delete the file on my desk",
        "forget it",
        "what is the capital of France?",
        "tell me a joke",
        "what day is next Tuesday?",
        "remind me to call mum tomorrow at 3",
        "Write a poem about the sea",
        "I booked nothing",
        "what's the date on Friday",
        "when is Easter?",
        "when is my birthday?",
        "who is my sister?",
        "add 3 to 5",
        "what do you know about me",
        "my favourite colour is green",
        "the second one",
        "3 pm",
        "see you tomorrow",
        "what time is it",
        "show my notes",
        "delete my note about tea",
        "what did I do yesterday",
        "how are you today?",
        "I have a meeting tomorrow at 3",
        "what is a calendar?",
        "Tomorrow is my birthday",
        "how long until 5pm",
        "save money",
        "what is my favourite day?",
        "book club is on Friday at 8",
        "cancel",
        "move it",
        "the meeting was long",
        "",
        "yes",
        "no",
    };
    for (const auto& text : table) {
        INFO(text);
        talk one;
        CHECK(one.say(text).name.find("calendar") == std::string::npos);
    }
}

TEST_CASE("small talk has no tools") {
    for (const char* text : {"hello", "what time is it", "cancel culture is a topic", "move on",
                             "the book is on the table", "what is the capital of France?",
                             "see you tomorrow", "how are you today?", "what is a calendar?"}) {
        INFO(text);
        CHECK_FALSE(is_actionable(text));
    }
}

TEST_CASE("a request of half a kilobyte is none") {
    std::string text = "book lunch tomorrow at noon ";
    while (text.size() <= 500) text += "and more ";
    talk one;
    CHECK(one.say(text).name.empty());
}
