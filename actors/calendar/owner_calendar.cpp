#include "actors/calendar/owner_calendar.hpp"

#include "domain/calendar/expansion.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace perin::actors {

using namespace runtime;
using namespace std::chrono;
using scheduling::busy_time;
using scheduling::interval;

namespace {

/// What the engine looks at besides the range it is asked about.
constexpr hours search_margin{49};
/// Meetings of a week and a month count for their limits.
constexpr days limits_margin{33};

std::string recurrence_text(const calendar::event& what) {
    return what.recurrence_id ? to_text(*what.recurrence_id) : std::string{};
}

/// Neither a series nor one of a series.
bool is_single(const calendar::event& what) { return !what.repeats() && !what.recurrence_id; }

calendar::calendar_entry described(const calendar::event& what) {
    calendar::calendar_entry out;
    out.title = what.title;
    out.location = what.location;
    out.description = what.description;
    out.all_day = what.start.form == calendar::time_form::all_day;
    out.busy = what.busy;
    out.status = what.status;
    return out;
}

interval widened(const interval& range, auto by) {
    // Far beyond any calendar arithmetic ends.
    constexpr timestamp first{-sys_days{year{9000} / 1 / 1}.time_since_epoch() / 2};
    constexpr timestamp last{sys_days{year{9000} / 1 / 1}};
    return {std::max(first, std::min(last, range.start) - by),
            std::min(last, std::max(first, range.end) + by)};
}

}  // namespace

owner_calendar::owner_calendar(loaded_calendar loaded)
    : owner_(std::move(loaded.owner)), version_(loaded.version), has_feed_(loaded.has_feed) {
    events_.reserve(loaded.events.size());
    kept_.reserve(loaded.events.size());
    for (const auto& each : loaded.events) put(each);
    for (auto& each : loaded.bookings) keep(std::move(each));
}

// ------------------------------------------------------------------------------------- contents

std::optional<std::size_t> owner_calendar::find(const std::string& event_id) const {
    const auto found = by_id_.find(event_id);
    if (found == by_id_.end()) return std::nullopt;
    return found->second;
}

std::optional<std::size_t> owner_calendar::find(const std::string& uid,
                                                const std::string& recurrence) const {
    const auto found = by_uid_.find({uid, recurrence});
    if (found == by_uid_.end()) return std::nullopt;
    return found->second;
}

const booking* owner_calendar::find_booking(const std::string& id) const {
    const auto known = booking_starts_.find(id);
    return known == booking_starts_.end() ? nullptr : &bookings_.at({known->second, id});
}

const booking* owner_calendar::booking_of(const std::string& event_id) const {
    const auto found = bookings_by_event_.find(event_id);
    return found == bookings_by_event_.end() ? nullptr : find_booking(found->second);
}

const booking* owner_calendar::booking_with_key(const std::string& key) const {
    const auto found = bookings_by_key_.find(key);
    return found == bookings_by_key_.end() ? nullptr : find_booking(found->second);
}

void owner_calendar::keep(booking one) {
    forget(one.id);
    booking_starts_[one.id] = one.time.starts_at;
    bookings_by_key_[one.idempotency_key] = one.id;
    if (one.event_id) bookings_by_event_[*one.event_id] = one.id;
    if (one.state == booking_state::held) held_.insert(one.id);
    std::pair place{one.time.starts_at, one.id};
    bookings_.emplace(std::move(place), std::move(one));
}

void owner_calendar::forget(const std::string& booking_id) {
    const auto known = booking_starts_.find(booking_id);
    if (known == booking_starts_.end()) return;
    const auto found = bookings_.find({known->second, booking_id});
    const auto& one = found->second;
    bookings_by_key_.erase(one.idempotency_key);
    if (one.event_id) bookings_by_event_.erase(*one.event_id);
    held_.erase(booking_id);
    bookings_.erase(found);
    booking_starts_.erase(known);
}

void owner_calendar::enter_place(std::size_t index) {
    const auto& row = kept_[index];
    by_id_[row.id] = index;
    by_uid_[{events_[index].uid, recurrence_text(events_[index])}] = index;
    if (is_single(events_[index])) singles_.emplace(row.when.start, index);
}

void owner_calendar::leave_place(std::size_t index) {
    by_id_.erase(kept_[index].id);
    by_uid_.erase({events_[index].uid, recurrence_text(events_[index])});
    singles_.erase({kept_[index].when.start, index});
}

