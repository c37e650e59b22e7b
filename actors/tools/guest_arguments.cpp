#include "actors/tools/guest_arguments.hpp"

#include <algorithm>
#include <chrono>

namespace perin::actors {

using nlohmann::json;
using std::chrono::minutes;

namespace {

json text(std::size_t least, std::size_t most, const char* description) {
    return {{"type", "string"},
            {"minLength", least},
            {"maxLength", most},
            {"description", description}};
}

json length_schema() {
    return {{"type", "integer"},
            {"minimum", 5},
            {"maximum", 720},
            {"description", "one of the lengths that the link offers; default the shortest"}};
}

json object(json properties, json required) {
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)},
            {"additionalProperties", false}};
}

failure invalid(const char* pointer, std::string why) {
    return {error_code::invalid_request, std::move(why), pointer};
}

std::optional<minutes> length_of(const json& arguments, const meant_time* meant = nullptr) {
    if (arguments.contains("durationMins")) return minutes{arguments["durationMins"].get<int>()};
    return meant ? meant->length : std::nullopt;
}

/// The words as one time; `invalid_request` with what to ask where there is none, or several.
result<meant_time> heard(const json& arguments, const char* name, const calendar_reading& with) {
    const auto pointer = std::string("/") + name;
    const auto said = hear_time(arguments.value(name, ""), with.said_at, with.timezone);
    if (const auto* asked = std::get_if<time_question>(&said))
        return invalid(pointer.c_str(), asked->question);
    if (const auto* why = std::get_if<failure>(&said)) return invalid(pointer.c_str(), why->detail);
    return std::get<meant_time>(said);
}

bool is_moment(const meant_time& meant) {
    return meant.precision == time_phrase::precision::minute && !meant.end;
}

}  // namespace

json check_availability_schema() {
    return object(
        {{"when", text(1, 200,
                       "the visitor's own words for the time, such as \"next week\" or \"Tuesday "
                       "at 10\", not computed; or RFC 3339; default the next free times")},
         {"durationMins", length_schema()}},
        json::array());
}

json schedule_meeting_schema() {
    return object(
        {{"start", text(1, 200,
                        "when it begins: the visitor's own words with a day and a time, such as "
                        "\"Tuesday at 10\", not computed; or RFC 3339")},
         {"durationMins", length_schema()},
         {"name", text(1, 200, "the visitor's name, as they gave it")},
         {"email", text(3, 320, "the visitor's mail address, as they gave it")},
         {"note", text(0, 1'000, "what the visitor wants the owner to know")}},
        {"start", "name", "email"});
}

result<availability_asked> read_availability(const json& arguments, const calendar_reading& with) {
    availability_asked out;
    out.duration = length_of(arguments);
    if (!arguments.contains("when")) return out;
    const auto meant = heard(arguments, "when", with);
    if (!meant) return meant.error();
    out.duration = length_of(arguments, &*meant);
    if (is_moment(*meant)) {
        if (meant->start < with.now) return invalid("/when", "this time is over");
        out.within = scheduling::interval{meant->start, meant->start};
        return out;
    }
    const scheduling::interval within{std::max(meant->start, with.now),
                                      meant->end.value_or(meant->start)};
    if (is_empty(within)) return invalid("/when", "this time is over");
    out.within = within;
    return out;
}

result<chosen_slot> read_meeting(const json& arguments, const calendar_reading& with) {
    const auto meant = heard(arguments, "start", with);
    if (!meant) return meant.error();
    switch (meant->precision) {
        case time_phrase::precision::minute:
            break;
        case time_phrase::precision::part_of_day:
        case time_phrase::precision::day:
            return invalid("/start", "At what time of that day?");
        case time_phrase::precision::week:
        case time_phrase::precision::month:
            return invalid("/start", "On which day, and at what time?");
    }
    if (meant->start < with.now) return invalid("/start", "this time is over");
    auto length = length_of(arguments, &*meant);
    if (!length && meant->end) length = std::chrono::floor<minutes>(*meant->end - meant->start);
    return chosen_slot{meant->start,
                       length.value_or(minutes{0}),
                       {arguments.value("name", ""), arguments.value("email", ""), with.timezone},
                       arguments.value("note", "")};
}

std::vector<scheduling::interval> nearest_times(std::vector<scheduling::interval> times,
                                                timestamp around, std::size_t most) {
    std::erase_if(times, [&](const auto& each) { return each.start == around; });
    const auto away = [&](const scheduling::interval& each) {
        return each.start < around ? around - each.start : each.start - around;
    };
    std::ranges::stable_sort(times, {}, away);
    if (times.size() > most) times.resize(most);
    std::ranges::sort(times, {}, &scheduling::interval::start);
    return times;
}

}  // namespace perin::actors
