#pragma once

#include "domain/memory.hpp"
#include "domain/model.hpp"
#include "domain/time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin {

/// Which of a turn's calls to the model a prompt is for (features section 1, stages 9a and 9b).
enum class prompt_phase {
    /// Decides on tool calls; its text is not shown.
    planner,
    /// Tells the user what was found and done; has no tools.
    responder,
    /// The one call of a turn without tools.
    direct,
};

/// All that a system prompt is made of.
struct prompt_state {
    std::string perin_name = "Perin";
    std::optional<std::string> tone = {};
    /// One that `is_specialization` knows; any other is left out.
    std::optional<std::string> specialization = {};
    std::string user_name = {};
    /// IANA name; UTC is used where the system does not know it.
    std::string timezone = "UTC";
    timestamp now = {};
    /// Best first.
    std::vector<scored_memory> memories = {};
    /// Names of the tools that may be called now; empty: none.
    std::vector<std::string> tools_available = {};
    prompt_phase phase = prompt_phase::direct;
    /// What waits for the user's decision.
    std::vector<open_notification> notifications = {};
    /// The one that the last message answers, and how.
    std::optional<notification_answer> answered = {};
    /// A call of this turn waits for the user's approval.
    bool awaits_approval = false;
    /// The call of this turn waited for the user, who has approved or refused it.
    std::optional<bool> approved = {};
};

/// The system prompt of a state. What users wrote (names, tone, memories) stands in it as JSON
/// strings on one line, without angle brackets, so that none of it can look like the end of its
/// fence.
[[nodiscard]] std::string system_prompt(const prompt_state& state);

/// Rough size of a message as a model counts it, without its tokenizer: a token for every four
/// bytes and four for the message itself.
[[nodiscard]] std::size_t estimated_tokens(const chat_message& message);

struct shortened_history {
    std::vector<chat_message> messages;
    /// Whether any message was left out.
    bool shortened = false;
};

/// Leaves out messages, oldest first, until the rest is estimated at `max_tokens` or less. System
/// messages and the last user message always stay, even where they alone are too many (the upstream
/// then tells). An assistant's tool calls and their results stay or go together, results without a
/// call always go, and what stays never begins with an answer to a message that went.
[[nodiscard]] shortened_history shorten_history(std::vector<chat_message> messages,
                                                std::size_t max_tokens);

}  // namespace perin
