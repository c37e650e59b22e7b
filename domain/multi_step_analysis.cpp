#include "domain/multi_step_analysis.hpp"

#include "domain/intents.hpp"
#include "domain/json.hpp"
#include "domain/json_schema.hpp"
#include "domain/offline/guest_words.hpp"
#include "domain/text.hpp"

#include <algorithm>

namespace perin {

namespace {

using nlohmann::json;
using offline::guest_message;

constexpr std::size_t longest_reasoning = 500;
/// A reply that goes on with a talk is short; a longer message speaks for itself.
constexpr std::size_t longest_reply = 300;
constexpr std::size_t most_steps_back = 8;

multi_step_analysis yes(double confidence, std::string reasoning) {
    return {true, std::move(reasoning), confidence};
}

multi_step_analysis no(double confidence, std::string reasoning) {
    return {false, std::move(reasoning), confidence};
}

/// What a message says of a meeting by itself.
std::optional<multi_step_analysis> scheduling_in(const guest_message& said,
                                                 const std::string& intent) {
    const bool named = !said.time.when.empty();
    if (offline::asks_to_book(said) || intent == "schedule_meeting")
        return named ? yes(0.95, "The visitor asks for a meeting and names a time for it.")
                     : yes(0.9, "The visitor asks for a meeting.");
    if (offline::asks_when(said))
        return yes(0.85, "The visitor asks when there is time for a meeting.");
    if (offline::is_other_question(said) || offline::speaks_of_past(said)) return std::nullopt;
    if (said.time.has_clock) return yes(0.85, "The visitor names a time of the day to meet at.");
    if (named) return yes(0.75, "The visitor names a day to meet on.");
    if (offline::names_meeting(said)) return yes(0.75, "The visitor speaks of a meeting to come.");
    return std::nullopt;
}

bool is_change(const guest_message& said) {
    return offline::asks_to_cancel(said) || offline::asks_to_move(said);
}

/// Whether the talk so far was of a meeting, and the last answer leaves something to be said.
bool goes_on(std::span<const chat_message> history, const guest_message& said) {
    if (said.said.plain.size() > longest_reply) return false;
    bool asked_back = false;
    bool answer_seen = false;
    std::size_t steps = 0;
    for (auto i = history.size(); i-- > 0 && steps < most_steps_back;) {
        const auto& one = history[i];
        if (one.role == chat_role::assistant && !answer_seen) {
            answer_seen = true;
            asked_back = offline::asks_back(one.content);
        }
        if (one.role != chat_role::user) continue;
        ++steps;
        const auto earlier = offline::read_guest_message(one.content);
        if (offline::asks_for_other_things(earlier) || is_change(earlier)) continue;
        if (scheduling_in(earlier, classify(one.content).name))
            return asked_back || !offline::is_acknowledgement(said);
    }
    return false;
}

}  // namespace

bool begins_multi_step(const multi_step_analysis& analysis) noexcept {
    return analysis.multi_step && analysis.confidence >= multi_step_threshold;
}

const json& analysis_schema() {
    static const json schema{
        {"type", "object"},
        {"properties",
         {{"multiStep", {{"type", "boolean"}}},
          {"reasoning", {{"type", "string"}}},
          {"confidence", {{"type", "number"}}}}},
        {"required", {"multiStep", "reasoning", "confidence"}},
        {"additionalProperties", false},
    };
    return schema;
}

response_format analysis_format() { return {"multi_step_analysis", analysis_schema()}; }

std::optional<multi_step_analysis> analysis_of(std::string_view model_text) {
    const auto read = parse_json(model_text);
    if (!read || !check_schema(analysis_schema(), *read)) return std::nullopt;
    const auto confidence = read->at("confidence").get<double>();
    if (!(confidence >= 0 && confidence <= 1)) return std::nullopt;
    return multi_step_analysis{
        read->at("multiStep").get<bool>(),
        one_line(read->at("reasoning").get_ref<const std::string&>(), longest_reasoning),
        confidence};
}

json to_json(const multi_step_analysis& analysis) {
    return {{"multiStep", analysis.multi_step},
            {"reasoning", analysis.reasoning},
            {"confidence", analysis.confidence}};
}

multi_step_analysis analysis_by_rules(std::span<const chat_message> history,
                                      std::string_view message) {
    const auto said = offline::read_guest_message(message);
    if (said.spaced.size() <= 1)
        return no(0.9, "The message says nothing but a greeting, if that.");
    if (offline::asks_for_other_things(said))
        return no(0.9, "The message is about something else than a meeting by this link.");
    if (is_change(said)) return no(0.8, "The message is about a meeting that was made before.");
    const auto intent = classify(message).name;
    if (auto found = scheduling_in(said, intent)) return *found;
    if (intent == "small_talk") return no(0.9, "The message is small talk.");
    if (offline::is_other_question(said)) return no(0.8, "The message is a question to answer.");
    if (goes_on(history, said))
        return yes(0.75, "The visitor goes on with what was said about a meeting.");
    return no(0.75, "The message asks for no meeting and names no time.");
}

}  // namespace perin