void owner_calendar::swap_places(std::size_t one, std::size_t other) {
    if (one == other) return;
    leave_place(one);
    leave_place(other);
    std::swap(events_[one], events_[other]);
    std::swap(kept_[one], kept_[other]);
    enter_place(one);
    enter_place(other);
}

void owner_calendar::put(const calendar::stored_event& what) {
    drop(what.id);
    const auto when = first_span(what.what, owner_.timezone);
    const auto last = events_.size();
    events_.push_back(what.what);
    kept_.push_back(
        {what.id, what.version, what.created_at, what.updated_at, {when.starts_at, when.ends_at}});
    enter_place(last);
    if (is_single(what.what)) {
        longest_single_ = std::max(longest_single_, when.ends_at - when.starts_at);
    } else {
        swap_places(recurring_++, last);
    }
}

void owner_calendar::drop(const std::string& event_id) {
    const auto known = find(event_id);
    if (!known) return;
    auto at = *known;
    if (at < recurring_) {
        swap_places(at, --recurring_);
        at = recurring_;
    }
    swap_places(at, events_.size() - 1);
    leave_place(events_.size() - 1);
    events_.pop_back();
    kept_.pop_back();
}

owner_calendar::found_places owner_calendar::places(const range& within) const {
    found_places out;
    for (auto each = singles_.lower_bound({within.start - longest_single_, 0});
         each != singles_.end() && each->first < within.end; ++each) {
        const auto index = each->second;
        if (events_[index].status == calendar::event_status::cancelled) continue;
        const auto& when = kept_[index].when;
        const bool lasts = when.start < when.end;
        if (lasts ? when.end <= within.start : when.start < within.start) continue;
        out.all.push_back({index, when.start, when.end, std::nullopt});
    }
    if (recurring_ == 0) return out;
    auto found =
        calendar::expand({events_.data(), recurring_}, within.start, within.end, owner_.timezone);
    for (const auto& each : found.occurrences)
        out.all.push_back({each.event, each.starts_at, each.ends_at,
                           each.recurrence_id
                               ? std::optional{calendar::to_text(*each.recurrence_id)}
                               : std::nullopt});
    out.cut_short = std::move(found.cut_short);
    std::stable_sort(out.all.begin(), out.all.end(),
                     [](const auto& a, const auto& b) { return a.starts_at < b.starts_at; });
    return out;
}

std::vector<const booking*> owner_calendar::blocking(const range& within) const {
    std::vector<const booking*> out;
    // As they lie apart, with their buffers, what begins earlier ends earlier.
    auto each = bookings_.lower_bound({within.start, {}});
    while (each != bookings_.begin() && std::prev(each)->second.time.blocked_until > within.start)
        --each;
    for (; each != bookings_.end() && each->second.time.blocked_from < within.end; ++each)
        if (each->second.time.blocked_until > within.start) out.push_back(&each->second);
    return out;
}

void owner_calendar::apply(const commit_calendar& what, const calendar_committed& done) {
    version_ = done.version;
    for (const auto& each : done.bookings) {
        if (is_active(each.state))
            keep(each);
        else
            forget(each.id);
    }
    if (done.repeated) return;
    for (const auto& change : what.changes) {
        if (const auto* one = std::get_if<put_event>(&change)) put(one->what);
        if (const auto* one = std::get_if<drop_event>(&change)) drop(one->id);
        if (const auto* one = std::get_if<put_feed>(&change)) has_feed_ = !one->token_hash.empty();
    }
}

// ------------------------------------------------------------------------------------- entries

calendar::calendar_entry owner_calendar::entry(std::size_t index, timestamp starts_at,
                                               timestamp ends_at,
                                               std::optional<std::string> recurrence) const {
    auto out = described(events_[index]);
    out.id = kept_[index].id;
    out.starts_at = starts_at;
    out.ends_at = ends_at;
    out.recurrence_id = std::move(recurrence);
    return out;
}

calendar::calendar_entry owner_calendar::entry(const calendar::stored_event& of) const {
    auto out = described(of.what);
    const auto when = first_span(of.what, owner_.timezone);
    out.id = of.id;
    out.starts_at = when.starts_at;
    out.ends_at = when.ends_at;
    if (of.what.recurrence_id) out.recurrence_id = recurrence_text(of.what);
    return out;
}

calendar::calendar_entry owner_calendar::entry(const booking& of) const {
    if (of.event_id) {
        if (const auto index = find(*of.event_id))
            return entry(*index, of.time.starts_at, of.time.ends_at, std::nullopt);
    }
    calendar::calendar_entry out;
    out.id = of.event_id.value_or("");
    out.title = of.who.name.empty() ? std::string(to_string(of.state)) : of.who.name;
    out.starts_at = of.time.starts_at;
    out.ends_at = of.time.ends_at;
    out.status = calendar::event_status::tentative;
    return out;
}

