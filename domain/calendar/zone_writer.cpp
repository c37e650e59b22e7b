#include "domain/calendar/zone_writer.hpp"

#include "domain/calendar/content_line.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <vector>

namespace perin::calendar {

namespace {

using namespace std::chrono;

constexpr year last_known_year{2037};
/// The years by whose changes a yearly rule is told: March 1st falls on each weekday in them.
constexpr year first_rule_year{2027};
constexpr std::size_t most_changes = 400;

/// One change of a zone's clock.
struct change {
    sys_seconds at;
    seconds offset_from;
    seconds offset_to;
    std::string abbreviation;
    bool summer;

    /// On the clock before the change.
    [[nodiscard]] local_seconds local() const {
        return local_seconds{at.time_since_epoch() + offset_from};
    }
    [[nodiscard]] year_month_day date() const { return year_month_day{floor<days>(local())}; }
};

std::vector<change> changes_of(const date::time_zone& zone, sys_seconds from, sys_seconds until) {
    std::vector<change> out;
    auto before = zone.get_info(from);
    // What holds at first, as a change that changes nothing.
    out.push_back({from, before.offset, before.offset, before.abbrev, before.save != 0min});
    while (before.end < until && out.size() < most_changes) {
        const auto after = zone.get_info(before.end);
        out.push_back(
            {before.end, before.offset, after.offset, after.abbrev, after.offset > before.offset});
        before = after;
    }
    return out;
}

std::string offset_text(seconds offset) {
    const auto size = offset < 0s ? -offset : offset;
    std::array<char, 16> text{};
    const hh_mm_ss time{size};
    int length = std::snprintf(text.data(), text.size(), "%c%02d%02d", offset < 0s ? '-' : '+',
                               static_cast<int>(time.hours().count()),
                               static_cast<int>(time.minutes().count()));
    std::string out(text.data(), static_cast<std::size_t>(length));
    if (time.seconds() != 0s) {
        length = std::snprintf(text.data(), text.size(), "%02d",
                               static_cast<int>(time.seconds().count()));
        out.append(text.data(), static_cast<std::size_t>(length));
    }
    return out;
}

/// The rule by which one change comes each year from `first_rule_year` to `last_known_year`; empty
/// where it does not. All of `yearly` are in order.
std::string yearly_rule(const std::vector<const change*>& yearly) {
    constexpr std::array<const char*, 7> names = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    const auto& first = *yearly.front();
    unsigned earliest = 31;
    unsigned latest = 1;
    bool always_last = true;
    for (const auto* const one : yearly) {
        const auto day = static_cast<unsigned>(one->date().day());
        if (one->date().month() != first.date().month()) return {};
        if (weekday{floor<days>(one->local())} != weekday{floor<days>(first.local())}) return {};
        if (one->local() - floor<days>(one->local()) !=
            first.local() - floor<days>(first.local())) {
            return {};
        }
        earliest = std::min(earliest, day);
        latest = std::max(latest, day);
        const auto end = one->date().year() / one->date().month() / last;
        if (day + 7 <= static_cast<unsigned>(end.day())) always_last = false;
    }
    if (latest - earliest > 6) return {};
    const std::string weekday_name = names[weekday{floor<days>(first.local())}.c_encoding()];
    std::string out =
        "FREQ=YEARLY;BYMONTH=" + std::to_string(static_cast<unsigned>(first.date().month())) +
        ";BYDAY=";
    if (always_last) return out + "-1" + weekday_name;
    if (earliest % 7 == 1) return out + std::to_string(earliest / 7 + 1) + weekday_name;
    out += weekday_name + ";BYMONTHDAY=";
    for (unsigned day = earliest; day < earliest + 7; ++day) {
        if (day != earliest) out += ',';
        out += std::to_string(day);
    }
    return out;
}

void append_change(std::string& out, const change& one, const std::string& rule) {
    const std::string name = one.summer ? "DAYLIGHT" : "STANDARD";
    append_line(out, "BEGIN:" + name);
    append_line(out, "DTSTART:" + to_text(moment{time_form::floating, {}, one.local()}));
    append_line(out, "TZOFFSETFROM:" + offset_text(one.offset_from));
    append_line(out, "TZOFFSETTO:" + offset_text(one.offset_to));
    append_line(out, "TZNAME:" + escaped(one.abbreviation));
    if (!rule.empty()) append_line(out, "RRULE:" + rule);
    append_line(out, "END:" + name);
}

/// The changes that come every year at the end of what is known, one list for each.
std::vector<std::vector<const change*>> yearly_changes(const std::vector<change>& all) {
    std::vector<std::vector<const change*>> out;
    for (const auto& one : all) {
        if (one.date().year() < first_rule_year) continue;
        const auto same = std::ranges::find_if(out, [&](const auto& others) {
            return others.front()->offset_to == one.offset_to &&
                   others.front()->offset_from == one.offset_from;
        });
        if (same == out.end()) {
            out.push_back({&one});
        } else {
            same->push_back(&one);
        }
    }
    return out;
}

/// Writes the changes since `first_rule_year` as rules; false where they follow none.
bool append_rules(std::string& out, const std::vector<change>& all) {
    constexpr auto size = static_cast<std::size_t>((last_known_year - first_rule_year).count()) + 1;
    std::string rules;
    for (const auto& yearly : yearly_changes(all)) {
        const auto rule = yearly.size() == size ? yearly_rule(yearly) : std::string();
        if (rule.empty()) return false;
        append_change(rules, *yearly.front(), rule);
    }
    out += rules;
    return true;
}

}  // namespace

void append_timezone(std::string& out, const std::string& timezone, sys_seconds from,
                     sys_seconds until) {
    if (timezone == "UTC" || !is_timezone(timezone)) return;
    try {
        const auto* const zone = date::locate_zone(timezone);
        append_line(out, "BEGIN:VTIMEZONE");
        append_line(out, "TZID:" + timezone);
        const sys_seconds known_end = sys_days{(last_known_year + years{1}) / January / 1};
        const sys_seconds rules_begin = sys_days{first_rule_year / January / 1};
        // Before the tz database begins there is nothing to tell.
        const sys_seconds earliest = sys_days{year{1900} / January / 1};
        from = std::clamp(from, earliest, rules_begin);
        const auto all = changes_of(*zone, from, known_end);
        std::string rules;
        const bool ruled = append_rules(rules, all);
        for (const auto& one : all) {
            const bool first = &one == &all.front();
            if (!first && ruled && one.date().year() >= first_rule_year) break;
            if (!first && !ruled && one.at > until) break;
            append_change(out, one, {});
        }
        if (ruled) out += rules;
        append_line(out, "END:VTIMEZONE");
    } catch (const std::exception&) {
        // `is_timezone` looked into the same database.
    }
}

}  // namespace perin::calendar
