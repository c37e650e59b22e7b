#include "actors/calendar/owner_calendar.hpp"
#include "domain/calendar/expansion.hpp"
#include "domain/calendar/zone_clock.hpp"

#include <date/date.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace perin::actors {

using namespace runtime;
using namespace std::chrono;
using scheduling::interval;

namespace {

/// A hold's life (features section 4).
constexpr minutes hold_life{10};
/// The longest that the table of bookings takes; a longer event is none.
constexpr hours longest_booking{48};
/// How far a new series is looked at for what is in its way.
constexpr days series_horizon{90};

failure no_such_event() { return {error_code::not_found, "there is no such event"}; }

failure whole_series() {
    return {error_code::invalid_request,
            "a series can only be moved to another time of its day; name one of its occurrences"};
}

std::string day_of(timestamp at, const std::string& timezone) {
    calendar::zone_clock clock(timezone);
    return date::format("%F", date::floor<date::days>(date::local_seconds{
                                  clock.to_local(floor<seconds>(at)).time_since_epoch()}));
}

interval span_of(const calendar::event& what, const std::string& viewer) {
    const auto when = first_span(what, viewer);
    return {when.starts_at, when.ends_at};
}

}  // namespace

std::optional<booking> booking_in(const calendar_committed& done, const std::string& id) {
    if (done.repeated) return done.bookings.front();
    const auto found = std::ranges::find(done.bookings, id, &booking::id);
    if (found == done.bookings.end()) return std::nullopt;
    return *found;
}

booking_time booking_time_of(const interval& slot, const scheduling::buffers& around,
                             const std::string& timezone) {
    return {slot.start, slot.end, floor<minutes>(slot.start - around.before),
            ceil<minutes>(slot.end + around.after), day_of(slot.start, timezone)};
}

calendar::stored_event owner_calendar::stored(std::size_t index) const {
    const auto& row = kept_[index];
    return {row.id, events_[index], row.version, row.created_at, row.updated_at};
}

calendar::stored_event owner_calendar::fresh(calendar::event what,
                                             const decision_sources& from) const {
    auto id = from.new_id("evt_");
    if (what.uid.empty()) what.uid = id + "@perin";
    return {std::move(id), std::move(what), 1, from.now, from.now};
}

calendar::stored_event owner_calendar::next_version(std::size_t index, calendar::event what,
                                                    const decision_sources& from) const {
    auto out = stored(index);
    out.what = std::move(what);
    ++out.what.sequence;
    ++out.version;
    out.updated_at = from.now;
    return out;
}

commit_calendar owner_calendar::commit_of(const decision_sources& from,
                                          const std::optional<once_key>& once,
                                          const calendar::calendar_entry& outcome) const {
    auto out = commit_of(from);
    out.once = once;
    if (once) out.outcome = to_json(outcome).dump();
    return out;
}

commit_calendar owner_calendar::commit_of(const decision_sources& from,
                                          const std::string& but_not) const {
    commit_calendar out;
    out.user_id = owner_.id;
    out.expected_version = version_;
    out.at = from.now;
    let_go(out, from.now, but_not);
    return out;
}

void owner_calendar::let_go(commit_calendar& into, timestamp now,
                            const std::string& but_not) const {
    for (const auto& id : held_) {
        const auto* one = find_booking(id);
        if (id == but_not || !one->hold_expires_at || *one->hold_expires_at > now) continue;
        into.changes.emplace_back(change_booking{id, one->version, booking_state::expired});
    }
}

// ---------------------------------------------------------------------------------------- book

std::vector<interval> owner_calendar::others_near(const book_time& wanted, const interval& slot,
                                                  const decision_sources& from,
                                                  const left_aside& aside) const {
    constexpr hours day{24};
    const auto length = floor<minutes>(slot.end - slot.start);
    if (length < minutes{1} || length > day) return {};
    auto search = wanted.search;
    search.now = from.now;
    if (search.durations.empty()) search.durations = {length};
    if (search.until <= search.from) {
        search.from = std::max(from.now, slot.start - days{3});
        search.until = std::max(from.now, slot.start) + days{7};
    }
    const auto who = filled(wanted.rules, looked_through(search), aside);
    auto found = scheduling::alternatives({&who, 1}, search, slot, wanted.alternatives);
    if (!found) return {};
    std::sort(found->begin(), found->end(),
              [](const auto& a, const auto& b) { return a.start < b.start; });
    return std::move(*found);
}