listed_entries owner_calendar::entries(const list_entries& wanted) const {
    listed_entries out;
    out.timezone = owner_.timezone;
    const auto found = places({wanted.from, wanted.until});
    for (const auto& each : found.all) {
        if (out.items.size() >= wanted.limit) {
            out.more = true;
            break;
        }
        out.items.push_back(entry(each.index, each.starts_at, each.ends_at, each.recurrence));
    }
    out.more = out.more || !found.cut_short.empty();
    return out;
}

// ---------------------------------------------------------------------------------------- time

bool owner_calendar::is_aside(const left_aside& aside, const booking& one) {
    return one.id == aside.booking || (!aside.event.empty() && one.event_id == aside.event);
}

bool owner_calendar::is_aside(const left_aside& aside, const taking_place& one) const {
    return kept_[one.index].id == aside.event &&
           (aside.recurrence.empty() || one.recurrence == aside.recurrence);
}

std::vector<busy_time> owner_calendar::busy(const range& within, const left_aside& aside) const {
    std::vector<busy_time> out;
    for (const auto* each : blocking(within)) {
        if (is_aside(aside, *each)) continue;
        const auto& [starts_at, ends_at, blocked_from, blocked_until, day] = each->time;
        busy_time one{
            {starts_at, ends_at},
            {floor<minutes>(starts_at - blocked_from), floor<minutes>(blocked_until - ends_at)}};
        if (each->state == booking_state::held) one.held_until = each->hold_expires_at;
        one.counted = each->delegation_id || each->negotiation_id;
        out.push_back(one);
    }
    const auto found = places(within);
    for (const auto& each : found.all) {
        if (!events_[each.index].busy || bookings_by_event_.contains(kept_[each.index].id))
            continue;
        if (!is_aside(aside, each)) out.push_back({{each.starts_at, each.ends_at}});
    }
    // A series that is too long to be looked at takes all of the time.
    for (const auto index : found.cut_short)
        if (events_[index].busy && kept_[index].id != aside.event) out.push_back({within});
    return out;
}

std::vector<calendar::calendar_entry> owner_calendar::in_the_way(const range& of, timestamp now,
                                                                 const left_aside& aside) const {
    std::vector<calendar::calendar_entry> out;
    for (const auto* each : blocking(of)) {
        const bool over = each->state == booking_state::held && each->hold_expires_at &&
                          *each->hold_expires_at <= now;
        if (!over && !is_aside(aside, *each)) out.push_back(entry(*each));
    }
    const auto found = places(of);
    for (const auto& each : found.all) {
        if (!events_[each.index].busy || bookings_by_event_.contains(kept_[each.index].id))
            continue;
        if (!overlap(of, interval{each.starts_at, each.ends_at}) || is_aside(aside, each)) continue;
        out.push_back(entry(each.index, each.starts_at, each.ends_at, each.recurrence));
    }
    for (const auto index : found.cut_short)
        if (events_[index].busy && kept_[index].id != aside.event)
            out.push_back(entry(index, of.start, of.end, std::nullopt));
    std::sort(out.begin(), out.end(),
              [](const auto& a, const auto& b) { return a.starts_at < b.starts_at; });
    return out;
}

interval owner_calendar::looked_through(const scheduling::slot_search& search) {
    return widened({search.from, search.until}, search_margin);
}

scheduling::person owner_calendar::filled(scheduling::person rules, const range& within,
                                          const left_aside& aside) const {
    if (rules.timezone.empty()) rules.timezone = owner_.timezone;
    const auto& most = rules.most;
    const bool limited = most.a_day || most.a_week || most.a_month;
    rules.busy = busy(limited ? widened(within, limits_margin) : within, aside);
    return rules;
}

result<std::vector<interval>> owner_calendar::free_times(const find_free_time& wanted) const {
    const auto who = filled(wanted.rules, looked_through(wanted.search));
    if (wanted.weights) {
        auto ranked = ranked_slots({&who, 1}, wanted.search, *wanted.weights, wanted.limit);
        if (!ranked) return ranked.error();
        std::vector<interval> out;
        for (const auto& each : *ranked) out.push_back(each.slot);
        return out;
    }
    auto slots = free_slots({&who, 1}, wanted.search);
    if (slots && slots->size() > wanted.limit) slots->resize(wanted.limit);
    return slots;
}

}  // namespace perin::actors
