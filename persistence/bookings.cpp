#include "persistence/bookings.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

#include <algorithm>
#include <chrono>

namespace perin::persistence {

namespace {

using std::chrono::minutes;

constexpr minutes longest = std::chrono::hours(48);

booking_state state_of(const std::string& name) {
    using enum booking_state;
    for (const auto each : {held, awaiting_approval, booked, declined, cancelled, expired})
        if (to_string(each) == name) return each;
    throw unreadable_row("a booking is in an unknown state");
}

value state_column(booking_state state) { return std::string(to_string(state)); }

bool may_go(booking_state from, booking_state to) {
    using enum booking_state;
    switch (from) {
        case held:
            return to == awaiting_approval || to == booked || to == cancelled || to == expired;
        case awaiting_approval:
            return to == booked || to == declined || to == cancelled || to == expired;
        case booked:
            return to == cancelled;
        case declined:
        case cancelled:
        case expired:
            break;
    }
    return false;
}

/// As the indexes have it: SQLite takes one of those only where it finds its condition.
constexpr std::string_view is_active_sql =
    "(state = 'held' OR state = 'awaiting_approval' OR state = 'booked') ";

/// A query for whole bookings.
std::string selecting(std::string_view condition) {
    constexpr std::string_view all =
        "SELECT id, user_id, delegation_id, negotiation_id, conversation_id, workflow_id, "
        "event_id, idempotency_key, state, starts_at, ends_at, blocked_from, blocked_until, "
        "hold_expires_at, day, day_number, guest_name, guest_email, guest_timezone, note, "
        "version, created_at, updated_at FROM bookings ";
    return std::string(all).append(condition);
}

std::string selecting_active(std::string_view condition) {
    return selecting("WHERE ").append(is_active_sql).append("AND ").append(condition);
}

booking_row booking_of(row& from) {
    return {.id = from.take_text(0),
            .user_id = from.take_text(1),
            .delegation_id = optional_text_column(from, 2),
            .negotiation_id = optional_text_column(from, 3),
            .conversation_id = optional_text_column(from, 4),
            .workflow_id = optional_text_column(from, 5),
            .event_id = optional_text_column(from, 6),
            .idempotency_key = from.take_text(7),
            .state = state_of(from.text(8)),
            .time = {.starts_at = time_column(from, 9),
                     .ends_at = time_column(from, 10),
                     .blocked_from = time_column(from, 11),
                     .blocked_until = time_column(from, 12),
                     .day = from.take_text(14)},
            .hold_expires_at = optional_time_column(from, 13),
            .day_number = number_column(from, 15),
            .who = {.name = from.take_text(16),
                    .email = from.take_text(17),
                    .timezone = from.take_text(18)},
            .note = from.take_text(19),
            .version = number_column(from, 20),
            .created_at = time_column(from, 21),
            .updated_at = time_column(from, 22)};
}

std::uint64_t number_of(row& from) { return number_column(from, 0); }

failure moved_on() {
    return {error_code::conflict, "the booking is not in the state that was expected"};
}

/// Who changes bookings has the calendar to themselves, and has seen that the key and the day have
/// room: of the rules of the table it is the time's that forbids it.
failure or_taken(const failure& why) {
    if (why.code != error_code::conflict) return why;
    return {error_code::conflict, "the time is taken"};
}

std::optional<failure> unfit(const booking_time& time) {
    const bool ordered = time.blocked_from <= time.starts_at && time.starts_at < time.ends_at &&
                         time.ends_at <= time.blocked_until;
    if (ordered && time.blocked_until - time.blocked_from <= longest) return std::nullopt;
    return failure{error_code::invalid_request, "is not a time that can be booked"};
}

}  // namespace

result<std::optional<booking_row>> booking_repository::find(const std::string& id) {
    return decode_first<booking_row>(on_.execute(selecting("WHERE id = $1"), {id}), booking_of);
}

result<std::optional<booking_row>> booking_repository::find_by_key(const std::string& user_id,
                                                                   const std::string& key) {
    return decode_first<booking_row>(
        on_.execute(selecting("WHERE user_id = $1 AND idempotency_key = $2"), {user_id, key}),
        booking_of);
}

result<std::vector<booking_row>> booking_repository::of_link(const std::string& delegation_id) {
    return decode_all<booking_row>(
        on_.execute(selecting("WHERE delegation_id = $1 ORDER BY created_at DESC, id DESC"),
                    {delegation_id}),
        booking_of);
}

result<std::vector<booking_row>> booking_repository::blocking(const std::string& user_id,
                                                              timestamp from, timestamp until) {
    // None is longer than two days: the index finds where to begin. They lie apart, so that any of
    // their times gives the order.
    return decode_all<booking_row>(
        on_.execute(selecting_active("user_id = $1 AND blocked_from > $2 AND blocked_from < $3 "
                                     "AND blocked_until > $4 ORDER BY blocked_from"),
                    {user_id, column(from - longest), column(until), column(from)}),
        booking_of);
}

result<std::vector<booking_row>> booking_repository::active_from(const std::string& user_id,
                                                                 timestamp from) {
    return decode_all<booking_row>(
        on_.execute(selecting_active("user_id = $1 AND blocked_from > $2 AND blocked_until > $3 "
                                     "ORDER BY blocked_from"),
                    {user_id, column(from - longest), column(from)}),
        booking_of);
}

result<booking_row> booking_repository::found_again(const std::string& id) {
    auto found = find(id);
    if (!found) return found.error();
    if (!*found) return moved_on();
    return std::move(**found);
}

/// Changes of one owner's bookings come one after the other: two that change times both have would
/// otherwise wait for each other, which PostgreSQL ends after a second by failing one of them.
result<void> booking_repository::enter_calendar(const std::string& user_id) {
    if (by_ == order::callers) return {};
    return done(
        on_.execute("INSERT INTO calendars (user_id, version) VALUES ($1, 1) "
                    "ON CONFLICT (user_id) DO UPDATE SET version = calendars.version + 1",
                    {user_id}));
}

result<std::uint64_t> booking_repository::free_number(
    const std::optional<std::string>& delegation_id, const std::string& day,
    const std::optional<std::uint64_t>& most_a_day) {
    if (!delegation_id) return std::uint64_t{1};
    const auto taken = decode_all<std::uint64_t>(
        on_.execute("SELECT day_number FROM bookings WHERE " + std::string(is_active_sql) +
                        "AND delegation_id = $1 AND day = $2 ORDER BY day_number",
                    {*delegation_id, day}),
        number_of);
    if (!taken) return taken.error();
    std::uint64_t number = 1;
    for (const std::uint64_t each : *taken) {
        if (each == number) ++number;
    }
    if (!most_a_day || number <= *most_a_day) return number;
    return failure{error_code::conflict, "the day has as many bookings as it may"};
}

result<void> booking_repository::use_link(const booking_row& fresh) {
    if (!fresh.delegation_id) return {};
    return done_or(on_,
                   on_.execute("UPDATE delegations SET uses = uses + 1, updated_at = $3 "
                               "WHERE id = $1 AND user_id = $2 AND uses < most_uses "
                               "AND revoked_at IS NULL AND expires_at > $3",
                               {*fresh.delegation_id, fresh.user_id, column(fresh.created_at)}),
                   {error_code::gone, "the link is spent, has expired or was revoked"});
}

result<void> booking_repository::give_back(const booking_row& ended) {
    if (!ended.delegation_id) return {};
    return done(on_.execute("UPDATE delegations SET uses = uses - 1, updated_at = $2 WHERE id = $1",
                            {*ended.delegation_id, column(ended.updated_at)}));
}

result<std::optional<booking_row>> booking_repository::earlier(const booking_row& fresh) {
    auto found = find_by_key(fresh.user_id, fresh.idempotency_key);
    if (!found || !*found) return found;
    const auto& known = **found;
    if (known.delegation_id == fresh.delegation_id &&
        known.time.starts_at == fresh.time.starts_at && known.time.ends_at == fresh.time.ends_at) {
        return found;
    }
    return failure{error_code::conflict, "the idempotency key was used for another booking"};
}

result<made_booking> booking_repository::book(const booking_row& fresh,
                                              const std::optional<std::uint64_t>& most_a_day) {
    if (auto why = unfit(fresh.time)) return *why;
    if (!is_active(fresh.state)) return moved_on();
    if (auto entered = enter_calendar(fresh.user_id); !entered) return entered.error();
    if (by_ == order::own) {
        auto known = earlier(fresh);
        if (!known) return known.error();
        if (*known) return made_booking{std::move(**known), false};
    }
    if (auto freed = free_past_holds(fresh.user_id, fresh.created_at); !freed) return freed.error();
    if (auto used = use_link(fresh); !used) return used.error();
    booking_row made = fresh;
    const auto number = free_number(fresh.delegation_id, fresh.time.day, most_a_day);
    if (!number) return number.error();
    made.day_number = *number;
    made.version = 1;
    made.updated_at = made.created_at;
    if (made.state != booking_state::held) made.hold_expires_at.reset();
    const auto& [starts_at, ends_at, blocked_from, blocked_until, day] = made.time;
    const auto written = on_.execute(
        "INSERT INTO bookings (id, user_id, delegation_id, negotiation_id, conversation_id, "
        "workflow_id, idempotency_key, state, starts_at, ends_at, blocked_from, blocked_until, "
        "hold_expires_at, day, day_number, guest_name, guest_email, guest_timezone, note, version, "
        "created_at, updated_at, event_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
        "$12, $13, $14, $15, $16, $17, $18, $19, 1, $20, $20, $21)",
        {made.id,
         made.user_id,
         column(made.delegation_id),
         column(made.negotiation_id),
         column(made.conversation_id),
         column(made.workflow_id),
         made.idempotency_key,
         state_column(made.state),
         column(starts_at),
         column(ends_at),
         column(blocked_from),
         column(blocked_until),
         column(made.hold_expires_at),
         day,
         column(made.day_number),
         made.who.name,
         made.who.email,
         made.who.timezone,
         made.note,
         column(made.created_at),
         column(made.event_id)});
    if (!written) return or_taken(written.error());
    return made_booking{std::move(made), true};
}

result<booking_row> booking_repository::move(const std::string& id, std::uint64_t version,
                                             booking_state to, timestamp now) {
    auto found = found_again(id);
    if (!found) return found;
    if (!may_go(found->state, to)) return moved_on();
    if (auto entered = enter_calendar(found->user_id); !entered) return entered.error();
    auto changed = done_or(
        on_,
        on_.execute("UPDATE bookings SET state = $3, version = version + 1, updated_at = $4 "
                    "WHERE id = $1 AND version = $2",
                    {id, column(version), state_column(to), column(now)}),
        moved_on());
    if (!changed) return changed.error();
    found->state = to;
    found->version = version + 1;
    found->updated_at = now;
    if (is_active(to)) return found;
    if (auto given = give_back(*found); !given) return given.error();
    return found;
}

result<booking_row> booking_repository::reschedule(const std::string& id, std::uint64_t version,
                                                   const booking_time& time, booking_state to,
                                                   const std::optional<std::uint64_t>& most_a_day,
                                                   timestamp now) {
    if (auto why = unfit(time)) return *why;
    auto found = found_again(id);
    if (!found) return found;
    if (!is_active(found->state)) return moved_on();
    if (to != booking_state::booked && to != booking_state::awaiting_approval) return moved_on();
    if (auto entered = enter_calendar(found->user_id); !entered) return entered.error();
    if (auto freed = free_past_holds(found->user_id, now); !freed) return freed.error();
    if (time.day != found->time.day) {
        const auto number = free_number(found->delegation_id, time.day, most_a_day);
        if (!number) return number.error();
        found->day_number = *number;
    }
    const auto written = on_.execute(
        "UPDATE bookings SET state = $3, starts_at = $4, ends_at = $5, blocked_from = $6, "
        "blocked_until = $7, day = $8, day_number = $9, version = version + 1, "
        "updated_at = $10 WHERE id = $1 AND version = $2",
        {id, column(version), state_column(to), column(time.starts_at), column(time.ends_at),
         column(time.blocked_from), column(time.blocked_until), time.day, column(found->day_number),
         column(now)});
    if (!written) return or_taken(written.error());
    if (on_.changed() == 0) return moved_on();
    found->state = to;
    found->time = time;
    found->version = version + 1;
    found->updated_at = now;
    return found;
}

result<booking_row> booking_repository::set_event(const std::string& id, std::uint64_t version,
                                                  const std::string& event_id, timestamp now) {
    auto changed = done_or(
        on_,
        on_.execute("UPDATE bookings SET event_id = $3, version = version + 1, updated_at = $4 "
                    "WHERE id = $1 AND version = $2",
                    {id, column(version), event_id, column(now)}),
        moved_on());
    if (!changed) return changed.error();
    return found_again(id);
}

result<std::vector<booking_row>> booking_repository::expire_holds(timestamp now,
                                                                  std::size_t limit) {
    return end_all(decode_all<booking_row>(
                       on_.execute(selecting("WHERE state = 'held' AND hold_expires_at <= $1 "
                                             "ORDER BY hold_expires_at, id LIMIT $2"),
                                   {column(now), column(limit)}),
                       booking_of),
                   now);
}

/// What is held past its time is free, also where nobody has written that yet.
result<void> booking_repository::free_past_holds(const std::string& user_id, timestamp now) {
    if (by_ == order::callers) return {};
    const auto ended =
        end_all(decode_all<booking_row>(
                    on_.execute(selecting("WHERE state = 'held' AND hold_expires_at <= $2 "
                                          "AND user_id = $1 ORDER BY hold_expires_at, id"),
                                {user_id, column(now)}),
                    booking_of),
                now);
    if (!ended) return ended.error();
    return {};
}

result<std::vector<booking_row>> booking_repository::end_all(result<std::vector<booking_row>> held,
                                                             timestamp now) {
    if (!held) return held;
    // One calendar after the other, in an order that all have.
    std::ranges::stable_sort(*held, {}, &booking_row::user_id);
    std::vector<booking_row> ended;
    for (const booking_row& each : *held) {
        auto moved = move(each.id, each.version, booking_state::expired, now);
        if (moved) {
            ended.push_back(std::move(*moved));
        } else if (moved.error().code != error_code::conflict) {
            return moved.error();
        }  // else somebody has gone on with it meanwhile
    }
    return ended;
}

}  // namespace perin::persistence