result<std::optional<time_refused>> owner_calendar::refusal_of(const book_time& wanted,
                                                               const interval& slot,
                                                               const decision_sources& from,
                                                               const left_aside& aside) const {
    using answer = std::optional<time_refused>;
    auto around = wanted.by_owner ? scheduling::buffers{} : wanted.rules.around;
    const interval guarded{slot.start - around.before, slot.end + around.after};
    auto taken = [&](scheduling::refusal why) -> answer {
        return time_refused{why, others_near(wanted, slot, from, aside),
                            in_the_way(guarded, from.now, aside)};
    };
    if (wanted.by_owner) {
        if (wanted.overlap_allowed || !wanted.what.busy || scheduling::is_empty(slot))
            return answer{};
        if (!wanted.what.repeats()) {
            if (in_the_way(slot, from.now, aside).empty()) return answer{};
            return taken(scheduling::refusal::busy);
        }
        const calendar::event one[] = {wanted.what};
        const auto times = expand(one, slot.start, slot.start + series_horizon, owner_.timezone);
        for (const auto& each : times.occurrences) {
            const interval when{each.starts_at, each.ends_at};
            if (auto others = in_the_way(when, from.now, aside); !others.empty())
                return answer{time_refused{scheduling::refusal::busy, {}, std::move(others)}};
        }
        return answer{};
    }
    auto search = wanted.search;
    search.now = from.now;
    search.from = slot.start;
    search.until = slot.start + minutes{1};
    if (search.durations.empty()) search.durations = {floor<minutes>(slot.end - slot.start)};
    const auto who = filled(wanted.rules, guarded, aside);
    const auto checked = check({&who, 1}, search, slot, wanted.placing);
    if (!checked) return checked.error();
    if (!*checked) return answer{};
    if (is_taken((*checked)->why)) return taken((*checked)->why);
    return answer{time_refused{(*checked)->why}};
}

decision<booking_outcome> owner_calendar::decide(const book_time& wanted,
                                                 const decision_sources& from) const {
    using answer = result<booking_outcome>;
    const auto slot = span_of(wanted.what, owner_.timezone);
    const auto& key = wanted.wanted.idempotency_key;
    if (const auto* earlier = booking_with_key(key))
        return answer{booking_outcome{time_booked{entry(*earlier), *earlier, true}}};
    auto refused = refusal_of(wanted, slot, from);
    if (!refused) return answer{refused.error()};
    if (*refused) return answer{booking_outcome{std::move(**refused)}};

    const bool in_calendar = wanted.state == booking_state::booked;
    auto event = fresh(wanted.what, from);
    const bool is_booking =
        !wanted.by_owner ||
        (!wanted.overlap_allowed && wanted.what.busy && !wanted.what.repeats() &&
         !scheduling::is_empty(slot) &&
         ceil<minutes>(slot.end) - floor<minutes>(slot.start) <= longest_booking);
    auto commit = commit_of(from, wanted.once, entry(event));
    std::string booking_id;
    if (is_booking) {
        auto fresh_booking = wanted.wanted;
        const auto zone = wanted.rules.timezone.empty() ? owner_.timezone : wanted.rules.timezone;
        booking_id = fresh_booking.id = from.new_id("bkg_");
        fresh_booking.user_id = owner_.id;
        fresh_booking.state = wanted.state;
        fresh_booking.time = booking_time_of(
            slot, wanted.by_owner ? scheduling::buffers{} : wanted.rules.around, zone);
        fresh_booking.created_at = fresh_booking.updated_at = from.now;
        if (wanted.state == booking_state::held)
            fresh_booking.hold_expires_at = from.now + hold_life;
        if (in_calendar) fresh_booking.event_id = event.id;
        if (fresh_booking.idempotency_key.empty()) fresh_booking.idempotency_key = fresh_booking.id;
        commit.changes.emplace_back(
            enter_booking{std::move(fresh_booking), wanted.rules.most.a_day});
    }
    if (in_calendar) commit.changes.emplace_back(put_event{event});
    auto told = entry(event);
    if (!in_calendar) told.id.clear();
    return decided_commit<booking_outcome>{
        std::move(commit), [told, booking_id](const calendar_committed& done) -> booking_outcome {
            time_booked out{told, booking_in(done, booking_id), done.repeated};
            if (done.repeated) out.entry.id = out.taken->event_id.value_or("");
            return out;
        }};
}

