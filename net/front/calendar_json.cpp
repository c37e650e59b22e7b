#include "net/front/calendar_json.hpp"

#include "domain/calendar/calendar_writer.hpp"
#include "domain/meant_time.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <tuple>

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

constexpr std::array changes{"begin", "replace", "end"};

}  // namespace

json listed_json(const list_entries& wanted, const listed_entries& found) {
    auto items = json::array();
    for (const auto& each : found.items) items.push_back(to_json(each, found.timezone));
    return {{"timezone", found.timezone},
            {"from", to_rfc3339(wanted.from)},
            {"until", to_rfc3339(wanted.until)},
            {"items", std::move(items)},
            {"more", found.more}};
}

json booked_json(const booking_outcome& outcome, const std::string& timezone) {
    if (const auto* booked = std::get_if<time_booked>(&outcome))
        return {{"status", "created"},
                {"timezone", timezone},
                {"event", to_json(booked->entry, timezone)}};
    const auto& refused = std::get<time_refused>(outcome);
    auto in_the_way = json::array();
    for (const auto& each : refused.in_the_way) in_the_way.push_back(to_json(each, timezone));
    auto alternatives = json::array();
    for (const auto& each : refused.alternatives)
        alternatives.push_back(calendar::slot_json(each, timezone));
    return {{"status", "taken"},
            {"timezone", timezone},
            {"reason", scheduling::sentence(refused.why)},
            {"inTheWay", std::move(in_the_way)},
            {"alternatives", std::move(alternatives)}};
}

json imported_json(const events_imported& done, const calendar::imported& from) {
    auto problems = json::array();
    for (const auto& each : from.problems)
        problems.push_back({{"line", each.line}, {"uid", each.uid}, {"what", each.what}});
    return {{"added", done.added},
            {"replaced", done.replaced},
            {"unchanged", done.unchanged},
            {"problems", std::move(problems)},
            {"problemsLeftOut", from.problems_left_out}};
}

book_time own_event(const user& owner, calendar::event what, bool overlap_allowed) {
    book_time out;
    out.user_id = owner.id;
    out.what = std::move(what);
    out.rules.timezone = owner.timezone;
    out.by_owner = true;
    out.overlap_allowed = overlap_allowed;
    return out;
}

std::string calendar_file(std::vector<calendar::event> events, timestamp stamp) {
    const auto place = [](const calendar::event& one) {
        return std::tuple(
            one.start.local, std::string_view(one.uid),
            one.recurrence_id ? one.recurrence_id->local : calendar::local_seconds::min());
    };
    std::sort(events.begin(), events.end(),
              [&](const auto& a, const auto& b) { return place(a) < place(b); });
    return calendar::to_calendar(events, {.stamp = stamp, .method = {}});
}

std::optional<feed_change> feed_change_of(std::string_view word) {
    for (std::size_t i = 0; i < changes.size(); ++i)
        if (word == changes[i]) return static_cast<feed_change>(i);
    return std::nullopt;
}

std::string_view to_string(feed_change change) noexcept {
    return changes[static_cast<std::size_t>(change)];
}

std::string feed_url(const std::string& base, const std::string& token) {
    return base + "/calendar/" + token + ".ics";
}

}  // namespace perin::net
