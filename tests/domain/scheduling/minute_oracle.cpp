#include "tests/domain/scheduling/minute_oracle.hpp"

#include <date/iso_week.h>
#include <date/tz.h>

#include <algorithm>
#include <tuple>

namespace perin::scheduling::test {

namespace {

using std::chrono::minutes;

std::int64_t days_since_1970(date::local_days day) { return day.time_since_epoch().count(); }

/// 0 is Monday; 1 January 1970 was a Thursday.
std::size_t weekday_of(std::int64_t day) {
    return static_cast<std::size_t>(((day + 3) % 7 + 7) % 7);
}

date::local_days day_in(const person& who, timestamp at) {
    return date::floor<date::days>(date::locate_zone(who.timezone)->to_local(at));
}

/// Whether hours of `day`, which may be the one before, hold a minute `past` their midnight.
bool within_hours(const person& who, std::int64_t day, std::int64_t past, minutes step,
                  bool& at_step) {
    bool within = false;
    for (const auto& each : who.hours.days[weekday_of(day)]) {
        if (past < each.from.count() || past >= each.until.count()) continue;
        within = true;
        if ((past - each.from.count()) % step.count() == 0) at_step = true;
    }
    return within;
}

bool is_ended_hold(const busy_time& busy, timestamp now) {
    return busy.held_until.has_value() && now >= *busy.held_until;
}

}  // namespace

minute_oracle::minute_oracle(std::span<const person> people, const slot_search& search,
                             timestamp first, timestamp last)
    : people_(people), search_(search), first_(first) {
    for (const person& who : people) {
        const auto* zone = date::locate_zone(who.timezone);
        std::vector<shown_minute> all;
        for (timestamp at = first; at < last; at += minutes{1}) {
            const auto local = date::floor<minutes>(zone->to_local(at));
            const auto midnight = date::floor<date::days>(local);
            shown_minute one{.day = days_since_1970(midnight),
                             .of_day = (local - midnight).count()};
            const bool todays = within_hours(who, one.day, one.of_day, search.step, one.at_step);
            const bool yesterdays =
                within_hours(who, one.day - 1, one.of_day + 1440, search.step, one.at_step);
            one.working = todays || yesterdays;
            one.within_days = (!who.first_day || one.day >= days_since_1970(*who.first_day)) &&
                              (!who.last_day || one.day <= days_since_1970(*who.last_day));
            all.push_back(one);
        }
        shown_.push_back(std::move(all));
    }
}

std::size_t minute_oracle::index_of(timestamp at) const {
    return static_cast<std::size_t>((at - first_) / minutes{1});
}

std::optional<refusal> minute_oracle::rule_against(std::size_t who, const interval& slot,
                                                   bool at_steps) const {
    const person& one = people_[who];
    if (slot.start - search_.now < one.notice) return refusal::too_soon;
    const auto& shown = shown_[who];
    const std::size_t begin = index_of(slot.start);
    const std::size_t end = index_of(slot.end);
    for (std::size_t i = begin; i < end; ++i) {
        if (shown.at(i).within_days) continue;
        const bool early = one.first_day && shown[begin].day < days_since_1970(*one.first_day);
        return early ? refusal::before_window : refusal::beyond_window;
    }
    for (std::size_t i = begin; i < end; ++i)
        if (!shown[i].working) return refusal::outside_hours;
    if (who == 0 && at_steps && !shown[begin].at_step) return refusal::off_step;
    return std::nullopt;
}

std::optional<refusal> minute_oracle::meeting_against(std::size_t who, const interval& slot) const {
    const person& one = people_[who];
    bool busy = false;
    bool held = false;
    bool close = false;
    for (const auto& each : one.busy) {
        if (is_ended_hold(each, search_.now)) continue;
        const bool is_moment = each.when.start == each.when.end;
        if (is_moment && each.around == buffers{}) continue;
        if (!is_moment && slot.start < each.when.end && each.when.start < slot.end)
            (each.held_until ? held : busy) = true;
        const auto gap_before = slot.start - each.when.end;
        const auto gap_after = each.when.start - slot.end;
        const bool far_after = gap_before >= each.around.after + one.around.before;
        const bool far_before = gap_after >= one.around.after + each.around.before;
        if (!far_after && !far_before) close = true;
    }
    if (busy) return refusal::busy;
    if (held) return refusal::held;
    if (close) return refusal::too_close;
    return std::nullopt;
}

std::optional<refusal> minute_oracle::limit_against(std::size_t who, const interval& slot) const {
    const person& one = people_[who];
    const auto week_of = [](date::local_days day) {
        const iso_week::year_weeknum_weekday named{day};
        return std::tuple{static_cast<int>(named.year()), static_cast<unsigned>(named.weeknum())};
    };
    const auto day = day_in(one, slot.start);
    const date::year_month_day date{day};
    std::size_t same_day = 0;
    std::size_t same_week = 0;
    std::size_t same_month = 0;
    for (const auto& each : one.busy) {
        if (!each.counted || is_ended_hold(each, search_.now)) continue;
        const auto its = day_in(one, each.when.start);
        const date::year_month_day its_date{its};
        if (its == day) ++same_day;
        if (week_of(its) == week_of(day)) ++same_week;
        if (its_date.year() == date.year() && its_date.month() == date.month()) ++same_month;
    }
    if (one.most.a_day && same_day >= *one.most.a_day) return refusal::day_full;
    if (one.most.a_week && same_week >= *one.most.a_week) return refusal::week_full;
    if (one.most.a_month && same_month >= *one.most.a_month) return refusal::month_full;
    return std::nullopt;
}

std::optional<refused> minute_oracle::why_not(const interval& slot, bool at_steps) const {
    if (slot.end <= slot.start) return refused{refusal::no_time, 0};
    const auto length = slot.end - slot.start;
    if (std::count(search_.durations.begin(), search_.durations.end(), length) == 0)
        return refused{refusal::wrong_length, 0};
    for (std::size_t who = 0; who < people_.size(); ++who)
        if (const auto why = rule_against(who, slot, at_steps)) return refused{*why, who};
    for (std::size_t who = 0; who < people_.size(); ++who)
        if (const auto why = meeting_against(who, slot)) return refused{*why, who};
    for (std::size_t who = 0; who < people_.size(); ++who)
        if (const auto why = limit_against(who, slot)) return refused{*why, who};
    return std::nullopt;
}

std::vector<interval> minute_oracle::slots() const {
    auto lengths = search_.durations;
    std::sort(lengths.begin(), lengths.end());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    std::vector<interval> all;
    for (timestamp at = first_; at < search_.until; at += minutes{1}) {
        if (at < search_.from) continue;
        for (const minutes length : lengths)
            if (!why_not({at, at + length}, true)) all.push_back({at, at + length});
    }
    return all;
}

}  // namespace perin::scheduling::test
