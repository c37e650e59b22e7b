#pragma once

#include "actors/delegation/delegations.hpp"
#include "actors/delegation/guest_booking.hpp"
#include "actors/delegation/link_booking.hpp"
#include "actors/delegation/link_requests.hpp"
#include "runtime/supervision/owed_reply.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <string>

namespace perin::actors {

/// What the links do with each of their messages. A booking goes this way; a crash after the hold
/// leaves that to end by itself, and one after the workflow has begun leaves nothing undone:
///
///     find the link ─► hold the time ─► begin the workflow, wait until it rests ─► what became of
///     it
class delegations_flow : private link_requests {
  public:
    static constexpr const char* name = "delegations";
    using pointer = runtime::delegations_actor::stateful_pointer<delegations_flow>;

    void begin(pointer self, delegations_parts parts);
    caf::result<result<runtime::created_link>> on_create(const runtime::create_link& wanted);
    caf::result<result<void>> on_revoke(const runtime::revoke_link& wanted);
    caf::result<result<runtime::admitted_guest>> on_admit(const runtime::admit_guest& wanted);
    caf::result<result<std::vector<scheduling::interval>>> on_offer(
        const runtime::offer_slots& wanted);
    caf::result<result<runtime::slot_outcome>> on_book(const runtime::book_slot& wanted);
    caf::result<result<runtime::slot_outcome>> on_move(const runtime::move_slot& wanted);
    caf::result<result<booking>> on_cancel(const runtime::cancel_slot& wanted);
    caf::result<result<workflow::account_of>> on_begin_booking(
        const runtime::begin_guest_booking& wanted);
    caf::result<result<runtime::guest_stand>> on_stand(const runtime::guest_standing& wanted);
    caf::result<result<runtime::slot_choice>> on_choose(const runtime::choose_slot& wanted);
    void on_spent(const runtime::spend_guest_tokens& what);

  private:
    using outcome_told = told<runtime::slot_outcome>;

    void commit(decltype(runtime::commit_delegation::change) change, told<void> tell);
    /// Tells how the booking with the key stands once its workflow rests.
    void after_workflow(runtime::begin_workflow what, const std::string& delegation_id,
                        std::function<void(result<runtime::found_delegation>)> tell);

    void begin_session(const runtime::found_guest_session& known, runtime::admitted_guest who,
                       bool is_known, const told<runtime::admitted_guest>& tell);
    void let_in(const runtime::admit_guest& wanted, runtime::found_delegation at,
                const told<runtime::admitted_guest>& tell);
    void hold_and_begin(const runtime::found_delegation& at, const chosen_slot& slot,
                        const std::string& workflow_id, const outcome_told& tell);
    void begin_booking(const runtime::found_delegation& at, const chosen_slot& slot,
                       const std::string& workflow_id, const outcome_told& tell);
    /// Goes on with the booking that is to be changed, where it can be.
    template <class Wanted, class Tell, class Then>
    void with_changeable(const Wanted& wanted, const Tell& tell, Then then);
    void begin_move(const runtime::found_delegation& at, const booking& what, timestamp to,
                    const outcome_told& tell);
    /// Takes a place among those under way, which it gives back as it tells.
    template <class Answer>
    told<Answer> counted(runtime::owed_reply<result<Answer>> owed);

    /// What a guest who chats wants, where not too many are under way.
    template <class Answer, class Message>
    caf::result<result<Answer>> to_guest(const Message& wanted,
                                         void (guest_booking::*what)(const Message&,
                                                                     const told<Answer>&) const);

    pointer self_ = nullptr;
    guest_booking guests_{*this};
    std::size_t under_way_ = 0;
};

}  // namespace perin::actors