// ---------------------------------------------------------------------------------------- move

decision<booking_outcome> owner_calendar::decide(const move_event& wanted,
                                                 const decision_sources& from) const {
    using answer = result<booking_outcome>;
    const auto index = find(wanted.event_id);
    if (!index) return answer{no_such_event()};
    if (wanted.ends_at && *wanted.ends_at < wanted.starts_at)
        return answer{failure{error_code::invalid_request, "the end is before the start"}};
    const bool repeats = events_[*index].repeats();
    if (repeats && wanted.recurrence_id) return move_occurrence(wanted, *index, from);
    if (repeats) return move_series(wanted, *index, from);

    auto event = events_[*index];
    const auto before = span_of(event, owner_.timezone);
    const interval slot{wanted.starts_at,
                        wanted.ends_at.value_or(wanted.starts_at + (before.end - before.start))};
    const auto zone =
        event.start.form == calendar::time_form::zoned ? event.start.timezone : owner_.timezone;
    place(event, slot.start, slot.end, zone);
    const auto* taken = booking_of(wanted.event_id);
    scheduling::buffers around;
    if (taken)
        around = {floor<minutes>(taken->time.starts_at - taken->time.blocked_from),
                  floor<minutes>(taken->time.blocked_until - taken->time.ends_at)};
    const interval guarded{slot.start - around.before, slot.end + around.after};
    if (event.busy && (taken || !wanted.overlap_allowed)) {
        // Its own time is free for it.
        const left_aside itself{.event = wanted.event_id};
        auto others = in_the_way(guarded, from.now, itself);
        if (!others.empty()) {
            book_time asked;
            asked.rules.around = around;
            return answer{booking_outcome{time_refused{scheduling::refusal::busy,
                                                       others_near(asked, slot, from, itself),
                                                       std::move(others)}}};
        }
    }
    auto next = next_version(*index, std::move(event), from);
    auto told = entry(next);
    auto commit = commit_of(from, wanted.once, told);
    commit.changes.emplace_back(put_event{std::move(next)});
    if (taken) {
        change_booking change{taken->id, taken->version, taken->state};
        change.time = booking_time_of(slot, around, owner_.timezone);
        commit.changes.emplace_back(std::move(change));
    }
    return decided_commit<booking_outcome>{std::move(commit),
                                           [told, id = taken ? taken->id : std::string()](
                                               const calendar_committed& done) -> booking_outcome {
                                               return time_booked{told, booking_in(done, id)};
                                           }};
}

decision<booking_outcome> owner_calendar::move_occurrence(const move_event& wanted,
                                                          std::size_t index,
                                                          const decision_sources& from) const {
    using answer = result<booking_outcome>;
    const auto& series = events_[index];
    const auto which = calendar::moment_of(*wanted.recurrence_id);
    if (!which) return answer{no_such_event()};
    const auto changed = find(series.uid, *wanted.recurrence_id);
    auto event = changed ? events_[*changed] : series;
    event.rule.reset();
    event.added.clear();
    event.excluded.clear();
    event.recurrence_id = *which;
    if (series.start.form == calendar::time_form::zoned) event.recurrence_id->timezone = "UTC";
    const auto length = duration_cast<milliseconds>(event.length);
    const interval slot{wanted.starts_at, wanted.ends_at.value_or(wanted.starts_at + length)};
    const auto zone =
        series.start.form == calendar::time_form::zoned ? series.start.timezone : owner_.timezone;
    place(event, slot.start, slot.end, zone);
    const auto& own = changed ? kept_[*changed].id : kept_[index].id;
    if (event.busy && !wanted.overlap_allowed) {
        const left_aside itself{.event = own, .recurrence = *wanted.recurrence_id};
        auto others = in_the_way(slot, from.now, itself);
        if (!others.empty())
            return answer{booking_outcome{time_refused{scheduling::refusal::busy,
                                                       others_near({}, slot, from, itself),
                                                       std::move(others)}}};
    }
    auto next =
        changed ? next_version(*changed, std::move(event), from) : fresh(std::move(event), from);
    auto told = entry(next);
    auto commit = commit_of(from, wanted.once, told);
    commit.changes.emplace_back(put_event{std::move(next)});
    return decided_commit<booking_outcome>{
        std::move(commit),
        [told](const calendar_committed&) -> booking_outcome { return time_booked{told}; }};
}

