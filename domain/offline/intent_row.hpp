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

/// The last user message and what it can refer to.
struct question {
    const assistant_context& context;
    utterance said;
    /// Earlier user messages, the latest first; at most eight.
    std::vector<std::string_view> earlier = {};
    /// Nothing was answered in this conversation yet.
    bool first = true;
};

/// What a matcher found: the words that a row needs, in the row's own meaning.
struct reading {
    std::string subject = {};
    std::string content = {};
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
};

/// One thing the assistant can do. The table in `offline_assistant.cpp` is tried from its top; a
/// new tool is a new row.
struct intent_row {
    std::string_view name;
    /// Empty where no tool is needed.
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

/// What the assistant is, in one sentence.
[[nodiscard]] std::string introduction(const assistant_context& context);
/// What it can do, in one or two sentences.
[[nodiscard]] std::string abilities();

}  // namespace perin::offline
