#pragma once

#include "domain/intents.hpp"
#include "domain/model.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perin {

/// The stages of a turn that this build has (features section 1).
enum class stage_name {
    load_memory,
    load_notifications_context,
    notifications_action,
    decide_execution_mode,
    planner,
    tool_execution,
    responder,
    direct,
    stream_response,
};

enum class stage_status { started, done, skipped, failed };

enum class finish_reason { stop, length, tool_limit, fallback, cancelled };

enum class tool_status { ok, failed, timed_out };

/// The names of the wire, such as `LOAD_MEMORY`, `done`, `tool_limit`.
[[nodiscard]] const char* to_string(stage_name name) noexcept;
[[nodiscard]] const char* to_string(stage_status status) noexcept;
[[nodiscard]] const char* to_string(finish_reason reason) noexcept;
[[nodiscard]] const char* to_string(tool_status status) noexcept;

struct turn_started {
    std::string message;
    std::optional<execution_mode> mode;
    friend bool operator==(const turn_started&, const turn_started&) = default;
};

struct stage_changed {
    stage_name name = stage_name::direct;
    stage_status status = stage_status::started;
    /// Nothing while the stage runs.
    std::optional<std::int64_t> elapsed_ms = {};
    friend bool operator==(const stage_changed&, const stage_changed&) = default;
};

struct text_delta {
    std::string text;
    /// Of a merged delta: the lengths of its parts in bytes, one for each `seq`; empty for one
    /// part.
    std::vector<std::uint32_t> parts = {};
    friend bool operator==(const text_delta&, const text_delta&) = default;
};

struct tool_started {
    std::string call_id;
    std::string name;
    /// An object; empty where the model's text was none.
    nlohmann::json arguments = nlohmann::json::object();
    friend bool operator==(const tool_started&, const tool_started&) = default;
};

/// How a call of a tool ended: a result, or a code and a sentence that the model can act on.
struct tool_outcome {
    tool_status status = tool_status::ok;
    nlohmann::json result = nullptr;
    std::string error_code = {};
    std::string error_message = {};
    friend bool operator==(const tool_outcome&, const tool_outcome&) = default;
};

struct tool_finished {
    std::string call_id;
    tool_outcome outcome;
    friend bool operator==(const tool_finished&, const tool_finished&) = default;
};

struct turn_notice {
    /// `fallback`, `offline`, `degraded`, `integration_unavailable`, `history_shortened` or
    /// `turn_restarted`.
    std::string code;
    std::string detail;
    friend bool operator==(const turn_notice&, const turn_notice&) = default;
};

struct turn_completed {
    /// All deltas of the turn.
    std::string text;
    finish_reason reason = finish_reason::stop;
    std::optional<token_usage> usage = {};
    /// What was added to the model's own time, in milliseconds.
    std::int64_t overhead_ms = 0;
    friend bool operator==(const turn_completed&, const turn_completed&) = default;
};

struct turn_failed {
    error_code code = error_code::internal;
    std::string detail;
    bool retryable = false;
    friend bool operator==(const turn_failed&, const turn_failed&) = default;
};

using event_body = std::variant<turn_started, stage_changed, text_delta, tool_started,
                                tool_finished, turn_notice, turn_completed, turn_failed>;

/// Something that happened in a conversation, in its order.
struct event {
    std::string turn_id;
    /// Rises by one within a conversation; of a merged delta that of its last part.
    std::uint64_t seq = 0;
    /// Of a merged delta that of its first part, otherwise `seq`.
    std::uint64_t from_seq = 0;
    timestamp at = {};
    event_body body;
    friend bool operator==(const event&, const event&) = default;
};

/// Whether nothing of the turn comes after this.
[[nodiscard]] bool ends_turn(const event& one);

/// The event frame of the protocol, as JSON text.
[[nodiscard]] std::string to_frame(std::string_view conversation_id, const event& one);

/// The `kind` of the wire, such as `text.delta`.
[[nodiscard]] std::string_view kind_of(const event_body& body);

/// Whether `next` may be joined to `first`: both deltas of one turn, without a gap between.
[[nodiscard]] bool can_merge(const event& first, const event& next);

/// Joins `next` to `first`. Precondition: `can_merge`.
void merge_into(event& first, const event& next);

/// What of the event lies after `seq`: all, nothing, or the later parts of a merged delta.
[[nodiscard]] std::optional<event> part_after(const event& one, std::uint64_t seq);

/// Appends the event as the journal keeps it, a JSON object: without the text of `turn.completed`,
/// which its deltas have.
void append_stored(std::string& out, const event& one);

/// Reads what `append_stored` wrote; nothing where it is not that. `turn.completed` comes without
/// its text.
[[nodiscard]] std::optional<event> from_stored(const std::string& turn_id,
                                               const nlohmann::json& stored);

/// A result as the model is told of it: the result's JSON, or `{"error":{"code","message"}}`.
[[nodiscard]] std::string told_to_model(const tool_outcome& outcome);

}  // namespace perin
