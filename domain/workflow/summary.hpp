#pragma once

#include "domain/journal.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"
#include "domain/workflow/workflow_state.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::workflow {

/// What is told of a workflow without reading its events (protocol, Workflows).
struct summary {
    /// `wfl_` and a UUIDv7.
    std::string id;
    std::string user_id;
    std::string kind;
    /// Of its definition.
    std::uint32_t definition_version = 1;
    workflow::status status = workflow::status::running;
    /// Where it was begun in a conversation: that, and its turn.
    std::optional<std::string> conversation_id = {};
    std::optional<std::string> turn_id = {};
    /// Of one that waits: the step, what for, and until when.
    std::optional<step_waits> waits = {};
    timestamp created_at = {};
    timestamp updated_at = {};
    friend bool operator==(const summary&, const summary&) = default;
};

/// The kind of the streams that workflows are.
inline constexpr std::string_view stream_kind = "workflow";

[[nodiscard]] std::string stream_of(std::string_view workflow_id);

/// The workflow of a stream; empty where that is none of a workflow.
[[nodiscard]] std::string workflow_of(std::string_view stream);

/// The row that a list is read from.
[[nodiscard]] stream_state row_of(const summary& of);

/// Reads what `row_of` has written; nothing where it is none.
[[nodiscard]] std::optional<summary> summary_of(const std::string& stream, const stream_state& row,
                                                timestamp created_at, timestamp updated_at);

/// One event as it was written.
struct past_event {
    std::uint64_t version = 0;
    event what;
    timestamp at = {};
};

/// A workflow with all that happened.
struct account_of {
    workflow::summary is;
    std::vector<step_state> steps;
    std::vector<past_event> history;
};

/// With the names of the protocol: an item of the list.
[[nodiscard]] nlohmann::json to_json(const summary& of);

/// The same, with `steps` and `history`.
[[nodiscard]] nlohmann::json to_json(const account_of& of);

/// `running` to `cancelled`; nothing where it is none.
[[nodiscard]] std::optional<status> status_of(std::string_view name);

/// The record of the journal.
[[nodiscard]] journal_record record_of(const event& what, timestamp at);

}  // namespace perin::workflow
