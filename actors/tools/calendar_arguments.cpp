#include "actors/tools/calendar_arguments.hpp"

#include "domain/calendar/zone_clock.hpp"
#include "domain/time_grammar/local_time.hpp"

#include <algorithm>
#include <chrono>

namespace perin::actors {

using namespace runtime;
using namespace std::chrono;
using nlohmann::json;
using scheduling::interval;

namespace {

constexpr minutes usual_event{60};
constexpr minutes usual_meeting{30};
constexpr days longest_event{31};
/// Where no time is said.
constexpr days free_time_horizon{14};
constexpr days list_horizon{7};
/// Where an event that is named by its title alone is looked for.
constexpr days search_horizon{366};
constexpr std::size_t most_searched = 2'000;
constexpr std::size_t most_choices = 5;

json text(std::size_t most, const char* description) {
    return {
        {"type", "string"}, {"minLength", 1}, {"maxLength", most}, {"description", description}};
}

json number(int least, int most, const char* description) {
    return {
        {"type", "integer"}, {"minimum", least}, {"maximum", most}, {"description", description}};
}

json flag(const char* description) { return {{"type", "boolean"}, {"description", description}}; }

json object(json properties, json required) {
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)},
            {"additionalProperties", false}};
}

constexpr const char* when_words =
    "the user's own words for the time, such as \"tomorrow at 3 pm for an hour\" or \"next Tuesday "
    "morning\", not computed; or RFC 3339";

failure invalid(const char* argument, std::string why) {
    return {error_code::invalid_request, std::move(why), std::string("/") + argument};
}

std::string said(const json& arguments, const char* name) { return arguments.value(name, ""); }

/// The time that something is wanted at: in words, or as RFC 3339.
std::string said_time(const json& arguments) {
    return arguments.contains("when") ? said(arguments, "when") : said(arguments, "start");
}

json question_json(const time_question& asked, const std::string& timezone) {
    auto choices = json::array();
    for (const auto& each : asked.choices)
        if (choices.size() < most_choices) choices.push_back(calendar::slot_json(each, timezone));
    return {{"status", "ambiguous"},
            {"timezone", timezone},
            {"question", asked.question},
            {"choices", std::move(choices)}};
}

/// A stretch to look in: what was said, or from now on for so long.
std::variant<interval, json, failure> stretch(const json& arguments, const char* name,
                                              const calendar_reading& with, days otherwise) {
    const auto words = said(arguments, name);
    if (words.empty()) return interval{with.now, with.now + otherwise};
    const auto heard = hear_time(words, with.said_at, with.timezone);
    if (const auto* asked = std::get_if<time_question>(&heard))
        return question_json(*asked, with.timezone);
    if (const auto* why = std::get_if<failure>(&heard)) return *why;
    const auto& meant = std::get<meant_time>(heard);
    if (meant.end) return interval{meant.start, *meant.end};
    return interval{meant.start, meant.start + meant.length.value_or(minutes{0})};
}

/// The day of a moment in the zone.
interval day_of(timestamp at, const std::string& timezone) {
    const auto* zone = time_grammar::zone_of(timezone);
    const auto day = time_grammar::local_day(at, zone);
    return {time_grammar::to_moment(day, zone), time_grammar::to_moment(day + date::days{1}, zone)};
}

/// A moment and how long from there on.
struct span_read {
    timestamp start;
    std::optional<timestamp> end;
    enum time_phrase::precision precision;
};

std::variant<span_read, json, failure> read_span(const json& arguments, const heard_time& heard,
                                                 const calendar_reading& with) {
    if (const auto* asked = std::get_if<time_question>(&heard))
        return question_json(*asked, with.timezone);
    if (const auto* why = std::get_if<failure>(&heard))
        return failure{why->code, why->detail, "/when"};
    const auto& meant = std::get<meant_time>(heard);
    span_read out{meant.start, std::nullopt, meant.precision};
    if (meant.precision == time_phrase::precision::minute && meant.end) out.end = meant.end;
    if (meant.length) out.end = meant.start + *meant.length;
    if (arguments.contains("durationMins"))
        out.end = meant.start + minutes{arguments["durationMins"].get<int>()};
    if (const auto words = said(arguments, "end"); !words.empty()) {
        const auto end = from_rfc3339(words);
        if (!end) return invalid("end", "is not RFC 3339");
        if (*end <= meant.start) return invalid("end", "the end is not after the start");
        out.end = end;
    }
    if (out.end && *out.end - out.start > longest_event)
        return invalid("durationMins", "an event may last 31 days at most");
    return out;
}

