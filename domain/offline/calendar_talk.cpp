#include "domain/offline/calendar_command.hpp"
#include "domain/offline/calendar_follow_up.hpp"
#include "domain/offline/intent_row.hpp"
#include "domain/text.hpp"

#include <array>

namespace perin::offline {

namespace {

using nlohmann::json;

constexpr std::size_t longest_words = 200;

std::string shortened(const std::string& words) {
    return std::string(utf8_prefix(repaired_utf8(words), longest_words));
}

void add_time(json& arguments, const calendar_command& wanted) {
    arguments["when"] = shortened(wanted.when);
    if (wanted.length) arguments["durationMins"] = wanted.length->count();
    if (!wanted.end.empty() && !wanted.length) arguments["end"] = wanted.end;
    if (wanted.overlap_allowed) arguments["overlapAllowed"] = true;
}

reading asking(std::string question) {
    return {.subject = "calendar", .content = std::move(question)};
}

reading calling(std::string_view tool, json arguments) {
    return {.subject = "calendar", .tool = tool, .arguments = std::move(arguments)};
}

constexpr const char* example_time = "for example \xE2\x80\x9Ctomorrow at 3 pm\xE2\x80\x9D.";

/// A question with how a time may be said.
std::string with_example(std::string_view question) {
    std::string out(question);
    out += example_time;
    return out;
}

reading to_create(const calendar_command& wanted) {
    if (wanted.repeats)
        return asking(
            "I can book one event at a time here, none that repeats. I have booked nothing.");
    if (wanted.what.empty() && wanted.when.empty())
        return asking(with_example("What shall I book, and when? Tell me the time too, "));
    if (wanted.what.empty()) return asking("What shall I call it?");
    if (wanted.when.empty())
        return asking(
            std::string(wanted.all_day ? "On which day is it?" : "When shall I book it?") +
            " Tell me, " + example_time);
    json arguments{{"title", shortened(wanted.what)}};
    add_time(arguments, wanted);
    if (wanted.all_day) arguments["allDay"] = true;
    return calling("calendar_create_solo_event", std::move(arguments));
}

reading to_find(const calendar_command& wanted) {
    json arguments = json::object();
    if (!wanted.when.empty()) arguments["when"] = shortened(wanted.when);
    if (wanted.length) arguments["durationMins"] = wanted.length->count();
    if (wanted.any_hour) arguments["anyHour"] = true;
    return calling("calendar_find_time", std::move(arguments));
}

reading to_list(const calendar_command& wanted) {
    json arguments = json::object();
    if (!wanted.when.empty()) arguments["when"] = shortened(wanted.when);
    return calling("calendar_list_events", std::move(arguments));
}

reading to_move(const calendar_command& wanted) {
    if (wanted.what.empty()) return asking("Which event shall I move? Tell me its title.");
    if (wanted.when.empty())
        return asking(with_example("To what time shall I move it? Tell me the new time, "));
    json arguments{{"event", shortened(wanted.what)}};
    if (!wanted.on.empty()) arguments["on"] = shortened(wanted.on);
    add_time(arguments, wanted);
    return calling("calendar_reschedule_event", std::move(arguments));
}

reading to_cancel(const calendar_command& wanted) {
    if (wanted.what.empty()) return asking("Which event shall I cancel? Tell me its title.");
    json arguments{{"event", shortened(wanted.what)}};
    if (!wanted.on.empty()) arguments["on"] = shortened(wanted.on);
    if (wanted.whole_series) arguments["wholeSeries"] = true;
    return calling("calendar_cancel_event", std::move(arguments));
}

reading to_reading(const calendar_step& step) {
    if (!step.instead.empty()) return asking(step.instead);
    const auto& wanted = *step.wanted;
    switch (wanted.act) {
        case calendar_act::create:
            return to_create(wanted);
        case calendar_act::find:
            return to_find(wanted);
        case calendar_act::list:
            return to_list(wanted);
        case calendar_act::move:
            return to_move(wanted);
        case calendar_act::cancel:
            return to_cancel(wanted);
    }
    return {};
}

}  // namespace

std::optional<reading> match_calendar_follow_up(const question& asked) {
    const auto step = calendar_follow_up(asked);
    if (!step) return std::nullopt;
    return to_reading(*step);
}

std::optional<reading> match_calendar(const question& asked) {
    const auto step = calendar_request(asked);
    if (!step) return std::nullopt;
    return to_reading(*step);
}

std::string answer_calendar(const reading& what, const question&) { return what.content; }

plan intend_calendar(const reading& what, const question&) { return {.arguments = what.arguments}; }

bool is_calendar_tool(std::string_view tool) {
    return is_any(tool, {"calendar_create_solo_event", "calendar_find_time", "calendar_list_events",
                         "calendar_reschedule_event", "calendar_cancel_event"});
}

}  // namespace perin::offline