decision<booking_outcome> owner_calendar::move_series(const move_event& wanted, std::size_t index,
                                                      const decision_sources& from) const {
    using answer = result<booking_outcome>;
    auto event = events_[index];
    if (event.start.form != calendar::time_form::zoned) return answer{whole_series()};
    calendar::zone_clock clock(event.start.timezone);
    const auto to = clock.to_local(floor<seconds>(wanted.starts_at));
    if (floor<days>(to) != floor<days>(event.start.local)) return answer{whole_series()};
    const auto by = to - event.start.local;
    if (wanted.ends_at) event.length = floor<seconds>(*wanted.ends_at - wanted.starts_at);
    event.start.local = to;
    for (auto& each : event.added) each.start += by;
    for (auto& each : event.excluded) each += by;
    if (event.busy && !wanted.overlap_allowed) {
        const calendar::event one[] = {event};
        const auto times =
            expand(one, from.now, from.now + series_horizon, owner_.timezone).occurrences;
        for (const auto& each : times) {
            auto others =
                in_the_way({each.starts_at, each.ends_at}, from.now, {.event = kept_[index].id});
            if (!others.empty())
                return answer{booking_outcome{
                    time_refused{scheduling::refusal::busy, {}, std::move(others)}}};
        }
    }
    std::vector<calendar::stored_event> changed;
    for (std::size_t i = 0; i < events_.size(); ++i) {
        if (i == index || events_[i].uid != event.uid || !events_[i].recurrence_id) continue;
        auto other = events_[i];
        // Which occurrence it changes is told by the time that the series gives to that.
        const auto was = on_clock_of(events_[index].start, *other.recurrence_id);
        other.recurrence_id = recurrence_id_of(event, was + by);
        changed.push_back(next_version(i, std::move(other), from));
    }
    auto next = next_version(index, std::move(event), from);
    auto told = entry(next);
    auto commit = commit_of(from, wanted.once, told);
    commit.changes.emplace_back(put_event{std::move(next)});
    for (auto& each : changed) commit.changes.emplace_back(put_event{std::move(each)});
    return decided_commit<booking_outcome>{
        std::move(commit),
        [told](const calendar_committed&) -> booking_outcome { return time_booked{told}; }};
}

// -------------------------------------------------------------------------------------- cancel

decision<calendar::calendar_entry> owner_calendar::decide(const cancel_event& wanted,
                                                          const decision_sources& from) const {
    using answer = result<calendar::calendar_entry>;
    const auto index = find(wanted.event_id);
    if (!index) return answer{no_such_event()};
    const auto& event = events_[*index];
    auto told = entry(stored(*index));
    // One of a series: the series leaves it out, and what it was changed to goes.
    const auto series = wanted.recurrence_id ? find(event.uid, "") : std::nullopt;
    if (wanted.recurrence_id && series && events_[*series].repeats()) {
        const auto which = calendar::moment_of(*wanted.recurrence_id);
        if (!which) return answer{no_such_event()};
        auto rest = events_[*series];
        auto named = *which;
        if (rest.start.form == calendar::time_form::zoned) named.timezone = "UTC";
        const auto at = on_clock_of(rest.start, named);
        if (std::find(rest.excluded.begin(), rest.excluded.end(), at) != rest.excluded.end())
            return answer{no_such_event()};
        rest.excluded.push_back(at);
        std::sort(rest.excluded.begin(), rest.excluded.end());
        const auto changed = find(event.uid, *wanted.recurrence_id);
        if (changed) {
            told = entry(stored(*changed));
        } else {
            calendar::zone_clock clock(rest.start.form == calendar::time_form::zoned
                                           ? rest.start.timezone
                                           : owner_.timezone);
            told.starts_at = clock.to_instant(at);
            told.ends_at = told.starts_at + rest.length;
            told.recurrence_id = wanted.recurrence_id;
        }
        auto commit = commit_of(from, wanted.once, told);
        if (changed) commit.changes.emplace_back(drop_event{kept_[*changed].id});
        commit.changes.emplace_back(put_event{next_version(*series, std::move(rest), from)});
        return decided_commit<calendar::calendar_entry>{
            std::move(commit), [told](const calendar_committed&) { return told; }};
    }
    auto commit = commit_of(from, wanted.once, told);
    if (const auto* taken = booking_of(wanted.event_id))
        commit.changes.emplace_back(
            change_booking{taken->id, taken->version, booking_state::cancelled});
    commit.changes.emplace_back(drop_event{wanted.event_id});
    if (!event.recurrence_id)
        for (std::size_t i = 0; i < events_.size(); ++i)
            if (i != *index && events_[i].uid == event.uid)
                commit.changes.emplace_back(drop_event{kept_[i].id});
    return decided_commit<calendar::calendar_entry>{
        std::move(commit), [told](const calendar_committed&) { return told; }};
}

