#pragma once

#include "domain/chosen_slot.hpp"
#include "domain/delegation.hpp"
#include "domain/invitation.hpp"
#include "domain/result.hpp"
#include "runtime/calendar_messages.hpp"
#include "runtime/clock.hpp"
#include "runtime/delegation_messages.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace perin::actors {

/// The workflows of links, and the ids of their steps.
inline constexpr auto delegation_workflow = "delegation";
inline constexpr auto delegation_change_workflow = "delegation_change";
inline constexpr auto slot_step = "agree_slot";
inline constexpr auto approval_step = "owner_approval";

/// Times that somebody who is to choose is shown, and how far ahead they lie.
inline constexpr std::size_t offered_slots = 20;
inline constexpr std::chrono::days offered_days{62};

/// A fresh link with its secret, of which only the hash is to be kept. `invalid_request` as of
/// `delegation_of`.
[[nodiscard]] result<runtime::created_link> new_link(const nlohmann::json& body, const user& owner,
                                                     timestamp now, runtime::entropy& random);

/// As it is now, with what was booked by it.
[[nodiscard]] link_status status_of(const runtime::found_delegation& at, timestamp now);

/// A hold whose time is over, though nobody may have written that yet.
[[nodiscard]] bool is_past_hold(const booking& one, timestamp now);

/// Something that was booked by it is still to come.
[[nodiscard]] bool has_meeting_to_come(const runtime::found_delegation& at, timestamp now);

/// Why nothing more can be booked; nothing where it can.
[[nodiscard]] std::optional<failure> closed(const runtime::found_delegation& at, timestamp now);

/// Null where it is not the link's.
[[nodiscard]] const booking* find_booking(const runtime::found_delegation& at,
                                          std::string_view booking_id);

/// What the workflow has booked, an active one before one that has ended: a hold that ended may
/// have been made anew. Null where it has booked nothing.
[[nodiscard]] const booking* find_booking_of(const runtime::found_delegation& at,
                                             std::string_view workflow_id);

/// What somebody is told whose booking is not decided yet: to ask again.
[[nodiscard]] failure booking_under_way();

/// The search for the link's next free times of its shortest duration.
[[nodiscard]] runtime::find_free_time next_free_times(const runtime::found_delegation& at,
                                                      timestamp now, std::size_t limit);

/// The search for the link's times between two, of one of its durations.
[[nodiscard]] runtime::find_free_time free_time_of(const runtime::found_delegation& at,
                                                   timestamp now, timestamp from, timestamp until,
                                                   std::chrono::minutes duration,
                                                   std::size_t limit);

/// Holds a time of the link's.
[[nodiscard]] runtime::book_time hold_of(const runtime::found_delegation& at,
                                         const chosen_slot& slot, std::string key,
                                         std::string workflow_id);

/// Another time for a booking of the link's.
[[nodiscard]] runtime::move_booking move_of(const runtime::found_delegation& at,
                                            const booking& what, timestamp to);

/// The failure of a refused time against which the rules are; nothing where it is only taken.
[[nodiscard]] std::optional<failure> against_rules(const runtime::time_refused& refused);

/// An id of a workflow or a notification that follows from a text: a second try gives the same.
[[nodiscard]] std::string id_from(std::string_view prefix, std::string_view text);

}  // namespace perin::actors
