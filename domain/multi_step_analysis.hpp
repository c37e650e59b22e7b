#pragma once

#include "domain/model.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perin {

/// Whether a guest's message is a scheduling request of several steps (features section 1, stage
/// 7).
struct multi_step_analysis {
    bool multi_step = false;
    /// One line of at most 500 characters, to be shown.
    std::string reasoning = {};
    /// 0 to 1: in what `multi_step` says.
    double confidence = 0;
    friend bool operator==(const multi_step_analysis&, const multi_step_analysis&) = default;
};

/// From this confidence on a multi-step request begins the multi-step flow.
inline constexpr double multi_step_threshold = 0.7;

[[nodiscard]] bool begins_multi_step(const multi_step_analysis& analysis) noexcept;

/// `{multiStep, reasoning, confidence}`, all required and nothing else. Only keywords that every
/// service's strict mode knows: the range of the confidence is checked by `analysis_of`.
[[nodiscard]] const nlohmann::json& analysis_schema();

/// What asks a model to answer by that schema.
[[nodiscard]] response_format analysis_format();

/// Reads a model's text; nothing where it is not JSON of the schema, or the confidence is not from
/// 0 to 1. The reasoning is made one line and cut.
[[nodiscard]] std::optional<multi_step_analysis> analysis_of(std::string_view model_text);

/// What `analysis_of` reads.
[[nodiscard]] nlohmann::json to_json(const multi_step_analysis& analysis);

/// The analysis without a model, by words alone: whoever asks for a meeting, names a time for one,
/// or goes on with such a talk, begins one. `history` is what was said before the message, oldest
/// first. The reasoning repeats nothing of the message. Pure and deterministic.
[[nodiscard]] multi_step_analysis analysis_by_rules(std::span<const chat_message> history,
                                                    std::string_view message);

}  // namespace perin