// -------------------------------------------------------------------------------------- settle

decision<booking> owner_calendar::decide(const settle_booking& wanted,
                                         const decision_sources& from) const {
    using answer = result<booking>;
    const auto* found = find_booking(wanted.booking_id);
    if (!found) return answer{failure{error_code::not_found, "there is no such booking"}};
    const auto& one = *found;
    if (one.state == wanted.to) return answer{one};
    change_booking change{one.id, one.version, wanted.to};
    auto commit = commit_of(from, one.id);
    if (wanted.to == booking_state::booked && wanted.what) {
        auto event = fresh(*wanted.what, from);
        change.event_id = event.id;
        commit.changes.emplace_back(put_event{std::move(event)});
    }
    if (!is_active(wanted.to) && one.event_id && this->find(*one.event_id))
        commit.changes.emplace_back(drop_event{*one.event_id});
    commit.changes.emplace_back(std::move(change));
    return decided_commit<booking>{std::move(commit), [one](const calendar_committed& done) {
                                       return booking_in(done, one.id).value_or(one);
                                   }};
}

// -------------------------------------------------------------------------------------- import

decision<events_imported> owner_calendar::decide(const import_events& wanted, std::size_t first,
                                                 std::size_t most,
                                                 const decision_sources& from) const {
    events_imported counts;
    auto commit = commit_of(from);
    const auto let_go = commit.changes.size();
    const auto end = std::min(wanted.events.size(), first + std::min(most, wanted.events.size()));
    for (auto i = first; i < end; ++i) {
        const auto& event = wanted.events[i];
        const auto known =
            find(event.uid, event.recurrence_id ? to_text(*event.recurrence_id) : std::string{});
        if (!known) {
            ++counts.added;
            commit.changes.emplace_back(put_event{fresh(event, from)});
            continue;
        }
        // One that somebody has booked is as it was booked: a file does not move it.
        if (events_[*known] == event || event.sequence < events_[*known].sequence ||
            booking_of(kept_[*known].id)) {
            ++counts.unchanged;
            continue;
        }
        ++counts.replaced;
        auto next = next_version(*known, event, from);
        next.what.sequence = event.sequence;
        commit.changes.emplace_back(put_event{std::move(next)});
    }
    if (commit.changes.size() == let_go) return result<events_imported>{counts};
    return decided_commit<events_imported>{std::move(commit),
                                           [counts](const calendar_committed&) { return counts; }};
}

// ---------------------------------------------------------------------------------------- feed

decision<std::string> owner_calendar::decide(const renew_feed& wanted, const std::string& token,
                                             const std::string& hash,
                                             const decision_sources& from) const {
    const bool ends = wanted.how == feed_change::end;
    if (ends && !has_feed_) return result<std::string>{std::string{}};
    if (wanted.how == feed_change::begin && has_feed_)
        return result<std::string>{failure{error_code::conflict, "the calendar has an address"}};
    auto commit = commit_of(from);
    commit.changes.emplace_back(put_feed{ends ? std::string{} : hash});
    return decided_commit<std::string>{
        std::move(commit),
        [told = ends ? std::string{} : token](const calendar_committed&) { return told; }};
}

}  // namespace perin::actors
