#pragma once

#include "domain/intents.hpp"
#include "domain/model.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
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
    ai_analysis,
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

// Of workflows (features section 3). These bear the turn that began the workflow, also where that
// has ended and another runs.

/// A step as it is announced.
struct announced_step {
    std::string step_id;
    std::string name;
    std::string description = {};
    bool required = true;
    std::chrono::seconds estimated_duration{0};
    friend bool operator==(const announced_step&, const announced_step&) = default;
};

struct multi_step_initiated {
    std::string workflow_id;
    std::string reasoning;
    /// 0 to 1; told as the nearest of these.
    double confidence = 1;
    std::vector<announced_step> steps = {};
    friend bool operator==(const multi_step_initiated&, const multi_step_initiated&) = default;
};

/// What a workflow has become. `paused` only where somebody asked for it.
enum class multi_step_change { paused, resumed, complete, cancelled, failed };

struct multi_step_changed {
    std::string workflow_id;
    multi_step_change to = multi_step_change::complete;
    /// Of a failed one the code of its error; may be empty.
    std::string reason = {};
    friend bool operator==(const multi_step_changed&, const multi_step_changed&) = default;
};

/// The step that an event is about.
struct step_name {
    std::string workflow_id;
    std::string step_id;
    /// For people.
    std::string name;
    friend bool operator==(const step_name&, const step_name&) = default;
};

/// `step.start`
struct step_began {
    step_name of;
    friend bool operator==(const step_began&, const step_began&) = default;
};

/// `step.progress`
struct step_progressed {
    step_name of;
    std::string message;
    friend bool operator==(const step_progressed&, const step_progressed&) = default;
};

enum class step_result_status { ok, failed, skipped, waiting };

/// `step.result`; one that waits has another later.
struct step_result {
    step_name of;
    step_result_status status = step_result_status::ok;
    /// JSON null: nothing.
    nlohmann::json outcome = nullptr;
    friend bool operator==(const step_result&, const step_result&) = default;
};

/// `step.end`
struct step_ended {
    step_name of;
    friend bool operator==(const step_ended&, const step_ended&) = default;
};

using event_body =
    std::variant<turn_started, stage_changed, text_delta, tool_started, tool_finished, turn_notice,
                 turn_completed, turn_failed, multi_step_initiated, multi_step_changed, step_began,
                 step_progressed, step_result, step_ended>;

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

[[nodiscard]] const char* to_string(multi_step_change what) noexcept;
[[nodiscard]] const char* to_string(step_result_status status) noexcept;

/// Whether it tells of a workflow: such come also while another turn than theirs runs.
[[nodiscard]] bool tells_of_workflow(const event_body& body) noexcept;

/// Whether nothing of the turn comes after this but what is told of its workflows.
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
