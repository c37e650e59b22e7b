#include "actors/turn/turn_record.hpp"

#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace perin::actors {

using namespace runtime;

namespace {

std::string trace_of(const pending_turn& turn) {
    return turn.origin.trace ? to_hex(turn.origin.trace->trace) : std::string{};
}

}  // namespace

void record_turn_begin(const conversation_key& key, const pending_turn& turn, bool again) {
    meters().turns_started.add();
    if (again) meters().turns_taken_up.add();
    const auto level = again ? log_level::info : log_level::debug;
    if (!logs(level)) return;
    log(level, again ? "turn.taken_up" : "turn.started",
        again ? "a turn that was cut off runs again" : "a turn begins",
        {{"turnId", turn.turn_id},
         {"conversationId", key.conversation_id},
         {"userId", key.user_id},
         {"requestId", turn.origin.request_id},
         {"traceId", trace_of(turn)}});
}

void record_turn_end(const conversation_key& key, const pending_turn& turn, const turn_end& end,
                     std::optional<std::chrono::nanoseconds> ran) {
    auto& counted = meters();
    const auto failed = end.outcome == turn_end::status::failed;
    const auto complete = end.outcome == turn_end::status::complete;
    counted.turns_ended[end.outcome].add();
    if (ran) counted.turn_duration[end.outcome].observe(*ran);
    if (complete) counted.overhead.observe(std::chrono::milliseconds{end.overhead_ms});
    if (failed) counted.turns_failed[end.failure.code].add();
    const auto level = failed ? log_level::warning : log_level::debug;
    if (!logs(level)) return;
    log(level,
        failed     ? "turn.failed"
        : complete ? "turn.completed"
                   : "turn.cancelled",
        failed     ? "a turn failed"
        : complete ? "a turn is complete"
                   : "a turn was cancelled",
        {{"turnId", turn.turn_id},
         {"conversationId", key.conversation_id},
         {"userId", key.user_id},
         {"requestId", turn.origin.request_id},
         {"traceId", trace_of(turn)},
         {"durationMs", ran.value_or(std::chrono::nanoseconds{0})},
         {"overheadMs", end.overhead_ms},
         {"finish", failed ? "" : to_string(end.reason)},
         {"code", failed ? to_string(end.failure.code) : ""},
         {"detail", failed ? std::string_view{end.failure.detail} : std::string_view{}}});
}

void record_tool(const conversation_key& key, const pending_turn& turn, std::string_view tool,
                 const tool_outcome& outcome) {
    meters().tools[tool].calls[outcome.status].add();
    if (outcome.status == tool_status::ok) return;
    // Arguments that the model got wrong are its daily business; the rest is ours to look at.
    const auto ours = outcome.status == tool_status::timed_out ||
                      outcome.error_code == to_string(error_code::internal) ||
                      outcome.error_code == to_string(error_code::unavailable);
    log(ours ? log_level::warning : log_level::debug, "tool.failed", "a call of a tool failed",
        {{"tool", tool},
         {"status", to_string(outcome.status)},
         {"code", outcome.error_code},
         {"turnId", turn.turn_id},
         {"conversationId", key.conversation_id},
         {"userId", key.user_id},
         {"requestId", turn.origin.request_id}});
}

}  // namespace perin::actors
