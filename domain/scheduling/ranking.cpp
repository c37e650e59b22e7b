#include "domain/scheduling/ranking.hpp"

#include "domain/scheduling/open_time.hpp"

#include <algorithm>
#include <cmath>

namespace perin::scheduling {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

double days_of(std::chrono::milliseconds length) {
    return std::chrono::duration<double, date::days::period>(length).count();
}

/// 1 to 0 by how little of a stretch of free time is broken up.
double unbroken(const interval& slot, const time_set& free, timestamp now,
                std::chrono::milliseconds shortest) {
    const auto next =
        std::upper_bound(free.begin(), free.end(), slot.start,
                         [](timestamp at, const interval& each) { return at < each.end; });
    double lost = 0;
    for (const auto left : {slot.start - std::max(next->start, now), next->end - slot.end}) {
        if (left <= left.zero()) continue;
        lost += left < shortest ? 0.5 : 0.25;
    }
    return 1 - lost;
}

double part_of_day(const slot_weights& weights, minutes of_day) {
    if (of_day < hours{6} || of_day >= hours{22}) return 0;
    if (of_day < hours{12}) return weights.morning;
    return of_day < hours{18} ? weights.afternoon : weights.evening;
}

bool are_numbers(const slot_weights& weights) {
    const auto is_number = [](double weight) { return std::isfinite(weight); };
    return is_number(weights.soonest) && is_number(weights.unbroken) &&
           is_number(weights.morning) && is_number(weights.afternoon) &&
           is_number(weights.evening) &&
           std::all_of(weights.weekdays.begin(), weights.weekdays.end(), is_number);
}

bool better(const ranked_slot& one, const ranked_slot& other) {
    if (one.score() != other.score()) return one.score() > other.score();
    if (one.slot.start != other.slot.start) return one.slot.start < other.slot.start;
    return one.slot.end < other.slot.end;
}

}  // namespace

result<std::vector<ranked_slot>> ranked_slots(std::span<const person> people,
                                              const slot_search& search,
                                              const slot_weights& weights, std::size_t limit) {
    if (!are_numbers(weights))
        return failure{error_code::invalid_request, "has a weight that is no number"};
    const auto open = open_time_of(people, search);
    if (!open) return open.error();
    const auto slots = slots_within(*open, search);
    const auto line = zone_line::over(people.front().timezone, {search.from, search.until});
    if (!line) return line.error();

    // A piece of free time is of use only with room for a meeting beside this one's buffers.
    const auto& around = people.front().around;
    const auto shortest = *std::min_element(search.durations.begin(), search.durations.end()) +
                          around.before + around.after;
    std::vector<ranked_slot> ranked;
    ranked.reserve(slots.size());
    for (const interval& slot : slots) {
        const auto shown = line->shown(slot.start);
        const auto day = date::floor<date::days>(shown);
        const double away = days_of(slot.start - search.now);
        ranked.push_back({
            .slot = slot,
            .soonest = weights.soonest / (1 + away / 3),
            .unbroken = weights.unbroken * unbroken(slot, open->free, search.now, shortest),
            .part_of_day = part_of_day(weights, date::floor<minutes>(shown - day)),
            .weekday = weights.weekdays[date::weekday{day}.iso_encoding() - 1],
        });
    }
    const auto kept = std::min(limit, ranked.size());
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept),
                      ranked.end(), better);
    ranked.resize(kept);
    return ranked;
}

result<std::vector<interval>> alternatives(std::span<const person> people,
                                           const slot_search& search, const interval& wanted,
                                           std::size_t limit) {
    slot_search of_length = search;
    const auto offered = std::find(search.durations.begin(), search.durations.end(),
                                   std::chrono::floor<minutes>(wanted.end - wanted.start));
    if (offered != search.durations.end()) of_length.durations = {*offered};
    auto slots = free_slots(people, of_length);
    if (!slots) return slots;
    const auto away = [&](const interval& each) {
        return each.start < wanted.start ? wanted.start - each.start : each.start - wanted.start;
    };
    std::stable_sort(slots->begin(), slots->end(), [&](const interval& one, const interval& other) {
        return away(one) < away(other);
    });
    std::vector<interval> apart;
    std::vector<interval> overlapping;
    for (const interval& each : *slots) {
        if (apart.size() == limit) break;
        const bool is_apart = std::none_of(apart.begin(), apart.end(), [&](const interval& nearer) {
            return overlap(each, nearer);
        });
        if (is_apart)
            apart.push_back(each);
        else if (overlapping.size() < limit)
            overlapping.push_back(each);
    }
    const auto missing = std::min(limit - apart.size(), overlapping.size());
    apart.insert(apart.end(), overlapping.begin(),
                 overlapping.begin() + static_cast<std::ptrdiff_t>(missing));
    std::stable_sort(apart.begin(), apart.end(), [&](const interval& one, const interval& other) {
        return away(one) < away(other);
    });
    return apart;
}

}  // namespace perin::scheduling
