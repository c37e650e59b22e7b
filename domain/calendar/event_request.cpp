#include "domain/calendar/event_request.hpp"

#include "domain/calendar/event_reader.hpp"
#include "domain/calendar/expansion.hpp"
#include "domain/calendar/zone_clock.hpp"
#include "domain/json.hpp"
#include "domain/text.hpp"

#include <span>

namespace perin::calendar {

namespace {

using std::chrono::days;
using std::chrono::floor;

constexpr std::size_t longest_rule = 1'000;

failure bad(const char* field, std::string why) {
    return {error_code::invalid_request, std::move(why), std::string("/") + field};
}

bool fits(const std::string& text, std::size_t most) {
    return is_utf8(text) && code_points(text) <= most && text.find('\0') == std::string::npos;
}

void place_days(event& which, timestamp from, timestamp until, const std::string& timezone) {
    zone_clock clock(timezone);
    const auto first = floor<days>(clock.to_local(floor<seconds>(from)));
    auto end = floor<days>(clock.to_local(floor<seconds>(until)));
    // Until within a day is with that day.
    if (clock.to_instant(end) < floor<seconds>(until) || end == first) end += days{1};
    which.start = {time_form::all_day, {}, first};
    which.length = end - first;
    which.busy = false;
}

}  // namespace

result<event> event_of(const event_request& wanted, const std::string& timezone) {
    if (wanted.title.empty()) return bad("title", "is missing");
    if (!fits(wanted.title, longest_title)) return bad("title", "is too long or no text");
    if (!fits(wanted.location, longest_location)) return bad("location", "is too long or no text");
    if (!fits(wanted.description, longest_description))
        return bad("description", "is too long or no text");
    if (wanted.ends_at < wanted.starts_at ||
        (wanted.ends_at == wanted.starts_at && !wanted.all_day))
        return bad("end", "is not after the start");
    event out;
    out.title = wanted.title;
    out.location = wanted.location;
    out.description = wanted.description;
    if (wanted.all_day) {
        place_days(out, wanted.starts_at, wanted.ends_at, timezone);
    } else {
        place(out, wanted.starts_at, wanted.ends_at, timezone);
    }
    if (wanted.repeat.empty()) return out;
    auto rule = parse_rule(wanted.repeat);
    if (!rule) return bad("repeat", rule.error().detail);
    out.rule = std::move(*rule);
    const auto first = first_span(out, timezone);
    const auto times = expand(std::span(&out, 1), first.starts_at,
                              first.starts_at + std::chrono::seconds{1}, timezone);
    if (times.occurrences.empty()) return bad("repeat", "the rule has no occurrence at the start");
    return out;
}

nlohmann::json to_json(const event_request& wanted) {
    return {{"title", wanted.title},
            {"start", to_rfc3339(wanted.starts_at)},
            {"end", to_rfc3339(wanted.ends_at)},
            {"allDay", wanted.all_day},
            {"location", wanted.location},
            {"description", wanted.description},
            {"repeat", wanted.repeat}};
}

result<event_request> event_request_of(const nlohmann::json& body) {
    json_reader fields(body);
    event_request out;
    out.title = fields.required_text("title", 1, longest_title);
    const auto start = fields.required_text("start", 1, 40);
    const auto end = fields.required_text("end", 1, 40);
    out.all_day = fields.optional_bool("allDay").value_or(false);
    out.location = fields.optional_text("location", 0, longest_location).value_or("");
    out.description = fields.optional_text("description", 0, longest_description).value_or("");
    out.repeat = fields.optional_text("repeat", 0, longest_rule).value_or("");
    if (fields.error()) return *fields.error();
    for (const auto& [name, text, into] :
         {std::tuple{"start", &start, &out.starts_at}, std::tuple{"end", &end, &out.ends_at}}) {
        const auto at = from_rfc3339(*text);
        if (!at) return bad(name, "is not a time");
        *into = *at;
    }
    return out;
}

}  // namespace perin::calendar
