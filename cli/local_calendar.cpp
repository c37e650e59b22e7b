#include "cli/local_calendar.hpp"

#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "domain/calendar/calendar_reader.hpp"
#include "domain/id.hpp"
#include "net/front/calendar_json.hpp"
#include "persistence/accounts.hpp"
#include "persistence/credentials.hpp"

namespace perin::cli {

using namespace runtime;
using actors::decided_commit;
using actors::decision_sources;
using actors::events_a_commit;
using actors::owner_calendar;
using nlohmann::json;

result<user> local_calendar::owner(const std::string& email) {
    auto found = persistence::account_repository(on_).find_by_email(email);
    if (!found) return found.error();
    if (!*found) return failure{error_code::not_found, "there is no user " + email};
    return std::move(**found);
}

result<owner_calendar> local_calendar::load(const user& owner) {
    const load_calendar wanted{owner.id, clock_.now() - actors::bookings_kept};
    auto loaded = actors::store_reader(on_).read(wanted);
    if (!loaded) return loaded.error();
    return owner_calendar(std::move(*loaded));
}

decision_sources local_calendar::sources() {
    const auto now = clock_.now();
    return {now,
            [this, now](const char* prefix) { return make_id(prefix, now, random_.for_id()); }};
}

template <class Answer>
result<Answer> local_calendar::carry_out(const user& owner, std::optional<owner_calendar>& on,
                                         const decide_on<Answer>& decide) {
    for (std::size_t i = 0; i < actors::most_decisions; ++i) {
        if (!on) {
            auto loaded = load(owner);
            if (!loaded) return loaded.error();
            on.emplace(std::move(*loaded));
        }
        auto decided = decide(*on, sources());
        if (auto* answer = std::get_if<result<Answer>>(&decided)) return std::move(*answer);
        const auto& step = std::get<decided_commit<Answer>>(decided);
        auto all = persistence::transaction::begin(on_);
        if (!all) return all.error();
        const auto done = actors::store_writer(on_).apply(step.commit);
        if (done) {
            if (const auto kept = all->commit(); !kept) return kept.error();
            on->apply(step.commit, *done);
            return step.answer(*done);
        }
        if (done.error().code != error_code::conflict) return done.error();
        on.reset();
    }
    return failure{error_code::unavailable, "the calendar is being changed by others all the time"};
}

result<json> local_calendar::list(const user& owner, const list_entries& wanted) {
    const auto calendar = load(owner);
    if (!calendar) return calendar.error();
    return net::listed_json(wanted, calendar->entries(wanted));
}

result<json> local_calendar::add(const user& owner, const calendar::event_request& wanted,
                                 bool overlap_allowed) {
    auto event = calendar::event_of(wanted, owner.timezone);
    if (!event) return event.error();
    const auto booking = net::own_event(owner, std::move(*event), overlap_allowed);
    std::optional<owner_calendar> on;
    const auto outcome = carry_out<booking_outcome>(
        owner, on, [&](const owner_calendar& calendar, const decision_sources& from) {
            return calendar.decide(booking, from);
        });
    if (!outcome) return outcome.error();
    return net::booked_json(*outcome, owner.timezone);
}

result<json> local_calendar::import(const user& owner, std::string text) {
    auto read = calendar::parse_calendar(text);
    if (!read) return read.error();
    import_events wanted{owner.id, std::move(read->events)};
    std::optional<owner_calendar> on;
    events_imported sum;
    for (std::size_t first = 0; first < wanted.events.size(); first += events_a_commit) {
        const auto done = carry_out<events_imported>(
            owner, on, [&](const owner_calendar& calendar, const decision_sources& from) {
                return calendar.decide(wanted, first, events_a_commit, from);
            });
        if (!done) return done.error();
        sum.added += done->added;
        sum.replaced += done->replaced;
        sum.unchanged += done->unchanged;
    }
    return net::imported_json(sum, *read);
}

result<std::string> local_calendar::export_all(const user& owner) {
    const auto calendar = load(owner);
    if (!calendar) return calendar.error();
    return net::calendar_file(calendar->events(), clock_.now());
}

result<std::string> local_calendar::change_feed(const user& owner, feed_change how) {
    const renew_feed wanted{owner.id, how};
    const auto token = persistence::new_token("");
    std::optional<owner_calendar> on;
    const auto told = carry_out<std::string>(
        owner, on, [&](const owner_calendar& calendar, const decision_sources& from) {
            return calendar.decide(wanted, token, persistence::token_hash(token), from);
        });
    if (!told) return told.error();
    return told->empty() ? std::string() : net::feed_url(url_, *told);
}

}  // namespace perin::cli
