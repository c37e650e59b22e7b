#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "persistence/accounts.hpp"
#include "persistence/bookings.hpp"
#include "persistence/calendar_events.hpp"
#include "persistence/calendars.hpp"
#include "persistence/credentials.hpp"
#include "persistence/tool_effects.hpp"

#include <variant>

namespace perin::actors {

using namespace runtime;
using persistence::booking_repository;
using persistence::calendar_event_repository;
using persistence::calendar_repository;
using persistence::tool_effect_repository;

namespace {

failure no_such(const char* what) {
    return {error_code::not_found, std::string("there is no such ") + what};
}

/// The changes of one commit, one after the other.
class calendar_changes {
  public:
    calendar_changes(persistence::database& db, const commit_calendar& of)
        : db_(db), of_(of), bookings_(db, booking_repository::order::callers) {}

    result<void> operator()(const put_event& one) {
        return calendar_event_repository(db_).put(of_.user_id, one.what);
    }

    result<void> operator()(const drop_event& one) {
        auto removed = calendar_event_repository(db_).remove(of_.user_id, one.id);
        if (!removed) return removed.error();
        if (!*removed) return no_such("event");
        return {};
    }

    result<void> operator()(const enter_booking& one) {
        auto made = bookings_.book(one.fresh, one.most_a_day);
        if (!made) return made.error();
        changed.push_back(std::move(made->booking));
        return {};
    }

    result<void> operator()(const change_booking& one) {
        auto found = bookings_.find(one.id);
        if (!found) return found.error();
        if (!*found || (*found)->user_id != of_.user_id) return no_such("booking");
        auto now = std::move(**found);
        if (now.version != one.version)
            return failure{error_code::conflict, "the booking has changed meanwhile"};
        if (one.time) {
            auto moved = bookings_.reschedule(one.id, now.version, *one.time, one.to,
                                              one.most_a_day, of_.at);
            if (!moved) return moved.error();
            now = std::move(*moved);
        } else if (one.to != now.state) {
            auto moved = bookings_.move(one.id, now.version, one.to, of_.at);
            if (!moved) return moved.error();
            now = std::move(*moved);
        }
        if (one.event_id && one.event_id != now.event_id) {
            auto named = bookings_.set_event(one.id, now.version, *one.event_id, of_.at);
            if (!named) return named.error();
            now = std::move(*named);
        }
        changed.push_back(std::move(now));
        return {};
    }

    result<void> operator()(const put_feed& one) {
        calendar_repository calendars(db_);
        if (one.token_hash.empty()) return calendars.end_feed(of_.user_id);
        return calendars.put_feed(of_.user_id, one.token_hash, of_.at);
    }

    /// Those that were entered or changed.
    std::vector<booking> changed;

  private:
    persistence::database& db_;
    const commit_calendar& of_;
    booking_repository bookings_;
};

/// What the commit books; null where it books nothing.
const booking* booked_in(const commit_calendar& of) {
    for (const auto& each : of.changes)
        if (const auto* entered = std::get_if<enter_booking>(&each)) return &entered->fresh;
    return nullptr;
}

/// Goes on from the version that the commit names. Whoever else decides on this calendar waits
/// here, and then finds that it has gone on.
result<void> enter(persistence::database& db, const commit_calendar& of, const booking* fresh) {
    calendar_repository calendars(db);
    if (fresh == nullptr || of.expected_version == 0)
        return calendars.advance(of.user_id, of.expected_version, of.at);
    return calendars.advance_for(fresh->idempotency_key, of.user_id, of.expected_version, of.at);
}

}  // namespace

result<calendar_committed> store_writer::apply(const commit_calendar& what) {
    tool_effect_repository effects(db_);
    if (what.once) {
        auto done = effects.find(what.once->turn_id, what.once->call_id);
        if (!done) return done.error();
        if (*done) return failure{error_code::conflict, "the call has been done before"};
    }
    const auto* fresh = booked_in(what);
    if (fresh != nullptr && fresh->user_id != what.user_id) return no_such("booking");
    // Of a user who was erased meanwhile there is no calendar to go on from; none is begun either.
    if (what.expected_version == 0)
        if (auto there = require_user(what.user_id); !there) return there.error();
    if (auto mine = enter(db_, what, fresh); !mine) {
        if (fresh == nullptr || mine.error().code != error_code::conflict) return mine.error();
        // Its key may have been used.
        auto earlier = booking_repository(db_).earlier(*fresh);
        if (!earlier) return earlier.error();
        if (!*earlier) return mine.error();
        auto state = calendar_repository(db_).state_of(what.user_id);
        if (!state) return state.error();
        return calendar_committed{
            .version = state->version, .bookings = {std::move(**earlier)}, .repeated = true};
    }
    calendar_changes changes(db_, what);
    for (const auto& each : what.changes)
        if (auto done = std::visit(changes, each); !done) return done.error();
    if (what.once) {
        auto kept = effects.insert(what.once->turn_id, what.once->call_id, what.outcome, what.at);
        if (!kept) return kept.error();
    }
    return calendar_committed{.version = what.expected_version + 1,
                              .bookings = std::move(changes.changed)};
}

result<loaded_calendar> store_reader::read(const load_calendar& what) {
    auto owner = persistence::account_repository(db_).find(what.user_id);
    if (!owner) return owner.error();
    if (!*owner) return no_such("user");
    loaded_calendar out;
    out.owner = std::move(**owner);
    // First of all: what is read after it may be newer, and then a commit finds that out.
    auto state = calendar_repository(db_).state_of(what.user_id);
    if (!state) return state.error();
    out.version = state->version;
    out.unchanged = what.known_version == state->version;
    if (out.unchanged) return out;
    auto events = calendar_event_repository(db_).of_user(what.user_id);
    if (!events) return events.error();
    out.events = std::move(*events);
    auto bookings = booking_repository(db_).active_from(what.user_id, what.bookings_from);
    if (!bookings) return bookings.error();
    out.bookings = std::move(*bookings);
    auto feed = calendar_repository(db_).has_feed(what.user_id);
    if (!feed) return feed.error();
    out.has_feed = *feed;
    return out;
}

result<std::optional<std::string>> store_reader::read(const find_tool_effect& what) {
    return tool_effect_repository(db_).find(what.call.turn_id, what.call.call_id);
}

result<feed_owner> store_reader::read(const find_feed_owner& what) {
    auto found = calendar_repository(db_).find_feed(persistence::token_hash(what.token));
    if (!found) return found.error();
    if (!*found) return no_such("feed");
    return feed_owner{std::move((*found)->owner), (*found)->state.version,
                      (*found)->state.changed_at};
}

}  // namespace perin::actors
