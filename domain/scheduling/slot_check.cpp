#include "domain/scheduling/slot_check.hpp"

#include "domain/scheduling/open_time.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace perin::scheduling {

namespace {

using reason = std::optional<refusal>;

bool is_step(const std::vector<working_piece>& pieces, timestamp at, std::chrono::minutes step) {
    return std::any_of(pieces.begin(), pieces.end(), [&](const working_piece& piece) {
        return piece.when.start <= at && at < piece.when.end &&
               (at - piece.first) % step == step.zero();
    });
}

reason against_rules(const person& who, const zone_line& line, const slot_search& search,
                     const interval& slot, bool steps_count) {
    if (slot.start < search.now + who.notice) return refusal::too_soon;
    if (!covers(bookable_days(who, line), slot)) {
        const bool early = who.first_day && line.day_of(slot.start) < *who.first_day;
        return early ? refusal::before_window : refusal::beyond_window;
    }
    const auto pieces = working_pieces(who.hours, line, slot);
    std::vector<interval> hours;
    for (const auto& piece : pieces) hours.push_back(piece.when);
    if (!covers(merged(std::move(hours)), slot)) return refusal::outside_hours;
    if (steps_count && !is_step(pieces, slot.start, search.step)) return refusal::off_step;
    return std::nullopt;
}

/// The first of the reasons that any busy time gives.
reason against_busy(const person& who, timestamp now, const interval& slot) {
    const interval guarded{slot.start - who.around.before, slot.end + who.around.after};
    reason worst;
    for (const busy_time& each : who.busy) {
        if (is_over(each, now)) continue;
        reason found;
        if (overlap(slot, each.when))
            found = each.held_until ? refusal::held : refusal::busy;
        else if (overlap(guarded, taken_by(each)))
            found = refusal::too_close;
        if (found && (!worst || *found < *worst)) worst = found;
    }
    return worst;
}

reason against_limits(const person& who, const zone_line& line, timestamp now,
                      const interval& slot) {
    const auto& most = who.most;
    if (!most.a_day && !most.a_week && !most.a_month) return std::nullopt;
    const day_counts counts(who, line, now);
    const auto day = line.day_of(slot.start);
    const auto full = [&](const std::optional<std::size_t>& limit, const day_range& around) {
        return limit && counts.from_until(around.first, around.end) >= *limit;
    };
    if (full(most.a_day, day_around(day))) return refusal::day_full;
    if (full(most.a_week, week_around(day))) return refusal::week_full;
    if (full(most.a_month, month_around(day))) return refusal::month_full;
    return std::nullopt;
}

bool offers(const slot_search& search, const interval& slot) {
    return !is_empty(slot) &&
           std::any_of(search.durations.begin(), search.durations.end(),
                       [&](auto length) { return slot.end - slot.start == length; });
}

/// `lines` are the zones of `people`; of no use, and none, where the slot is not offered.
std::optional<refused> refusal_of(std::span<const person> people,
                                  const std::vector<zone_line>& lines, const slot_search& search,
                                  const interval& slot, placing where) {
    if (is_empty(slot)) return refused{refusal::no_time};
    if (!offers(search, slot)) return refused{refusal::wrong_length};
    for (std::size_t i = 0; i < people.size(); ++i) {
        const bool steps_count = i == 0 && where == placing::at_steps;
        if (const auto why = against_rules(people[i], lines[i], search, slot, steps_count))
            return refused{*why, i};
    }
    for (std::size_t i = 0; i < people.size(); ++i)
        if (const auto why = against_busy(people[i], search.now, slot)) return refused{*why, i};
    for (std::size_t i = 0; i < people.size(); ++i)
        if (const auto why = against_limits(people[i], lines[i], search.now, slot))
            return refused{*why, i};
    return std::nullopt;
}

}  // namespace

std::string_view sentence(refusal why) noexcept {
    switch (why) {
        case refusal::no_time:
            return "The end is not after the beginning.";
        case refusal::wrong_length:
            return "Meetings of this length are not offered.";
        case refusal::too_soon:
            return "The time is over, or too soon.";
        case refusal::before_window:
            return "The time is before the first day that can be booked.";
        case refusal::beyond_window:
            return "The time is after the last day that can be booked.";
        case refusal::outside_hours:
            return "The time is outside working hours.";
        case refusal::off_step:
            return "Meetings do not begin at this time.";
        case refusal::busy:
            return "The time is taken.";
        case refusal::held:
            return "The time is being booked by somebody else.";
        case refusal::too_close:
            return "The time is too close to another meeting.";
        case refusal::day_full:
            return "The day has as many meetings as it may.";
        case refusal::week_full:
            return "The week has as many meetings as it may.";
        case refusal::month_full:
            return "The month has as many meetings as it may.";
    }
    return {};
}

bool is_taken(refusal why) noexcept { return why >= refusal::busy; }

result<std::optional<refused>> check(std::span<const person> people, const slot_search& search,
                                     const interval& slot, placing where) {
    slot_search around = search;
    around.from = around.until = slot.start;
    if (auto why = unfit(people, around)) return *why;
    const interval range{slot.start - limits_reach - date::days{2},
                         slot.end + limits_reach + date::days{2}};
    std::vector<zone_line> lines;
    // What is no time may reach anywhere, and needs no zone.
    const bool is_offered = offers(search, slot);
    for (std::size_t i = 0; is_offered && i < people.size(); ++i) {
        auto line = zone_line::over(people[i].timezone, range);
        if (!line) return line.error();
        lines.push_back(*std::move(line));
    }
    return refusal_of(people, lines, search, slot, where);
}

}  // namespace perin::scheduling
