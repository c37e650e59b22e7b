#pragma once

#include "actors/delegation/link_booking.hpp"
#include "actors/delegation/link_requests.hpp"

#include <caf/actor_clock.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace perin::actors {

/// The id of the `n`-th booking workflow of a guest's conversation, from 1. It follows from where
/// the guest talks, so that two who begin at once begin the same one.
[[nodiscard]] std::string guest_workflow_id(const runtime::guest_call& of, std::size_t n);

/// How far the meeting of a workflow has come, by what was booked through the link. Nothing is
/// filled of the link itself.
void tell_progress(link_context& to, const workflow::account_of& of,
                   const runtime::found_delegation& at);

/// The bookings of guests who chat. A conversation has one booking workflow after the other; of
/// each time that is chosen the workflow keeps which call has chosen it:
///
///     look through the conversation's workflows ─► the call's answer is there: what became of it
///       └─► the one under way, or a new one ─► answer it, wait until it rests ─► what became of it
class guest_booking {
  public:
    /// `by` outlives it.
    explicit guest_booking(const link_requests& by) : by_(by) {}

    void begin(const runtime::begin_guest_booking& wanted,
               const told<workflow::account_of>& tell) const;
    void stand(const runtime::guest_standing& wanted, const told<runtime::guest_stand>& tell) const;
    void choose(const runtime::choose_slot& wanted, const told<runtime::slot_choice>& tell) const;

  private:
    using clock_point = caf::actor_clock::time_point;
    /// Of a conversation, the oldest first: all but the last are over.
    using accounts = std::vector<workflow::account_of>;
    struct seen {
        accounts all;
        /// Read after them.
        runtime::found_delegation at;
        /// Null where none is under way.
        [[nodiscard]] const workflow::account_of* under_way() const;
    };
    /// A time that somebody has chosen, on its way.
    struct choosing {
        runtime::choose_slot wanted;
        runtime::guest_call place;
        /// When whoever asked is answered, however far it is.
        clock_point until;
        int tries = 0;
        told<runtime::slot_choice> tell;
    };
    using shared_choosing = std::shared_ptr<choosing>;

    [[nodiscard]] clock_point patience() const;
    [[nodiscard]] std::chrono::milliseconds left(clock_point until) const;
    /// The workflows of a conversation; one that is under way is waited for until it rests.
    void look(const runtime::guest_call& place, clock_point until, const told<seen>& tell) const;
    void look_through(const runtime::guest_call& place, clock_point until, accounts found,
                      const told<accounts>& tell) const;
    void start(const runtime::guest_call& place, std::size_t n, workflow::told_in origin,
               clock_point until, told<workflow::account_of> tell) const;
    void settle(const shared_choosing& one) const;
    void settle_with(const shared_choosing& one, const seen& what) const;
    void answer(const shared_choosing& one, const std::string& workflow_id) const;
    void tell_fate(const shared_choosing& one, const workflow::account_of& of) const;
    void tell_booked(const shared_choosing& one, const std::string& workflow_id) const;

    const link_requests& by_;
};

}  // namespace perin::actors
