#pragma once

#include "domain/model.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perin {

/// How a turn is carried out (features section 1, stage 8, and the `mode` of `turn.started`).
enum class execution_mode { direct, tools, multi_step };

[[nodiscard]] const char* to_string(execution_mode mode) noexcept;

/// What a message is after, found by its words alone.
struct intent {
    /// `schedule_meeting`, `cancel_meeting`, `remember`, `recall`, `forget`, `read_mail`,
    /// `check_calendar`, `negotiate`, `coordinate`, `small_talk`, `question` or `general`.
    std::string name;
    /// 0 to 1: how much in the message speaks for the intent.
    double confidence = 0;
    /// One that `is_specialization` knows.
    std::optional<std::string> specialization = {};
    /// Types of the integrations that the message is about, in the registry's order.
    std::vector<std::string> integrations = {};
    bool actionable = false;
    friend bool operator==(const intent&, const intent&) = default;
};

/// Of a message past 8,000 bytes the first 6,000 and the last 2,000 are looked at, here and below.
[[nodiscard]] intent classify(std::string_view message);

/// The analysis as short sentences, each with its full stop and without a line break: what was
/// looked at, what was found, what follows. They repeat no more of the message than the words they
/// name.
[[nodiscard]] std::vector<std::string> classification_steps(const intent& found,
                                                            std::string_view message);

/// Whether a message asks for something to be done: a memory kept or dropped, a meeting booked,
/// moved or cancelled, a look into the calendar, a reminder, what is remembered. The name of a tool
/// in the text counts as its words.
[[nodiscard]] bool is_actionable(std::string_view message);

/// Whether a short message answers what was asked back about something that was to be done ("the
/// second one", "3 pm"), or goes on with it ("what about Friday?"): it needs the tools as the
/// request did. `history` is what was said before it, oldest first.
[[nodiscard]] bool answers_request(std::span<const chat_message> history, std::string_view message);

/// `tools` with the specialization `scheduling`, in a delegation, or for an actionable message,
/// else `direct`. `multi_step` is never the outcome: it is AI_ANALYSIS that starts it.
[[nodiscard]] execution_mode decide_mode(std::string_view message,
                                         std::optional<std::string_view> specialization,
                                         bool delegation);

/// The mode of a turn as far as it is known when the turn starts, by its message and what was said
/// before it (`history`, oldest first): `tools`, `direct`, or nothing where an open notification
/// may decide. With `decide_mode` alone a turn that answers something would be told as `direct`.
[[nodiscard]] std::optional<execution_mode> mode_known_at_start(
    std::string_view message, std::span<const chat_message> history,
    std::optional<std::string_view> specialization, bool delegation);

/// `negotiation`, `scheduling`, `memory` or `coordination`.
[[nodiscard]] bool is_specialization(std::string_view name);

}  // namespace perin