/// A part of a day or a day is no moment: which one is asked, with the times that are in it.
json which_moment(const heard_time& heard, const calendar_reading& with) {
    const auto& meant = std::get<meant_time>(heard);
    const bool day = meant.precision == time_phrase::precision::day ||
                     meant.precision == time_phrase::precision::part_of_day;
    time_question asked{day ? "At what time of that day?" : "On which day, and at what time?", {}};
    if (meant.precision == time_phrase::precision::part_of_day && meant.end) {
        const auto length = meant.length.value_or(usual_event);
        for (auto at = meant.start; at + length <= *meant.end; at += hours{1})
            if (at > with.now) asked.choices.push_back({at, at + length});
    }
    return question_json(asked, with.timezone);
}

calendar::event all_day_event(const json& arguments, const span_read& span,
                              const calendar_reading& with) {
    calendar::event out;
    calendar::zone_clock clock(with.timezone);
    const auto first = floor<days>(clock.to_local(floor<seconds>(span.start)));
    out.start = {calendar::time_form::all_day, {}, first};
    auto last = first + days{1};
    if (span.end) last = ceil<days>(clock.to_local(floor<seconds>(*span.end)));
    out.length = std::max<calendar::seconds>(last - first, days{1});
    out.busy = arguments.value("busy", false);
    return out;
}

}  // namespace

// ------------------------------------------------------------------------------------- schemas

json find_time_schema() {
    return object({{"durationMins", number(5, 720, "how long the meeting is; default 30")},
                   {"when", text(200,
                                 "where to look, in the user's own words, such as \"next week\" or "
                                 "\"tomorrow afternoon\"; default the next 14 days")},
                   {"anyHour", flag("also outside Monday to Friday, 9 to 17")},
                   {"limit", number(1, 20, "how many; default 5")}},
                  json::array());
}

json list_events_schema() {
    return object({{"when", text(200, "which days, in the user's own words; default the next 7")},
                   {"limit", number(1, 200, "how many; default 50")}},
                  json::array());
}

