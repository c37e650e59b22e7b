#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace perin::workflow {

/// What a step waits for.
enum class waits_for { answer, approval, time, event };

[[nodiscard]] std::string_view to_string(waits_for what) noexcept;

// What happens to a workflow. Each is on disk before anything follows from it.

/// Where a workflow was begun, and is told of.
struct told_in {
    std::string conversation_id;
    std::string turn_id;
    /// Why it was begun, as people are told.
    std::string reasoning = {};
    /// 0 to 1.
    double confidence = 1;
    friend bool operator==(const told_in&, const told_in&) = default;
};

struct begun {
    std::string kind;
    std::uint32_t version = 1;
    nlohmann::json input = nullptr;
    /// Nothing: in no conversation.
    std::optional<told_in> origin = {};
    friend bool operator==(const begun&, const begun&) = default;
};
/// An attempt begins, with the number it has, from 1.
struct step_started {
    std::string step_id;
    std::uint32_t attempt = 1;
    friend bool operator==(const step_started&, const step_started&) = default;
};
struct step_progress {
    std::string step_id;
    std::string message;
    friend bool operator==(const step_progress&, const step_progress&) = default;
};
/// The attempt has ended without a result: it goes on with an answer, or at a time.
struct step_waits {
    std::string step_id;
    waits_for what = waits_for::answer;
    std::optional<timestamp> until = {};
    /// What people are shown meanwhile, such as times to choose from.
    nlohmann::json shown = nullptr;
    friend bool operator==(const step_waits&, const step_waits&) = default;
};
/// What it waited for has come; the next attempt is given it.
struct step_answered {
    std::string step_id;
    nlohmann::json answer = nullptr;
    /// The key of the call that gave it; empty where it was none of this program's.
    std::string by = {};
    friend bool operator==(const step_answered&, const step_answered&) = default;
};
struct step_done {
    std::string step_id;
    nlohmann::json outcome = nullptr;
    friend bool operator==(const step_done&, const step_done&) = default;
};
/// `retry_at`: it is tried again then. Else it has failed.
struct step_failed {
    std::string step_id;
    error_code code = error_code::internal;
    std::string detail = {};
    std::optional<timestamp> retry_at = {};
    friend bool operator==(const step_failed&, const step_failed&) = default;
};
struct step_skipped {
    std::string step_id;
    friend bool operator==(const step_skipped&, const step_skipped&) = default;
};
/// Somebody wants a failed step tried again: its attempts count anew.
struct step_retried {
    std::string step_id;
    friend bool operator==(const step_retried&, const step_retried&) = default;
};
/// What the step had done is undone.
struct step_compensated {
    std::string step_id;
    friend bool operator==(const step_compensated&, const step_compensated&) = default;
};
struct paused {
    std::string reason = {};
    friend bool operator==(const paused&, const paused&) = default;
};
struct resumed {
    friend bool operator==(const resumed&, const resumed&) = default;
};
/// Nothing more begins; what was done is undone.
struct cancel_asked {
    std::string reason = {};
    friend bool operator==(const cancel_asked&, const cancel_asked&) = default;
};
struct cancelled {
    friend bool operator==(const cancelled&, const cancelled&) = default;
};
struct completed {
    friend bool operator==(const completed&, const completed&) = default;
};
struct failed {
    std::string step_id;
    error_code code = error_code::internal;
    friend bool operator==(const failed&, const failed&) = default;
};

using event = std::variant<begun, step_started, step_progress, step_waits, step_answered, step_done,
                           step_failed, step_skipped, step_retried, step_compensated, paused,
                           resumed, cancel_asked, cancelled, completed, failed>;

/// The kind as the journal and the history name it, such as `step.done`.
[[nodiscard]] std::string_view kind_of(const event& what) noexcept;

/// The step that it is about; empty where it is about none.
[[nodiscard]] std::string step_of(const event& what);

[[nodiscard]] nlohmann::json to_json(const event& what);

/// What `to_json` has written; nothing where it is none, such as one of a newer program.
[[nodiscard]] std::optional<event> event_of(std::string_view kind, const nlohmann::json& written);

}  // namespace perin::workflow
