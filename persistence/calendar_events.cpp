#include "persistence/calendar_events.hpp"

#include "domain/calendar/zone_clock.hpp"
#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace perin::persistence {

namespace {

using calendar::added_start;
using calendar::attendee;
using calendar::attendee_role;
using calendar::event;
using calendar::event_status;
using calendar::local_seconds;
using calendar::moment;
using calendar::participation;
using calendar::seconds;
using calendar::stored_event;
using calendar::time_form;
using nlohmann::json;

/// PostgreSQL's index takes a third of a page, 2,704 octets, for the user, the uid and the
/// occurrence together.
constexpr std::size_t longest_uid = 2'000;

/// Floating times and days are kept as those of UTC, and their owner may be half a day and more
/// from there.
constexpr std::chrono::hours room{26};

constexpr std::array<std::pair<event_status, std::string_view>, 3> statuses = {
    {{event_status::confirmed, "confirmed"},
     {event_status::tentative, "tentative"},
     {event_status::cancelled, "cancelled"}}};

constexpr std::array<std::pair<attendee_role, std::string_view>, 4> roles = {
    {{attendee_role::chair, "chair"},
     {attendee_role::required, "required"},
     {attendee_role::optional, "optional"},
     {attendee_role::none, "none"}}};

constexpr std::array<std::pair<participation, std::string_view>, 5> answers = {
    {{participation::needs_action, "needs_action"},
     {participation::accepted, "accepted"},
     {participation::declined, "declined"},
     {participation::tentative, "tentative"},
     {participation::delegated, "delegated"}}};

template <class Enum, std::size_t Size>
std::string name_in(const std::array<std::pair<Enum, std::string_view>, Size>& names, Enum which) {
    for (const auto& [each, name] : names)
        if (each == which) return std::string(name);
    return {};
}

template <class Enum, std::size_t Size>
Enum value_in(const std::array<std::pair<Enum, std::string_view>, Size>& names,
              std::string_view name) {
    for (const auto& [each, known] : names)
        if (known == name) return each;
    throw unreadable_row("an event has a word that is not known");
}

// ------------------------------------------------------------------------------ to the columns

std::string text_of(local_seconds at) { return to_text(moment{time_form::floating, {}, at}); }

json added_json(const std::vector<added_start>& added) {
    json all = json::array();
    for (const auto& [start, length] : added) {
        if (!length) {
            all.push_back(text_of(start));
        } else {
            all.push_back({{"start", text_of(start)}, {"length", length->count()}});
        }
    }
    return all;
}

json excluded_json(const std::vector<local_seconds>& excluded) {
    json all = json::array();
    for (const auto at : excluded) all.push_back(text_of(at));
    return all;
}

json attendees_json(const std::vector<attendee>& attendees) {
    json all = json::array();
    for (const auto& one : attendees) {
        all.push_back({{"address", one.address},
                       {"name", one.name},
                       {"role", name_in(roles, one.role)},
                       {"answer", name_in(answers, one.answer)},
                       {"replyWanted", one.reply_wanted}});
    }
    return all;
}

/// Text that is no UTF-8 is refused by the database, not here.
std::string dumped(const json& what) {
    return what.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string occurrence_text(const std::optional<moment>& which) {
    return which ? to_text(*which) : std::string();
}

std::optional<failure> unfit(const event& what) {
    if (what.uid.size() > longest_uid)
        return failure{error_code::invalid_request, "the UID of an event is too long"};
    const bool names_a_zone = what.recurrence_id && what.recurrence_id->form == time_form::zoned &&
                              what.recurrence_id->timezone != "UTC";
    if (names_a_zone || (what.start.form == time_form::zoned && what.start.timezone.empty()))
        return failure{error_code::invalid_request, "is not on a clock that a calendar keeps"};
    return std::nullopt;
}

// ---------------------------------------------------------------------------- from the columns

json parsed(const std::string& text) {
    auto read = json::parse(text, nullptr, false);
    if (!read.is_array()) throw unreadable_row("a list of an event is none");
    return read;
}

const std::string& string_in(const json& from) {
    if (const auto* text = from.get_ptr<const std::string*>()) return *text;
    throw unreadable_row("an event has no text where it should");
}

std::string member_of(const json& from, const char* name) {
    const auto found = from.find(name);
    return found == from.end() ? std::string() : string_in(*found);
}

local_seconds local_of(const json& from) {
    const auto read = calendar::moment_of(string_in(from));
    if (!read) throw unreadable_row("a time of an event is none");
    return read->local;
}

std::vector<added_start> added_of(const std::string& text) {
    std::vector<added_start> all;
    for (const auto& one : parsed(text)) {
        if (!one.is_object()) {
            all.push_back({local_of(one), std::nullopt});
            continue;
        }
        const auto length = one.find("length");
        const auto start = one.find("start");
        if (start == one.end() || length == one.end() || !length->is_number_integer())
            throw unreadable_row("an added start of an event is none");
        all.push_back({local_of(*start), seconds(length->get<std::int64_t>())});
    }
    return all;
}

std::vector<local_seconds> excluded_of(const std::string& text) {
    std::vector<local_seconds> all;
    for (const auto& one : parsed(text)) all.push_back(local_of(one));
    return all;
}

std::vector<attendee> attendees_of(const std::string& text) {
    std::vector<attendee> all;
    for (const auto& one : parsed(text)) {
        if (!one.is_object()) throw unreadable_row("an attendee of an event is none");
        const auto wanted = one.find("replyWanted");
        all.push_back({.address = member_of(one, "address"),
                       .name = member_of(one, "name"),
                       .role = value_in(roles, member_of(one, "role")),
                       .answer = value_in(answers, member_of(one, "answer")),
                       .reply_wanted = wanted != one.end() && *wanted == json(true)});
    }
    return all;
}

constexpr std::string_view selected =
    "SELECT id, uid, recurrence_id, title, description, location, starts_at, ends_at, timezone, "
    "all_day, busy, status, recurrence_rule, added_dates, excluded_dates, organizer, attendees, "
    "sequence, version, created_at, updated_at, local_start, length, organizer_name "
    "FROM calendar_events ";

std::string selecting(std::string_view condition) {
    return std::string(selected).append(condition);
}

moment start_of(row& from) {
    moment start;
    start.timezone = from.take_text(8);
    if (from.integer(9) != 0) {
        start.form = time_form::all_day;
        start.timezone.clear();
    } else if (start.timezone.empty()) {
        start.form = time_form::floating;
    }
    if (!from.is_null(21)) {
        start.local = local_seconds(seconds(from.integer(21)));
        return start;
    }
    calendar::zone_clock clock(start.timezone.empty() ? "UTC" : start.timezone);
    start.local = clock.to_local(std::chrono::floor<seconds>(time_column(from, 6)));
    return start;
}

stored_event event_of(row& from) {
    stored_event out{.id = from.take_text(0),
                     .what = {},
                     .version = number_column(from, 18),
                     .created_at = time_column(from, 19),
                     .updated_at = time_column(from, 20)};
    auto& what = out.what;
    what.uid = from.take_text(1);
    if (!from.text(2).empty()) {
        what.recurrence_id = calendar::moment_of(from.text(2));
        if (!what.recurrence_id) throw unreadable_row("an occurrence of an event is none");
    }
    what.title = from.take_text(3);
    what.description = from.take_text(4);
    what.location = from.take_text(5);
    what.start = start_of(from);
    what.length = from.is_null(22)
                      ? std::chrono::floor<seconds>(time_column(from, 7) - time_column(from, 6))
                      : seconds(from.integer(22));
    what.busy = from.integer(10) != 0;
    what.status = value_in(statuses, from.text(11));
    if (!from.is_null(12)) {
        auto rule = calendar::parse_rule(from.text(12));
        if (!rule) throw unreadable_row("the rule of an event is none");
        what.rule = std::move(*rule);
    }
    what.added = added_of(from.text(13));
    what.excluded = excluded_of(from.text(14));
    auto address = from.take_text(15);
    if (!address.empty() || !from.is_null(23))
        what.by = {std::move(address), optional_text_column(from, 23).value_or("")};
    what.attendees = attendees_of(from.text(16));
    what.sequence = from.integer(17);
    return out;
}

}  // namespace

result<void> calendar_event_repository::put(const std::string& user_id,
                                            const stored_event& stored) {
    const auto& what = stored.what;
    if (auto why = unfit(what)) return *why;
    const auto first = calendar::first_span(what, "UTC");
    return done_or(
        on_,
        on_.execute(
            "INSERT INTO calendar_events (id, user_id, uid, recurrence_id, title, description, "
            "location, starts_at, ends_at, last_ends_at, timezone, all_day, busy, status, "
            "recurrence_rule, added_dates, excluded_dates, organizer, attendees, sequence, "
            "version, created_at, updated_at, local_start, length, organizer_name) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, "
            "$18, $19, $20, 1, $21, $22, $23, $24, $25) "
            "ON CONFLICT (id) DO UPDATE SET uid = excluded.uid, "
            "recurrence_id = excluded.recurrence_id, title = excluded.title, "
            "description = excluded.description, location = excluded.location, "
            "starts_at = excluded.starts_at, ends_at = excluded.ends_at, "
            "last_ends_at = excluded.last_ends_at, timezone = excluded.timezone, "
            "all_day = excluded.all_day, busy = excluded.busy, status = excluded.status, "
            "recurrence_rule = excluded.recurrence_rule, added_dates = excluded.added_dates, "
            "excluded_dates = excluded.excluded_dates, organizer = excluded.organizer, "
            "attendees = excluded.attendees, sequence = excluded.sequence, "
            "version = calendar_events.version + 1, updated_at = excluded.updated_at, "
            "local_start = excluded.local_start, length = excluded.length, "
            "organizer_name = excluded.organizer_name "
            "WHERE calendar_events.user_id = excluded.user_id",
            {stored.id,
             user_id,
             what.uid,
             occurrence_text(what.recurrence_id),
             what.title,
             what.description,
             what.location,
             column(first.starts_at),
             column(first.ends_at),
             column(calendar::last_end(what)),
             what.start.form == time_form::zoned ? what.start.timezone : std::string(),
             column(what.start.form == time_form::all_day),
             column(what.busy),
             name_in(statuses, what.status),
             what.rule ? value{to_text(*what.rule)} : value{},
             dumped(added_json(what.added)),
             dumped(excluded_json(what.excluded)),
             what.by ? what.by->address : std::string(),
             dumped(attendees_json(what.attendees)),
             what.sequence,
             column(stored.created_at),
             column(stored.updated_at),
             std::int64_t{what.start.local.time_since_epoch().count()},
             std::int64_t{what.length.count()},
             what.by ? value{what.by->name} : value{}}),
        {error_code::conflict, "the id of the event is another one's"});
}

result<bool> calendar_event_repository::remove(const std::string& user_id, const std::string& id) {
    const auto removed = touched(
        on_,
        on_.execute("DELETE FROM calendar_events WHERE user_id = $1 AND id = $2", {user_id, id}));
    if (!removed) return removed.error();
    return *removed > 0;
}

result<std::optional<stored_event>> calendar_event_repository::find(const std::string& user_id,
                                                                    const std::string& id) {
    static const auto sql = selecting("WHERE user_id = $1 AND id = $2");
    return decode_first<stored_event>(on_.execute(sql, {user_id, id}), event_of);
}

result<std::optional<stored_event>> calendar_event_repository::find(
    const std::string& user_id, const std::string& uid,
    const std::optional<moment>& recurrence_id) {
    static const auto sql = selecting("WHERE user_id = $1 AND uid = $2 AND recurrence_id = $3");
    return decode_first<stored_event>(
        on_.execute(sql, {user_id, uid, occurrence_text(recurrence_id)}), event_of);
}

result<std::vector<stored_event>> calendar_event_repository::of_user(const std::string& user_id) {
    static const auto sql = selecting("WHERE user_id = $1 ORDER BY starts_at, id");
    return decode_all<stored_event>(on_.execute(sql, {user_id}), event_of);
}

result<std::vector<stored_event>> calendar_event_repository::around(const std::string& user_id,
                                                                    timestamp from,
                                                                    timestamp until) {
    // What ends, and what never does.
    static const auto sql = selecting(
        "WHERE user_id = $1 AND uid IN ("
        "SELECT uid FROM calendar_events WHERE user_id = $1 AND last_ends_at >= $2 "
        "AND starts_at < $3 UNION "
        "SELECT uid FROM calendar_events WHERE user_id = $1 AND last_ends_at IS NULL "
        "AND starts_at < $3) ORDER BY starts_at, id");
    return decode_all<stored_event>(
        on_.execute(sql, {user_id, column(from - room), column(until + room)}), event_of);
}

}  // namespace perin::persistence
