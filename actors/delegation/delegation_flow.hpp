#pragma once

#include "actors/delegation/mailer.hpp"
#include "actors/workflow/step_kind.hpp"
#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace perin::actors {

struct delegation_flow_parts {
    runtime::actor_slot<runtime::reader_actor> reader;
    runtime::actor_slot<runtime::calendars_actor> calendars;
    runtime::actor_slot<runtime::notifications_actor> notifications;
    /// Empty: no mail is sent.
    runtime::actor_slot<mailer_actor> mailer = {};
    std::shared_ptr<const runtime::wall_clock> clock;
    /// What ids of mails end with.
    std::string mail_host = "perin.invalid";
    std::chrono::milliseconds timeout{25'000};
    /// For a mail to be begun: handing it over takes up to the rest of `timeout`.
    std::chrono::milliseconds mail_begins_within{4'000};
};

/// What a guest's booking goes through, as workflows of the link's owner (features section 4):
///
///     delegation          validate_link ► load_owner_context ► check_availability ► agree_slot
///                         ► owner_approval ► create_event ► confirm ► mail_guest ► mail_owner
///     delegation_change   change ► owner_approval ► create_event ► confirm ► mail_guest
///                         ► mail_owner
///
/// Each mail is a step, so that one that is tried again sends no other.
///
/// The first one's input is `{"delegationId","slot","holdKey"}`; without the last two `agree_slot`
/// waits for a slot. The second one's is
/// `{"delegationId","bookingId","version","change":"move","start"}`, or `"change":"cancel"`. What
/// has happened is read from the booking itself, so that an attempt that is made again finds what
/// the one before it has done. A step of which nothing is left to be done, because the booking has
/// ended meanwhile or somebody has asked for another time, is done.
///
/// What steps come to is told to the guest too: nothing of it is the owner's alone.
[[nodiscard]] workflow_book delegation_workflows(delegation_flow_parts parts);

}  // namespace perin::actors