json create_event_schema() {
    return object({{"title", text(200, "what it is")},
                   {"when", text(200, when_words)},
                   {"start", text(40, "RFC 3339, instead of words")},
                   {"durationMins", number(1, 44'640,
                                           "how long, where the words do not say it; "
                                           "default 60")},
                   {"end", text(40, "RFC 3339, instead of a duration")},
                   {"allDay", flag("a whole day, or days")},
                   {"busy", flag("whether it takes its time; default true, of a whole day false")},
                   {"location", text(1'000, "where")},
                   {"description", text(10'000, "notes")},
                   {"overlapAllowed", flag("only where the user wants it beside what is there")}},
                  {"title"});
}

json reschedule_event_schema() {
    return object(
        {{"event", text(200, "its id, or words of its title")},
         {"recurrenceId", text(40, "which one of a series")},
         {"on",
          text(200, "when it is now, in the user's own words, where the title is not enough")},
         {"when", text(200, when_words)},
         {"start", text(40, "RFC 3339, instead of words")},
         {"durationMins", number(1, 44'640, "another length")},
         {"end", text(40, "RFC 3339, instead of a duration")},
         {"overlapAllowed", flag("only where the user wants it beside what is there")}},
        {"event"});
}

json cancel_event_schema() {
    return object(
        {{"event", text(200, "its id, or words of its title")},
         {"recurrenceId", text(40, "which one of a series")},
         {"on", text(200, "when it is, in the user's own words, where the title is not enough")},
         {"wholeSeries", flag("every one of a series")}},
        {"event"});
}

// --------------------------------------------------------------------------------------- answers

json taken_json(const time_refused& why, const std::string& timezone) {
    auto in_the_way = json::array();
    for (const auto& each : why.in_the_way)
        if (in_the_way.size() < most_choices) in_the_way.push_back(to_json(each, timezone));
    auto alternatives = json::array();
    for (const auto& each : why.alternatives)
        alternatives.push_back(calendar::slot_json(each, timezone));
    return {{"status", "taken"},
            {"timezone", timezone},
            {"why", sentence(why.why)},
            {"inTheWay", std::move(in_the_way)},
            {"alternatives", std::move(alternatives)}};
}

// --------------------------------------------------------------------------------------- reading

read_call<find_free_time> read_find_time(const json& arguments, const calendar_reading& with) {
    const auto where = stretch(arguments, "when", with, free_time_horizon);
    if (const auto* asked = std::get_if<json>(&where)) return *asked;
    if (const auto* why = std::get_if<failure>(&where))
        return failure{why->code, why->detail, "/when"};
    auto range = std::get<interval>(where);
    minutes length{arguments.value("durationMins", static_cast<int>(usual_meeting.count()))};
    find_free_time out;
    out.rules.timezone = with.timezone;
    out.limit = arguments.value("limit", std::size_t{5});
    out.search.now = with.now;
    out.search.durations = {length};
    out.weights = scheduling::slot_weights{};
    // A moment: is it free? Else times of a stretch.
    const bool moment = scheduling::is_empty(range) || range.end - range.start == length;
    if (arguments.value("anyHour", false) || moment)
        for (auto& day : out.rules.hours.days) day = {{minutes{0}, hours{24}}};
    if (moment) {
        out.search.step = minutes{1};
        range.end = range.start + minutes{1};
        out.weights.reset();
    }
    if (range.end <= with.now) return invalid("when", "lies in the past");
    if (range.end - range.start > days{366}) return invalid("when", "a year at most");
    out.search.from = std::max(range.start, moment ? range.start : with.now);
    out.search.until = range.end;
    if (!moment)
        out.rules.last_day =
            time_grammar::local_day(range.end - minutes{1}, time_grammar::zone_of(with.timezone));
    return out;
}

read_call<list_entries> read_list_events(const json& arguments, const calendar_reading& with) {
    const auto where = stretch(arguments, "when", with, list_horizon);
    if (const auto* asked = std::get_if<json>(&where)) return *asked;
    if (const auto* why = std::get_if<failure>(&where))
        return failure{why->code, why->detail, "/when"};
    auto range = std::get<interval>(where);
    if (scheduling::is_empty(range)) range = day_of(range.start, with.timezone);
    if (range.end - range.start > days{366}) return invalid("when", "a year at most");
    list_entries out;
    out.from = range.start;
    out.until = range.end;
    out.limit = arguments.value("limit", std::size_t{50});
    return out;
}

read_call<book_time> read_create_event(const json& arguments, const calendar_reading& with) {
    const auto heard = hear_time(said_time(arguments), with.said_at, with.timezone);
    const auto read = read_span(arguments, heard, with);
    if (const auto* asked = std::get_if<json>(&read)) return *asked;
    if (const auto* why = std::get_if<failure>(&read)) return *why;
    auto span = std::get<span_read>(read);
    const bool all_day = arguments.value("allDay", false);
    book_time out;
    if (all_day) {
        if (!span.end)
            if (const auto& meant = std::get<meant_time>(heard);
                meant.end && meant.precision == time_phrase::precision::week)
                span.end = meant.end;
        out.what = all_day_event(arguments, span, with);
        if (day_of(span.start, with.timezone).end <= with.now)
            return invalid("when", "lies in the past");
    } else {
        if (span.precision != time_phrase::precision::minute) return which_moment(heard, with);
        if (span.start < with.now) return invalid("when", "lies in the past");
        place(out.what, span.start, span.end.value_or(span.start + usual_event), with.timezone);
        out.what.busy = arguments.value("busy", true);
    }
    out.what.title = said(arguments, "title");
    out.what.location = said(arguments, "location");
    out.what.description = said(arguments, "description");
    out.rules.timezone = with.timezone;
    out.by_owner = true;
    out.overlap_allowed = arguments.value("overlapAllowed", false);
    return out;
}

read_call<list_entries> read_event_search(const json& arguments, const calendar_reading& with) {
    list_entries out;
    out.limit = most_searched;
    out.from = with.now;
    out.until = with.now + search_horizon;
    if (said(arguments, "event").starts_with("evt_")) {
        // By its id it may be over, or far off.
        out.from = with.now - search_horizon;
        out.until = with.now + 5 * search_horizon;
        return out;
    }
    const auto where = stretch(arguments, "on", with, search_horizon);
    if (const auto* asked = std::get_if<json>(&where)) return *asked;
    if (const auto* why = std::get_if<failure>(&where))
        return failure{why->code, why->detail, "/on"};
    const auto range = std::get<interval>(where);
    out.from = std::min(range.start, out.from);
    out.until = std::max(range.end, out.until);
    return out;
}

read_call<calendar::calendar_entry> read_event_meant(
    const json& arguments, const std::vector<calendar::calendar_entry>& among,
    const calendar_reading& with) {
    const auto words = said(arguments, "event");
    const auto recurrence = said(arguments, "recurrenceId");
    std::vector<calendar::calendar_entry> found;
    if (words.starts_with("evt_")) {
        for (const auto& each : among)
            if (each.id == words) found.push_back(each);
    } else {
        std::optional<interval> within;
        if (arguments.contains("on")) {
            const auto where = stretch(arguments, "on", with, search_horizon);
            if (const auto* range = std::get_if<interval>(&where)) within = *range;
        }
        found = entries_meant(among, words, within);
    }
    if (!recurrence.empty())
        std::erase_if(found, [&](const auto& each) { return each.recurrence_id != recurrence; });
    if (found.empty())
        return failure{error_code::not_found,
                       words.starts_with("evt_")
                           ? "there is no event of that id"
                           : "no event of the next twelve months is meant by that"};
    const bool one_series = std::all_of(found.begin(), found.end(), [&](const auto& each) {
        return each.recurrence_id && each.id == found.front().id;
    });
    // Of a series the next one is meant.
    if (found.size() == 1 || one_series) {
        const auto next = std::find_if(found.begin(), found.end(),
                                       [&](const auto& each) { return each.ends_at > with.now; });
        return next == found.end() ? found.front() : *next;
    }
    auto choices = json::array();
    for (const auto& each : found)
        if (choices.size() < most_choices) choices.push_back(to_json(each, with.timezone));
    return json{{"status", "which"},
                {"timezone", with.timezone},
                {"question", "Which one do you mean?"},
                {"choices", std::move(choices)}};
}

read_call<move_event> read_reschedule(const json& arguments, const calendar::calendar_entry& which,
                                      const calendar_reading& with) {
    const auto heard =
        hear_new_time(said_time(arguments), with.said_at, with.timezone, which.starts_at);
    const auto read = read_span(arguments, heard, with);
    if (const auto* asked = std::get_if<json>(&read)) return *asked;
    if (const auto* why = std::get_if<failure>(&read)) return *why;
    auto span = std::get<span_read>(read);
    if (span.precision == time_phrase::precision::day) {
        // Another day, at the same time.
        calendar::zone_clock clock(with.timezone);
        const auto at = clock.to_local(floor<seconds>(which.starts_at));
        const auto day = floor<days>(clock.to_local(floor<seconds>(span.start)));
        span.start = clock.to_instant(day + (at - floor<days>(at)));
        span.end.reset();
    } else if (span.precision != time_phrase::precision::minute) {
        return which_moment(heard, with);
    }
    if (span.start < with.now) return invalid("when", "lies in the past");
    move_event out;
    out.event_id = which.id;
    out.recurrence_id = which.recurrence_id;
    out.starts_at = span.start;
    out.ends_at = span.end;
    out.overlap_allowed = arguments.value("overlapAllowed", false);
    out.now = with.now;
    return out;
}

}  // namespace perin::actors
