#pragma once

#include "domain/approval.hpp"
#include "domain/model.hpp"
#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace perin::actors {

/// Who is calling, and for which call. Decided by the turn before the model is asked.
struct tool_context {
    user caller;
    std::string turn_id;
    std::string call_id;
    /// IANA name: whose clock the words of the call mean.
    std::string timezone = {};
    /// When the call was asked for: earlier than now where its user had to approve it first.
    /// "Today" in its words is of this time.
    timestamp asked_at = {};
    /// What the user's own message decides, by rules that no model has a part in.
    std::optional<notification_answer> answered = {};
    /// The caller is a guest of this link; nothing: the caller is an owner.
    std::optional<runtime::guest_call> guest = {};
};

/// A tool: what the model is told of it, and how a call of it is started.
struct tool {
    tool_definition definition;
    /// Starts the actor of one call. Arguments have passed the schema when it sees them.
    std::function<runtime::tool_actor(caf::actor_system&, tool_context)> spawn;
    /// A sentence of what a call would do, for who is asked to approve it. Null: its name and its
    /// arguments.
    std::function<std::string(const nlohmann::json& arguments)> describe = nullptr;
    /// Whether a call reaches other people. Null: none does.
    std::function<bool(const nlohmann::json& arguments)> reaches_others = nullptr;
    /// Set by `require_approvals`.
    approval_policy approval = approval_policy::never;
};

/// Whether the call waits for its user's approval.
[[nodiscard]] bool asks_first(const tool& of, const nlohmann::json& arguments);

/// What a call would do, in 1 to 200 characters.
[[nodiscard]] std::string description_of(const tool& of, const nlohmann::json& arguments);

/// Sets the policies that rules such as `calendar_cancel_event=always` name. `invalid_request` that
/// names a rule that is none, or is of no such tool.
[[nodiscard]] result<void> require_approvals(std::vector<tool>& of,
                                             std::span<const std::string> rules);

/// The tools of a context, fixed before the model is called.
class tool_registry {
  public:
    explicit tool_registry(std::vector<tool> tools) : tools_(std::move(tools)) {}

    /// Nothing where no tool of that name is offered.
    [[nodiscard]] const tool* find(const std::string& name) const;
    [[nodiscard]] std::vector<tool_definition> definitions() const;
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    std::vector<tool> tools_;
};

/// `memory_remember` and `memory_forget`, for an owner.
[[nodiscard]] std::vector<tool> memory_tools(runtime::actor_slot<runtime::memory_actor> memory);

/// `notifications_resolve`, for an owner. An approval of a tool's call is resolved only as the
/// user's own message says (`tool_context::answered`).
[[nodiscard]] std::vector<tool> notification_tools(
    runtime::actor_slot<runtime::notifications_actor> notifications);

/// `calendar_find_time`, `calendar_list_events`, `calendar_create_solo_event`,
/// `calendar_reschedule_event` and `calendar_cancel_event`, for an owner. What the user is
/// remembered to prefer ranks free times.
[[nodiscard]] std::vector<tool> calendar_tools(
    runtime::actor_slot<runtime::calendars_actor> calendars,
    runtime::actor_slot<runtime::memory_actor> memory,
    std::shared_ptr<const runtime::wall_clock> clock);

class public_address;

/// `delegation_create_link`, for an owner.
[[nodiscard]] std::vector<tool> delegation_tools(
    runtime::actor_slot<runtime::delegations_actor> delegations,
    std::shared_ptr<const runtime::wall_clock> clock,
    std::shared_ptr<const public_address> address);

/// `delegation_check_availability` and `delegation_schedule_meeting`, for a guest: the link is the
/// one of `tool_context::guest`. Without that a call is `forbidden`.
[[nodiscard]] std::vector<tool> guest_tools(
    runtime::actor_slot<runtime::delegations_actor> delegations,
    std::shared_ptr<const runtime::wall_clock> clock);

}  // namespace perin::actors
