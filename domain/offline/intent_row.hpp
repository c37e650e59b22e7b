#pragma once

#include "domain/model.hpp"
#include "domain/offline/utterance.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::offline {

/// One earlier message of the user, and what was answered.
struct exchange {
    std::string_view said;
    std::string_view answer;
};

/// The last user message and what it can refer to.
struct question {
    const assistant_context& context;
    utterance said;
    /// Earlier user messages, the latest first; at most eight.
    std::vector<std::string_view> earlier = {};
    /// Nothing was answered in this conversation yet.
    bool first = true;
    /// The same messages as `earlier`, with their answers.
    std::vector<exchange> before = {};
    /// The last message as it is.
    std::string_view text = {};
};

/// What a matcher found: the words that a row needs, in the row's own meaning.
struct reading {
    std::string subject = {};
    std::string content = {};
    /// The tool, where the row has several; with its arguments.
    std::string_view tool = {};
    nlohmann::json arguments = {};
};

/// What a row wants done: a call, or words to say instead where it cannot be one yet.
struct plan {
    /// Arguments of the row's tool; those that the tool's schema does not know are left out.
    std::optional<nlohmann::json> arguments = {};
    std::string instead = {};
};

/// What became of a tool call.
struct tool_outcome {
    std::string tool;
    /// The call's arguments; null where they could not be read.
    nlohmann::json arguments = {};
    /// The result; nothing where it failed or could not be read.
    std::optional<nlohmann::json> result = {};
    std::string error_code = {};
    std::string error_message = {};
    /// The user's message of the turn.
    std::string_view said = {};
};

/// One thing the assistant can do. The table in `offline_assistant.cpp` is tried from its top; a
/// new tool is a new row.
struct intent_row {
    std::string_view name;
    /// Empty where no tool is needed, or where the reading names it.
    std::string_view tool = {};
    /// Nothing where the message means something else.
    std::optional<reading> (*match)(const question&) = nullptr;
    /// The answer of a row without a tool.
    std::string (*answer)(const reading&, const question&) = nullptr;
    /// Of a row with a tool.
    plan (*intend)(const reading&, const question&) = nullptr;
    /// Tells a successful call.
    std::string (*tell)(const tool_outcome&) = nullptr;
    /// The activity in the infinitive, for "I cannot ... here".
    std::string_view activity = {};
};

// Rows of offline/small_talk.cpp.
[[nodiscard]] std::optional<reading> match_small_talk(const question& asked);
[[nodiscard]] std::string answer_small_talk(const reading& what, const question& asked);
[[nodiscard]] std::optional<reading> match_about_me(const question& asked);
[[nodiscard]] std::string answer_about_me(const reading& what, const question& asked);
[[nodiscard]] std::optional<reading> match_anything(const question& asked);
[[nodiscard]] std::string answer_not_understood(const reading& what, const question& asked);

// The row of offline/link_talk.cpp.
[[nodiscard]] std::optional<reading> match_link(const question& asked);
[[nodiscard]] plan intend_link(const reading& what, const question& asked);
[[nodiscard]] std::string tell_link(const tool_outcome& outcome);

// Rows of offline/memory_talk.cpp.
[[nodiscard]] std::optional<reading> match_remember(const question& asked);
[[nodiscard]] plan intend_remember(const reading& what, const question& asked);
[[nodiscard]] std::string tell_remember(const tool_outcome& outcome);
[[nodiscard]] std::optional<reading> match_forget(const question& asked);
[[nodiscard]] plan intend_forget(const reading& what, const question& asked);
[[nodiscard]] std::string tell_forget(const tool_outcome& outcome);
[[nodiscard]] std::optional<reading> match_recall(const question& asked);
[[nodiscard]] std::string answer_recall(const reading& what, const question& asked);
[[nodiscard]] std::optional<reading> match_statement(const question& asked);
[[nodiscard]] std::string answer_statement(const reading& what, const question& asked);

// Rows of offline/date_talk.cpp.
[[nodiscard]] std::optional<reading> match_date(const question& asked);
[[nodiscard]] std::optional<reading> match_date_follow_up(const question& asked);
[[nodiscard]] std::optional<reading> match_bare_date(const question& asked);
[[nodiscard]] std::string answer_date(const reading& what, const question& asked);

// Rows of offline/arithmetic.cpp.
[[nodiscard]] std::optional<reading> match_sum(const question& asked);
[[nodiscard]] std::string answer_sum(const reading& what, const question& asked);

// Rows of offline/calendar_talk.cpp and offline/calendar_answers.cpp.
[[nodiscard]] std::optional<reading> match_calendar_follow_up(const question& asked);
[[nodiscard]] std::optional<reading> match_calendar(const question& asked);
[[nodiscard]] std::string answer_calendar(const reading& what, const question& asked);
[[nodiscard]] plan intend_calendar(const reading& what, const question& asked);
[[nodiscard]] bool is_calendar_tool(std::string_view tool);
/// Tells a call of a calendar tool, also one that failed; empty where there is nothing particular
/// to say of the failure.
[[nodiscard]] std::string tell_calendar(const tool_outcome& outcome);

// Rows of offline/notification_talk.cpp.
[[nodiscard]] std::optional<reading> match_decision(const question& asked);
[[nodiscard]] std::optional<reading> match_notifications(const question& asked);
[[nodiscard]] std::string answer_notifications(const reading& what, const question& asked);
[[nodiscard]] plan intend_decision(const reading& what, const question& asked);
[[nodiscard]] std::string tell_decision(const tool_outcome& outcome);
/// Tells of a call that waits for the user's approval.
[[nodiscard]] std::string tell_awaited(const tool_outcome& outcome);

/// What the assistant is, in one sentence.
[[nodiscard]] std::string introduction(const assistant_context& context);
/// What it can do, in one or two sentences.
[[nodiscard]] std::string abilities();

}  // namespace perin::offline
