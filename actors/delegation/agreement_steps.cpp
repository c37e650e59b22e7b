#include "actors/delegation/delegation_attempt.hpp"
#include "domain/calendar/calendar_entry.hpp"
#include "domain/meant_time.hpp"
#include "runtime/crash_point.hpp"

namespace perin::actors {

using namespace runtime;
using nlohmann::json;
using std::chrono::minutes;

namespace {

/// Whether the workflow has begun with a slot, which is held for it.
bool has_slot(const delegation_attempt& of) { return of.context().input.contains("slot"); }

json slots_json(const found_delegation& at, const std::vector<scheduling::interval>& slots) {
    auto items = json::array();
    for (const auto& each : slots)
        items.push_back(calendar::slot_json(each, at.link.rules.timezone));
    return items;
}

json shown_of(const found_delegation& at, const std::vector<scheduling::interval>& slots,
              const json& refused) {
    auto lengths = json::array();
    for (const auto& each : at.link.rules.durations) lengths.push_back(each.count());
    json out{{"slots", slots_json(at, slots)},
             {"durationsMins", std::move(lengths)},
             {"timezone", at.link.rules.timezone}};
    if (!refused.is_null()) out["refused"] = refused;
    return out;
}

/// Waits for a slot, showing some, while the link is good. `refused`: why the last one was not
/// taken.
void wait_for_slot(const delegation_attempt& of, const found_delegation& at,
                   const json& refused = nullptr) {
    of.ask<std::vector<scheduling::interval>>(
        of.parts().calendars, next_free_times(at, of.now(), offered_slots),
        [of, at, refused](const std::vector<scheduling::interval>& slots) {
            std::string because;
            if (!refused.is_null())
                because = refused.value("why", "") + " Please choose another one.";
            of.end(step_must_wait{workflow::waits_for::answer, at.link.expires_at,
                                  shown_of(at, slots, refused), std::move(because)});
        });
}

/// Why a time of the link's was not taken, for the guest's eyes.
json refused_json(const found_delegation& at, const time_refused* refused) {
    if (refused == nullptr)
        return {{"taken", true}, {"why", "The time is taken."}, {"alternatives", json::array()}};
    return {{"taken", is_taken(refused->why)},
            {"why", scheduling::sentence(refused->why)},
            {"alternatives", slots_json(at, refused->alternatives)}};
}

/// Of one workflow and slot. A hold of before may have ended: then another one is made.
std::string hold_key(const delegation_attempt& of, const found_delegation& at,
                     const chosen_slot& slot) {
    const auto& given = delegation_attempt::text_of(of.context().input, "holdKey");
    const auto base = given.empty()
                          ? of.context().idempotency_key + "/" + to_rfc3339(slot.starts_at) + "/" +
                                std::to_string(slot.duration.count())
                          : given;
    auto key = base;
    for (int i = 2;; ++i) {
        const auto used = std::ranges::find(at.bookings, key, &booking::idempotency_key);
        if (used == at.bookings.end()) return key;
        if (is_active(used->state) && !is_past_hold(*used, of.now())) return key;
        key = base + "/" + std::to_string(i);
    }
}

void hold(const delegation_attempt& of, const found_delegation& at, const chosen_slot& slot) {
    auto wanted = hold_of(at, slot, hold_key(of, at, slot), of.context().workflow_id);
    if (of.context().origin) wanted.wanted.conversation_id = of.context().origin->conversation_id;
    of.try_to<booking_outcome>(
        of.parts().calendars, std::move(wanted),
        [of, at, slot](const result<booking_outcome>& outcome) {
            if (!outcome) return of.end(outcome.error());
            const auto* taken = std::get_if<time_booked>(&*outcome);
            if (taken != nullptr && taken->taken && is_active(taken->taken->state)) {
                crash_point("delegation.held");
                const auto& time = taken->taken->time;
                return of.done({{"bookingId", taken->taken->id},
                                {"start", to_rfc3339(time.starts_at)},
                                {"end", to_rfc3339(time.ends_at)},
                                {"name", slot.who.name}});
            }
            const auto why = refused_json(at, std::get_if<time_refused>(&*outcome));
            if (has_slot(of)) return of.end(failure{error_code::gone, why.value("why", "")});
            wait_for_slot(of, at, why);
        });
}

/// Why the link lets nobody book; nothing where the workflow has its time already, which may be
/// what has spent the link, and has been held while it was good.
std::optional<failure> closed_to(const delegation_attempt& of, const found_delegation& at) {
    auto why = closed(at, of.now());
    const auto* held = find_booking_of(at, of.context().workflow_id);
    const bool has_time =
        held != nullptr && is_active(held->state) && !is_past_hold(*held, of.now());
    if (has_time && status_of(at, of.now()) != link_status::revoked) return std::nullopt;
    return why;
}

}  // namespace

void validate_link(const delegation_attempt& of) {
    of.with_link([of](const found_delegation& at) {
        const auto why = closed(at, of.now());
        // A slot that is held for this workflow may be what has spent it.
        const bool spent = why && status_of(at, of.now()) == link_status::spent;
        if (why && !(spent && has_slot(of))) return of.end(*why);
        of.done({{"title", at.link.title}, {"approval", at.link.approval}});
    });
}

void load_owner_context(const delegation_attempt& of) {
    of.with_link([of](const found_delegation& at) {
        of.done({{"ownerName", at.owner.name}, {"timezone", at.link.rules.timezone}});
    });
}

void check_availability(const delegation_attempt& of) {
    if (has_slot(of)) return of.done({{"free", true}});
    of.with_link([of](const found_delegation& at) {
        of.ask<std::vector<scheduling::interval>>(
            of.parts().calendars, next_free_times(at, of.now(), 1),
            [of](const std::vector<scheduling::interval>& slots) {
                if (slots.empty())
                    return of.end(
                        failure{error_code::gone, "the link offers no time that is free"});
                of.done({{"free", true}});
            });
    });
}

void agree_slot(const delegation_attempt& of) {
    of.with_link([of](const found_delegation& at) {
        const auto& context = of.context();
        if (auto why = closed_to(of, at)) return of.end(*why);
        const auto written = has_slot(of) ? context.input["slot"] : context.answer.value_or(json());
        if (written.is_null()) return wait_for_slot(of, at);
        const auto slot = chosen_slot_of(written);
        if (!slot) return of.end(slot.error());
        hold(of, at, *slot);
    });
}

void give_up(const delegation_attempt& of) {
    of.with_link([of](const found_delegation& at) {
        const auto* taken = find_booking_of(at, of.context().workflow_id);
        // One that has ended already is what is wanted.
        if (taken == nullptr || !is_active(taken->state)) return of.done(nullptr);
        settle_booking wanted{
            of.context().user_id, taken->id, booking_state::cancelled, {}, of.now()};
        of.try_to<booking>(of.parts().calendars, std::move(wanted),
                           [of](const result<booking>& ended) {
                               if (!ended && ended.error().code != error_code::not_found)
                                   return of.end(ended.error());
                               crash_point("delegation.given_up");
                               of.done(nullptr);
                           });
    });
}

}  // namespace perin::actors
