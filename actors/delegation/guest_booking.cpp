#include "actors/delegation/guest_booking.hpp"

#include "domain/workflow/answer_fate.hpp"

#include <algorithm>
#include <utility>

namespace perin::actors {

using namespace runtime;
using std::chrono::milliseconds;

namespace {

/// Booking workflows of one conversation.
constexpr std::size_t most_workflows = 100;
/// Somebody else may answer first, and be refused: then the step waits again.
constexpr int most_tries = 3;
constexpr std::size_t longest_key = 200;

template <class Message>
guest_call place_of(const Message& what) {
    return {what.delegation_id, what.user_id, what.conversation_id};
}

bool is_over(const workflow::account_of& one) {
    using enum workflow::status;
    return one.is.status == completed || one.is.status == failed || one.is.status == cancelled;
}

const workflow::step_state* slot_step_of(const workflow::account_of& one) {
    const auto found =
        std::ranges::find(one.steps, slot_step, [](const auto& each) { return each.is.id; });
    return found == one.steps.end() ? nullptr : &*found;
}

/// A time was agreed on, or is being looked at.
bool has_time(const workflow::account_of& one) {
    const auto* step = slot_step_of(one);
    return step && (step->status == workflow::step_status::ok || step->answer);
}

bool waits_for_slot(const workflow::account_of& one) {
    const auto* step = slot_step_of(one);
    return !is_over(one) && step && step->status == workflow::step_status::waiting;
}

failure chosen_already() {
    return {error_code::conflict, "a time was chosen already; it is being booked"};
}

failure waits_for_owner() {
    return {error_code::conflict, "a time was chosen already, and waits for the owner's approval"};
}

failure ended_again() { return {error_code::conflict, "the booking has ended again"}; }

meeting_progress progress_of(booking_state state) {
    if (state == booking_state::booked) return meeting_progress::booked;
    if (state == booking_state::awaiting_approval) return meeting_progress::awaiting_approval;
    return meeting_progress::under_way;
}

/// What the link tells everybody who opens it.
link_context context_of(const found_delegation& at, timestamp now) {
    link_context out;
    out.owner_name = at.owner.name;
    out.title = at.link.title;
    out.durations = at.link.rules.durations;
    out.timezone = at.link.rules.timezone;
    out.approval = at.link.approval;
    out.open = !closed(at, now);
    return out;
}

/// Why a link is no longer a guest's at all.
std::optional<failure> shut(const found_delegation& at, timestamp now) {
    const auto status = status_of(at, now);
    const bool shuts = status == link_status::revoked || status == link_status::expired;
    return shuts ? closed(at, now) : std::nullopt;
}

/// Why a workflow that is under way takes no time at present.
failure why_not_now(const workflow::account_of& one, const found_delegation& at) {
    if (!has_time(one)) return booking_under_way();
    const auto* made = find_booking_of(at, one.is.id);
    const bool waits = made && made->state == booking_state::awaiting_approval;
    return waits ? waits_for_owner() : chosen_already();
}

/// Why a workflow has ended before a time was agreed on.
failure why_ended(const workflow::account_of& one) {
    for (auto each = one.history.rbegin(); each != one.history.rend(); ++each)
        if (const auto* why = std::get_if<workflow::step_failed>(&each->what))
            return {why->code, why->detail};
    return ended_again();
}

std::vector<scheduling::interval> alternatives_of(const nlohmann::json& refused) {
    std::vector<scheduling::interval> out;
    const auto written = refused.find("alternatives");
    if (written == refused.end() || !written->is_array()) return out;
    for (const auto& each : *written) {
        const auto start = from_rfc3339(each.value("start", ""));
        const auto end = from_rfc3339(each.value("end", ""));
        if (start && end) out.push_back({*start, *end});
    }
    return out;
}

/// What the guest is told of a time that was not taken, by what the step shows.
result<slot_choice> refusal_of(const nlohmann::json& shown) {
    const auto refused = shown.is_object() ? shown.find("refused") : shown.end();
    if (refused == shown.end() || !refused->is_object()) return slot_choice{slot_refused{}};
    if (!refused->value("taken", true))
        return failure{error_code::invalid_request, refused->value("why", ""), "/start"};
    return slot_choice{slot_refused{alternatives_of(*refused)}};
}

}  // namespace

const workflow::account_of* guest_booking::seen::under_way() const {
    return all.empty() || is_over(all.back()) ? nullptr : &all.back();
}

std::string guest_workflow_id(const guest_call& of, std::size_t n) {
    return id_from("wfl_", of.user_id + "\n" + of.conversation_id + "\n" + std::to_string(n));
}

void tell_progress(link_context& to, const workflow::account_of& of, const found_delegation& at) {
    const auto* step = slot_step_of(of);
    const bool agreed = step && step->status == workflow::step_status::ok;
    if (!agreed) {
        if (is_over(of)) return;
        to.progress = has_time(of) ? meeting_progress::under_way : meeting_progress::choosing;
        return;
    }
    const auto* made = find_booking_of(at, of.is.id);
    if (made == nullptr || !is_active(made->state)) return;
    to.chosen = scheduling::interval{made->time.starts_at, made->time.ends_at};
    to.progress = progress_of(made->state);
}

guest_booking::clock_point guest_booking::patience() const {
    return by_.self()->clock().now() + by_.parts().longest_wait;
}

milliseconds guest_booking::left(clock_point until) const {
    const auto now = by_.self()->clock().now();
    return std::max(std::chrono::ceil<milliseconds>(until - now), milliseconds{0});
}

void guest_booking::look(const guest_call& place, clock_point until, const told<seen>& tell) const {
    look_through(place, until, {}, [this, place, tell](result<accounts> all) {
        if (!all) return tell(all.error());
        by_.with_link(place.user_id, place.delegation_id,
                      [tell, all = std::move(*all)](result<found_delegation> at) {
                          if (!at) return tell(at.error());
                          tell(seen{all, std::move(*at)});
                      });
    });
}

void guest_booking::look_through(const guest_call& place, clock_point until, accounts found,
                                 const told<accounts>& tell) const {
    if (found.size() >= most_workflows) return tell(std::move(found));
    find_workflow wanted{guest_workflow_id(place, found.size() + 1), place.user_id, left(until)};
    const auto so_far = std::make_shared<accounts>(std::move(found));
    by_.ask<workflow::account_of>(
        by_.parts().workflows, wanted.until_it_rests + by_.parts().store_timeout, wanted,
        [this, place, until, so_far, tell](result<workflow::account_of> one) {
            if (!one && one.error().code == error_code::not_found) return tell(std::move(*so_far));
            if (!one) return tell(one.error());
            const bool over = is_over(*one);
            so_far->push_back(std::move(*one));
            if (!over) return tell(std::move(*so_far));
            look_through(place, until, std::move(*so_far), tell);
        });
}

void guest_booking::start(const guest_call& place, std::size_t n, workflow::told_in origin,
                          clock_point until, told<workflow::account_of> tell) const {
    if (n > most_workflows)
        return tell(failure{error_code::gone, "this talk has had as many bookings as it may"});
    begin_workflow wanted;
    wanted.id = guest_workflow_id(place, n);
    wanted.user_id = place.user_id;
    wanted.kind = delegation_workflow;
    wanted.input = {{"delegationId", place.delegation_id}};
    wanted.origin = std::move(origin);
    wanted.until_it_rests = left(until);
    by_.ask<workflow::account_of>(by_.parts().workflows,
                                  wanted.until_it_rests + by_.parts().store_timeout, wanted,
                                  std::move(tell));
}

// ------------------------------------------------------------------------------------ beginning

void guest_booking::begin(const begin_guest_booking& wanted,
                          const told<workflow::account_of>& tell) const {
    const auto until = patience();
    look(place_of(wanted), until, [this, wanted, until, tell](const result<seen>& what) {
        if (!what) return tell(what.error());
        if (auto why = shut(what->at, by_.now())) return tell(*why);
        if (const auto* one = what->under_way()) return tell(*one);
        if (auto why = closed(what->at, by_.now())) return tell(*why);
        start(place_of(wanted), what->all.size() + 1,
              {wanted.conversation_id, wanted.turn_id, wanted.reasoning, wanted.confidence}, until,
              tell);
    });
}

// ------------------------------------------------------------------------------------- standing

void guest_booking::stand(const guest_standing& wanted, const told<guest_stand>& tell) const {
    const auto now = by_.self()->clock().now();
    look(place_of(wanted), now, [this, tell](const result<seen>& what) {
        if (!what) return tell(what.error());
        if (auto why = shut(what->at, by_.now())) return tell(*why);
        guest_stand out{context_of(what->at, by_.now()), std::nullopt};
        if (!what->all.empty()) tell_progress(out.link, what->all.back(), what->at);
        if (const auto* one = what->under_way()) out.workflow_id = one->is.id;
        if (!out.link.open) return tell(std::move(out));
        by_.ask<std::vector<scheduling::interval>>(
            by_.parts().calendars, by_.parts().calendar_timeout,
            next_free_times(what->at, by_.now(), offered_slots),
            [tell, out](result<std::vector<scheduling::interval>> free) {
                if (!free) return tell(free.error());
                auto with_times = out;
                with_times.link.offered = std::move(*free);
                tell(std::move(with_times));
            });
    });
}

// ------------------------------------------------------------------------------------- choosing

void guest_booking::choose(const choose_slot& wanted, const told<slot_choice>& tell) const {
    if (wanted.call_key.empty() || wanted.call_key.size() > longest_key)
        return tell(failure{error_code::invalid_request, "a call's key has 1 to 200 characters"});
    settle(std::make_shared<choosing>(
        choosing{wanted, place_of(wanted), patience(), most_tries, tell}));
}

void guest_booking::settle(const shared_choosing& one) const {
    look(one->place, one->until, [this, one](const result<seen>& what) {
        if (!what) return one->tell(what.error());
        auto& slot = one->wanted.slot;
        if (slot.duration <= std::chrono::minutes{0})
            slot.duration = what->at.link.rules.durations.front();
        // As the step will read it.
        auto fits = chosen_slot_of(to_json(slot));
        if (!fits) return one->tell(fits.error());
        slot = std::move(*fits);
        settle_with(one, *what);
    });
}

void guest_booking::settle_with(const shared_choosing& one, const seen& what) const {
    for (const auto& each : what.all)
        if (workflow::fate_of_answer(each.history, slot_step, one->wanted.call_key))
            return tell_fate(one, each);
    if (auto why = shut(what.at, by_.now())) return one->tell(*why);
    if (const auto* chosen = what.under_way(); chosen && !waits_for_slot(*chosen))
        return one->tell(why_not_now(*chosen, what.at));
    if (auto why = closed(what.at, by_.now())) return one->tell(*why);
    if (const auto* waits = what.under_way()) return answer(one, waits->is.id);
    start(one->place, what.all.size() + 1,
          {one->wanted.conversation_id, one->wanted.turn_id, "the guest has chosen a time", 1},
          one->until, [this, one](const result<workflow::account_of>& begun) {
              if (!begun) return one->tell(begun.error());
              if (is_over(*begun)) return one->tell(why_ended(*begun));
              if (waits_for_slot(*begun)) return answer(one, begun->is.id);
              // Somebody has begun it, and chosen, at the same time.
              if (--one->tries > 0) return settle(one);
              one->tell(booking_under_way());
          });
}

void guest_booking::answer(const shared_choosing& one, const std::string& workflow_id) const {
    command_workflow wanted;
    wanted.id = workflow_id;
    wanted.user_id = one->place.user_id;
    wanted.conversations = {one->place.conversation_id};
    wanted.by_guest = true;
    wanted.order = answer_step{slot_step, to_json(one->wanted.slot), one->wanted.call_key};
    wanted.until_it_rests = left(one->until);
    by_.ask<workflow::account_of>(
        by_.parts().workflows, wanted.until_it_rests + by_.parts().store_timeout, wanted,
        [this, one](const result<workflow::account_of>& answered) {
            // Another answer was first: what it came to decides.
            const bool late = !answered && answered.error().code == error_code::conflict;
            if (late && --one->tries > 0) return settle(one);
            if (!answered) return one->tell(answered.error());
            tell_fate(one, *answered);
        });
}

void guest_booking::tell_fate(const shared_choosing& one, const workflow::account_of& of) const {
    const auto fate = workflow::fate_of_answer(of.history, slot_step, one->wanted.call_key);
    if (const auto* waits = fate ? std::get_if<workflow::step_waits>(&*fate) : nullptr)
        return one->tell(refusal_of(waits->shown));
    if (const auto* why = fate ? std::get_if<workflow::step_failed>(&*fate) : nullptr)
        return one->tell(failure{why->code, why->detail});
    if (fate && std::holds_alternative<workflow::step_done>(*fate))
        return tell_booked(one, of.is.id);
    if (is_over(of)) return one->tell(ended_again());
    const auto& slot = one->wanted.slot;
    one->tell(slot_choice{slot_chosen{meeting_progress::under_way,
                                      {slot.starts_at, slot.starts_at + slot.duration},
                                      std::nullopt}});
}

void guest_booking::tell_booked(const shared_choosing& one, const std::string& workflow_id) const {
    by_.with_link(
        one->place.user_id, one->place.delegation_id,
        [one, workflow_id](const result<found_delegation>& at) {
            if (!at) return one->tell(at.error());
            const auto* made = find_booking_of(*at, workflow_id);
            if (made == nullptr || !is_active(made->state)) return one->tell(ended_again());
            one->tell(slot_choice{slot_chosen{
                progress_of(made->state), {made->time.starts_at, made->time.ends_at}, made->id}});
        });
}

}  // namespace perin::actors
