#pragma once

#include "domain/notification.hpp"
#include "domain/turn.hpp"
#include "runtime/actors.hpp"

#include <optional>
#include <string>

namespace perin::actors {

/// The kind of the timer that lies beside a decision on a tool's call until a turn carries it out.
inline constexpr auto approval_decided = "approval.decided";

/// The kind of the timer that lies beside a decision on a booking until its workflow has it.
inline constexpr auto booking_decided = "booking.decided";

/// A tool's call that waits for its user.
struct waiting_call {
    conversation_key key;
    std::string turn_id;
    /// Of the turn.
    std::string timezone = {};
    tool_call call;
    timestamp asked_at = {};
    /// A sentence for the user.
    std::string title = {};
};

/// For so long a user may approve a call.
inline constexpr std::chrono::hours approval_life{7 * 24};

/// The notification by which its user decides. Its id follows from turn and call: a turn that runs
/// again asks no second time.
[[nodiscard]] notification approval_of(const waiting_call& one);

/// The answer that a booking's workflow waits for; nothing where the notification tells none.
[[nodiscard]] std::optional<runtime::command_workflow> booking_answer(
    const runtime::follow_up& what);

/// The message that carries out what was decided; nothing where the notification tells no call.
[[nodiscard]] std::optional<runtime::chat_send> decision_message(const runtime::follow_up& what);

}  // namespace perin::actors
