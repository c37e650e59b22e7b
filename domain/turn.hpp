#pragma once

#include "domain/event.hpp"
#include "domain/model.hpp"
#include "domain/time.hpp"
#include "domain/trace_context.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perin {

/// A conversation is its user's own: two users may choose the same id.
struct conversation_key {
    std::string user_id;
    std::string conversation_id;
    friend auto operator<=>(const conversation_key&, const conversation_key&) = default;
};

/// The journal's stream of a conversation.
[[nodiscard]] std::string stream_of(const conversation_key& key);

/// What a client asked of a turn besides its message (protocol, Chat over HTTP).
struct turn_options {
    std::string tone = {};
    std::string perin_name = {};
    std::string specialization = {};
    std::vector<std::string> client_integrations = {};
    /// IANA name; empty: the user's own.
    std::string timezone = {};
    friend bool operator==(const turn_options&, const turn_options&) = default;
};

/// The request that a turn came by, for logs and traces. It is not kept: a turn that is run again
/// after a crash has none.
struct turn_origin {
    std::string request_id = {};
    /// The caller's trace; once the turn is accepted, with a span of the turn's own.
    std::optional<trace_context> trace = {};
    friend bool operator==(const turn_origin&, const turn_origin&) = default;
};

/// A call that waited for its user's decision, and what that is.
struct decided_call {
    tool_call call;
    bool approved = false;
    /// The notification by which it was decided.
    std::string notification_id = {};
    /// When the call was asked for: "tomorrow" in its arguments is of that day.
    timestamp asked_at = {};
    friend bool operator==(const decided_call&, const decided_call&) = default;
};

/// What to do with a message that comes while a turn runs.
enum class busy_policy { queue, interrupt, reject };

[[nodiscard]] std::optional<busy_policy> busy_policy_of(std::string_view name);

/// A turn that is on disk and has not ended.
struct pending_turn {
    std::string turn_id;
    std::string user_message_id;
    std::string assistant_message_id;
    std::string message;
    turn_options options = {};
    timestamp accepted_at = {};
    std::uint64_t accepted_version = 0;
    turn_origin origin = {};
    /// Set where a decision began the turn: its first round is that call.
    std::optional<decided_call> decided = {};
    friend bool operator==(const pending_turn&, const pending_turn&) = default;
};

/// Of a planner round: what the model asked for, and the results that are there.
struct planner_round {
    std::vector<tool_call> calls;
    /// By position in `calls`.
    std::vector<std::optional<tool_outcome>> outcomes;
    friend bool operator==(const planner_round&, const planner_round&) = default;
};

/// How a turn ended, before it is on disk.
struct turn_end {
    enum class status { complete, cancelled, failed } outcome = status::complete;
    finish_reason reason = finish_reason::stop;
    std::optional<token_usage> usage = {};
    std::int64_t overhead_ms = 0;
    /// Only of a failed turn.
    turn_failed failure = {};
};

[[nodiscard]] const char* to_string(turn_end::status status) noexcept;

/// One message as `GET /api/conversations/<id>` shows it.
struct conversation_message {
    std::string id;
    std::string turn_id;
    chat_role role = chat_role::user;
    std::string content;
    timestamp at = {};
    /// `complete`, `pending`, `cancelled` or `failed`.
    std::string status;
};

}  // namespace perin
