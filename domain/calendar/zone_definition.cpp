#include "domain/calendar/zone_definition.hpp"

#include "domain/calendar/recurrence_times.hpp"
#include "domain/calendar/zone_names.hpp"

#include <date/tz.h>

#include <algorithm>
#include <exception>

namespace perin::calendar {

namespace {

using namespace std::chrono;

/// One change of a defined clock as it happens.
struct transition {
    sys_seconds at;
    seconds offset_from;
    seconds offset_to;
};

/// A definition whose rule changes the clock every second is no clock.
constexpr std::size_t most_steps = 20'000;
constexpr std::size_t most_transitions = 1'000;

/// The changes of a defined clock from `from` to `until`, and one before, in order. Empty where the
/// definition says nothing, or too much.
std::vector<transition> transitions_of(const zone_definition& definition, local_seconds from,
                                       local_seconds until) {
    std::vector<transition> out;
    std::size_t steps = most_steps;
    for (const auto& change : definition.changes) {
        const auto add = [&](local_seconds local) {
            out.push_back({sys_seconds{local.time_since_epoch()} - change.offset_from,
                           change.offset_from, change.offset_to});
        };
        add(change.start);
        for (const auto local : change.further) add(local);
        if (out.size() > most_transitions) return {};
        if (!change.rule) continue;
        auto last = until;
        if (change.rule->until) last = std::min(last, change.rule->until->local + days{1});
        // A rule that has ended may have made the last change before `from`.
        const auto first = std::min(from, last) - years{1};
        recurrence_times times(*change.rule, change.start, first, last);
        while (const auto local = times.next(steps)) {
            add(*local);
            if (out.size() > most_transitions) return {};
        }
        if (times.cut_short()) return {};
    }
    std::ranges::sort(out, {}, &transition::at);
    return out;
}

seconds offset_at(const std::vector<transition>& transitions, sys_seconds at) {
    const auto after = std::ranges::upper_bound(transitions, at, {}, &transition::at);
    if (after == transitions.begin()) return after->offset_from;
    return std::prev(after)->offset_to;
}

/// Whether the zone's clock shows the same as the defined one all the time.
bool is_like(const date::time_zone& zone, const std::vector<transition>& transitions,
             sys_seconds from, sys_seconds until) {
    for (auto at = from; at < until;) {
        const auto info = zone.get_info(at);
        const auto end = std::min(info.end, until);
        if (offset_at(transitions, at) != info.offset) return false;
        for (const auto& change : transitions) {
            if (change.at >= at && change.at < end && change.offset_to != info.offset) return false;
        }
        at = end;
    }
    return true;
}

std::optional<std::string> similar_zone(const zone_definition& definition, local_seconds around) {
    const auto y = year_month_day{floor<days>(around)}.year();
    const local_seconds from{local_days{y / January / 1}};
    const local_seconds until{local_days{(y + years{3}) / January / 1}};
    const auto transitions = transitions_of(definition, from, until);
    if (transitions.empty()) return std::nullopt;
    const sys_seconds begin{from.time_since_epoch()};
    const sys_seconds end{until.time_since_epoch()};
    try {
        for (const auto& row : windows_zones()) {
            if (!is_timezone(std::string(row.iana))) continue;
            if (is_like(*date::locate_zone(row.iana), transitions, begin, end)) {
                return std::string(row.iana);
            }
        }
        for (const auto& zone : date::get_tzdb().zones) {
            if (is_timezone(zone.name()) && is_like(zone, transitions, begin, end)) {
                return zone.name();
            }
        }
    } catch (const std::exception&) {
        // No database: then there is none like it.
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> timezone_of(const std::string& tzid, const zone_definition* definition,
                                       local_seconds around) {
    if (auto name = timezone_of(tzid)) return name;
    if (definition == nullptr) return std::nullopt;
    if (auto name = timezone_of(definition->location)) return name;
    return similar_zone(*definition, around);
}

std::optional<sys_seconds> to_instant(const zone_definition& definition, local_seconds local) {
    const auto transitions = transitions_of(definition, local - years{1}, local + days{2});
    if (transitions.empty()) return std::nullopt;
    const sys_seconds utc{local.time_since_epoch()};
    // The earlier of two moments that show it, else the one by the offset before the gap. One of
    // the offsets a day before and a day after is right.
    const auto before = offset_at(transitions, utc - 24h);
    const auto after = offset_at(transitions, utc + 24h);
    if (offset_at(transitions, utc - before) == before) return utc - before;
    if (offset_at(transitions, utc - after) == after) return utc - after;
    return utc - before;
}

}  // namespace perin::calendar
