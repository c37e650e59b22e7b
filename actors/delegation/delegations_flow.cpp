#include "actors/delegation/delegations_flow.hpp"

#include "persistence/credentials.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/log.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>

namespace perin::actors {

using namespace runtime;
using nlohmann::json;

namespace {

failure unknown_guest() {
    return {error_code::unauthenticated, "the link, or the session of it, is not known"};
}
failure no_such_booking() { return {error_code::not_found, "there is no such booking"}; }
failure too_many() { return {error_code::unavailable, "too many bookings are under way"}; }

std::string hold_key_of(const std::string& workflow_id) { return "link/" + workflow_id; }

slot_taken taken_of(const found_delegation& at, const booking& what, timestamp now) {
    slot_taken out{what, {}};
    if (what.state == booking_state::booked)
        out.ics = invitation({at.link, at.owner, what}, meeting_news::booked, now);
    return out;
}

/// Until the link's last day is over, and not before it expires.
timestamp life_of(const delegation& link) {
    const timestamp last{(link.rules.last_day + date::days{2}).time_since_epoch()};
    return std::max(link.expires_at, last);
}

/// The workflow that changes a booking as it is now: of one change there is one.
begin_workflow change_of(const found_delegation& at, const booking& what, const json& change) {
    begin_workflow out;
    out.user_id = at.link.user_id;
    out.kind = delegation_change_workflow;
    out.input = {{"delegationId", at.link.id}, {"bookingId", what.id}, {"version", what.version}};
    out.input.update(change);
    out.id = id_from("wfl_", out.input.dump());
    return out;
}

/// Why a booking cannot be changed any more.
std::optional<failure> unchangeable(const booking* what, timestamp now) {
    if (what == nullptr || !is_active(what->state)) return no_such_booking();
    if (what->time.ends_at <= now) return failure{error_code::gone, "the meeting is over"};
    if (what->state == booking_state::held) return booking_under_way();
    return std::nullopt;
}

}  // namespace

void delegations_flow::begin(pointer self, delegations_parts parts) {
    self_ = self;
    link_requests::begin(self, std::move(parts));
}

void delegations_flow::commit(decltype(commit_delegation::change) change, told<void> tell) {
    ask<void>(parts().store, parts().store_timeout, commit_delegation{std::move(change), now()},
              std::move(tell));
}

template <class Answer>
told<Answer> delegations_flow::counted(owed_reply<result<Answer>> owed) {
    ++under_way_;
    return [this, owed](result<Answer> answer) {
        --under_way_;
        owed.deliver(std::move(answer));
    };
}

// --------------------------------------------------------------------------------------- owner

caf::result<result<created_link>> delegations_flow::on_create(const create_link& wanted) {
    auto link = new_link(wanted.body, wanted.owner, now(), *parts().entropy);
    if (!link) return result<created_link>{link.error()};
    auto owed = owe<result<created_link>>(self_);
    commit(put_delegation{link->link, persistence::token_hash(link->token)},
           [owed, made = *link](const result<void>& done) {
               if (!done) return owed.deliver(done.error());
               owed.deliver(made);
           });
    return owed;
}

caf::result<result<void>> delegations_flow::on_revoke(const revoke_link& wanted) {
    auto owed = owe<result<void>>(self_);
    commit(revoke_delegation{wanted.user_id, wanted.id},
           [owed](const result<void>& done) { owed.deliver(done); });
    return owed;
}

// --------------------------------------------------------------------------------------- guest

void delegations_flow::let_in(const admit_guest& wanted, found_delegation at,
                              const told<admitted_guest>& tell) {
    admitted_guest out;
    out.status = actors::status_of(at, now());
    if (out.status == link_status::revoked)
        return tell(failure{error_code::gone, "the link was revoked"});
    if (out.status == link_status::expired && !has_meeting_to_come(at, now()))
        return tell(failure{error_code::gone, "the link has expired"});
    out.at = std::move(at);
    if (!wanted.begins_session) return tell(std::move(out));
    if (wanted.known_session.empty()) return begin_session({}, std::move(out), false, tell);
    ask<found_guest_session>(
        parts().reader, parts().store_timeout, find_guest_session{wanted.known_session},
        [this, out, tell](const result<found_guest_session>& known) {
            if (!known && known.error().code != error_code::not_found) return tell(known.error());
            const bool good = known && known->delegation_id == out.at.link.id &&
                              known->expires_at > now() && !known->conversation_deleted;
            begin_session(known ? *known : found_guest_session{}, out, good, tell);
        });
}

void delegations_flow::begin_session(const found_guest_session& known, admitted_guest who,
                                     bool is_known, const told<admitted_guest>& tell) {
    if (is_known) {
        who.session_id = known.id;
        who.conversation_id = known.conversation_id;
        return tell(std::move(who));
    }
    who.session_id = make_id("ses_", now(), parts().entropy->for_id());
    who.conversation_id = make_id("cnv_", now(), parts().entropy->for_id());
    who.session_secret = persistence::new_token("pgs_");
    who.session_expires_at = std::max(life_of(who.at.link), now() + std::chrono::hours{1});
    commit(put_guest_session{*who.session_id, who.at.link.id, *who.conversation_id,
                             persistence::token_hash(who.session_secret), who.session_expires_at},
           [who, tell](const result<void>& done) {
               if (!done) return tell(done.error());
               tell(who);
           });
}

caf::result<result<admitted_guest>> delegations_flow::on_admit(const admit_guest& wanted) {
    auto owed = owe<result<admitted_guest>>(self_);
    const told<admitted_guest> tell = [owed](result<admitted_guest> answer) {
        owed.deliver(std::move(answer));
    };
    if (wanted.secret.empty() && wanted.delegation_id.empty())
        return result<admitted_guest>{unknown_guest()};
    const auto lost = [tell](const failure& why) {
        tell(why.code == error_code::not_found ? unknown_guest() : why);
    };
    if (!wanted.by_session) {
        const auto by = wanted.secret.empty()
                            ? find_delegation{wanted.user_id, wanted.delegation_id, {}}
                            : find_delegation{{}, {}, wanted.secret};
        ask<found_delegation>(parts().reader, parts().store_timeout, by,
                              [this, wanted, tell, lost](result<found_delegation> found) {
                                  if (!found) return lost(found.error());
                                  let_in(wanted, std::move(*found), tell);
                              });
        return owed;
    }
    ask<found_guest_session>(
        parts().reader, parts().store_timeout, find_guest_session{wanted.secret},
        [this, tell, lost](result<found_guest_session> found) {
            if (!found) return lost(found.error());
            if (found->expires_at <= now()) return tell(unknown_guest());
            const auto with_session = [tell, id = found->id, conversation = found->conversation_id](
                                          result<admitted_guest> in) {
                if (in) {
                    in->session_id = id;
                    in->conversation_id = conversation;
                }
                tell(std::move(in));
            };
            let_in({}, std::move(found->at), with_session);
        });
    return owed;
}

caf::result<result<std::vector<scheduling::interval>>> delegations_flow::on_offer(
    const offer_slots& wanted) {
    using slots = std::vector<scheduling::interval>;
    auto owed = owe<result<slots>>(self_);
    with_link(wanted.user_id, wanted.delegation_id,
              [this, owed, wanted](const result<found_delegation>& at) {
                  if (!at) return owed.deliver(at.error());
                  if (auto why = closed(*at, now())) return owed.deliver(*why);
                  const auto& lengths = at->link.rules.durations;
                  if (std::ranges::find(lengths, wanted.duration) == lengths.end())
                      return owed.deliver(failure{error_code::invalid_request,
                                                  "is none of the link's durations",
                                                  {},
                                                  "durationMins"});
                  ask<slots>(parts().calendars, parts().calendar_timeout,
                             free_time_of(*at, now(), wanted.from, wanted.until, wanted.duration,
                                          wanted.limit),
                             [owed](result<slots> found) { owed.deliver(std::move(found)); });
              });
    return owed;
}

void delegations_flow::on_spent(const spend_guest_tokens& what) {
    commit(count_guest_tokens{what.delegation_id, what.tokens}, [what](const result<void>& done) {
        if (!done)
            log(log_level::warning, "delegation.tokens_not_counted",
                "what a guest's turn has cost could not be counted",
                {{"delegationId", what.delegation_id},
                 {"tokens", what.tokens},
                 {"code", to_string(done.error().code)}});
    });
}

// ------------------------------------------------------------------------------------- bookings

void delegations_flow::after_workflow(begin_workflow what, const std::string& delegation_id,
                                      std::function<void(result<found_delegation>)> tell) {
    what.until_it_rests = parts().longest_wait;
    const auto user_id = what.user_id;
    ask<workflow::account_of>(
        parts().workflows, parts().longest_wait + parts().store_timeout, std::move(what),
        [this, user_id, delegation_id, tell](const result<workflow::account_of>& rests) {
            if (!rests) return tell(rests.error());
            if (rests->is.status == workflow::status::failed)
                return tell(failure{error_code::conflict, "it could not be done"});
            with_link(user_id, delegation_id, tell);
        });
}

caf::result<result<slot_outcome>> delegations_flow::on_book(const book_slot& wanted) {
    if (under_way_ >= parts().most_under_way) return result<slot_outcome>{too_many()};
    // As the workflow will read it: what is held is booked.
    const auto fits = chosen_slot_of(
        to_json(chosen_slot{wanted.starts_at, wanted.duration, wanted.who, wanted.note}));
    if (!fits) return result<slot_outcome>{fits.error()};
    auto owed = owe<result<slot_outcome>>(self_);
    const auto tell = counted(owed);
    const auto id = wanted.idempotency_key.empty()
                        ? make_id("wfl_", now(), parts().entropy->for_id())
                        : id_from("wfl_", wanted.delegation_id + "\n" + wanted.idempotency_key);
    with_link(wanted.user_id, wanted.delegation_id,
              [this, tell, slot = *fits, id](const result<found_delegation>& at) {
                  if (!at) return tell(at.error());
                  const auto earlier =
                      std::ranges::find(at->bookings, hold_key_of(id), &booking::idempotency_key);
                  // A repeated request may be what has spent the link.
                  if (earlier != at->bookings.end()) return begin_booking(*at, slot, id, tell);
                  if (auto why = closed(*at, now())) return tell(*why);
                  hold_and_begin(*at, slot, id, tell);
              });
    return owed;
}

void delegations_flow::hold_and_begin(const found_delegation& at, const chosen_slot& slot,
                                      const std::string& workflow_id, const outcome_told& tell) {
    ask<booking_outcome>(
        parts().calendars, parts().calendar_timeout,
        hold_of(at, slot, hold_key_of(workflow_id), workflow_id),
        [this, at, slot, workflow_id, tell](const result<booking_outcome>& outcome) {
            if (!outcome) return tell(outcome.error());
            if (const auto* refused = std::get_if<time_refused>(&*outcome)) {
                if (auto why = against_rules(*refused)) return tell(*why);
                return tell(slot_outcome{slot_refused{refused->alternatives}});
            }
            crash_point("delegation.hold_taken");
            begin_booking(at, slot, workflow_id, tell);
        });
}

void delegations_flow::begin_booking(const found_delegation& at, const chosen_slot& slot,
                                     const std::string& workflow_id, const outcome_told& tell) {
    begin_workflow wanted;
    wanted.id = workflow_id;
    wanted.user_id = at.link.user_id;
    wanted.kind = delegation_workflow;
    wanted.input = {{"delegationId", at.link.id},
                    {"slot", to_json(slot)},
                    {"holdKey", hold_key_of(workflow_id)}};
    after_workflow(
        std::move(wanted), at.link.id,
        [this, workflow_id, tell](const result<found_delegation>& now_is) {
            if (!now_is) return tell(now_is.error());
            const auto* made = find_booking_of(*now_is, workflow_id);
            if (made == nullptr || made->state == booking_state::held)
                return tell(booking_under_way());
            if (!is_active(made->state))
                return tell(failure{error_code::conflict, "the booking has ended again"});
            tell(slot_outcome{taken_of(*now_is, *made, now())});
        });
}

template <class Wanted, class Tell, class Then>
void delegations_flow::with_changeable(const Wanted& wanted, const Tell& tell, Then then) {
    with_link(wanted.user_id, wanted.delegation_id,
              [this, tell, then, id = wanted.booking_id](const result<found_delegation>& at) {
                  if (!at) return tell(at.error());
                  const auto* what = find_booking(*at, id);
                  if (auto why = unchangeable(what, now())) return tell(*why);
                  then(*at, *what);
              });
}

caf::result<result<slot_outcome>> delegations_flow::on_move(const move_slot& wanted) {
    if (under_way_ >= parts().most_under_way) return result<slot_outcome>{too_many()};
    auto owed = owe<result<slot_outcome>>(self_);
    const auto tell = counted(owed);
    with_changeable(
        wanted, tell,
        [this, tell, to = wanted.starts_at](const found_delegation& at, const booking& what) {
            if (what.time.starts_at == to) return tell(slot_outcome{taken_of(at, what, now())});
            begin_move(at, what, to, tell);
        });
    return owed;
}

void delegations_flow::begin_move(const found_delegation& at, const booking& what, timestamp to,
                                  const outcome_told& tell) {
    auto asked = move_of(at, what, to);
    asked.only_asks = true;
    ask<booking_outcome>(
        parts().calendars, parts().calendar_timeout, std::move(asked),
        [this, at, what, to, tell](const result<booking_outcome>& outcome) {
            if (!outcome) return tell(outcome.error());
            if (const auto* refused = std::get_if<time_refused>(&*outcome)) {
                if (auto why = against_rules(*refused)) return tell(*why);
                return tell(slot_outcome{slot_refused{refused->alternatives}});
            }
            auto wanted = change_of(at, what, {{"change", "move"}, {"start", to_rfc3339(to)}});
            after_workflow(std::move(wanted), at.link.id,
                           [this, id = what.id, to, tell](const result<found_delegation>& now_is) {
                               if (!now_is) return tell(now_is.error());
                               const auto* moved = find_booking(*now_is, id);
                               if (moved == nullptr || !is_active(moved->state))
                                   return tell(no_such_booking());
                               // Somebody else was quicker.
                               if (moved->time.starts_at != to)
                                   return tell(slot_outcome{slot_refused{}});
                               tell(slot_outcome{taken_of(*now_is, *moved, now())});
                           });
        });
}

caf::result<result<booking>> delegations_flow::on_cancel(const cancel_slot& wanted) {
    if (under_way_ >= parts().most_under_way) return result<booking>{too_many()};
    auto owed = owe<result<booking>>(self_);
    const auto tell = counted(owed);
    with_changeable(wanted, tell, [this, tell](const found_delegation& at, const booking& what) {
        after_workflow(change_of(at, what, {{"change", "cancel"}}), at.link.id,
                       [tell, id = what.id](const result<found_delegation>& now_is) {
                           if (!now_is) return tell(now_is.error());
                           const auto* ended = find_booking(*now_is, id);
                           if (ended == nullptr) return tell(no_such_booking());
                           if (is_active(ended->state)) return tell(booking_under_way());
                           tell(*ended);
                       });
    });
    return owed;
}

// ---------------------------------------------------------------------------------- guest's chat

template <class Answer, class Message>
caf::result<result<Answer>> delegations_flow::to_guest(
    const Message& wanted, void (guest_booking::*what)(const Message&, const told<Answer>&) const) {
    if (under_way_ >= parts().most_under_way) return result<Answer>{too_many()};
    auto owed = owe<result<Answer>>(self_);
    (guests_.*what)(wanted, counted(owed));
    return owed;
}

caf::result<result<workflow::account_of>> delegations_flow::on_begin_booking(
    const begin_guest_booking& wanted) {
    return to_guest(wanted, &guest_booking::begin);
}

caf::result<result<guest_stand>> delegations_flow::on_stand(const guest_standing& wanted) {
    return to_guest(wanted, &guest_booking::stand);
}

caf::result<result<slot_choice>> delegations_flow::on_choose(const choose_slot& wanted) {
    return to_guest(wanted, &guest_booking::choose);
}

}  // namespace perin::actors
