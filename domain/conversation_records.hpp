#pragma once

#include "domain/conversation.hpp"

#include <string>
#include <variant>

namespace perin {

/// The kinds of records in a conversation's stream.
namespace kinds {
inline constexpr auto accepted = "turn.accepted";
inline constexpr auto started = "turn.started";
inline constexpr auto restarted = "turn.restarted";
inline constexpr auto planned = "turn.planned";
inline constexpr auto tool = "turn.tool";
inline constexpr auto dropped = "turn.dropped";
inline constexpr auto ended = "turn.ended";
inline constexpr auto told = "workflow.told";
}  // namespace kinds

/// A message was taken; with `started_seq` its turn began at once.
struct accepted_fact {
    pending_turn turn;
    std::optional<std::uint64_t> started_seq;
    std::vector<chat_message> history;
    /// Of a turn that began at once.
    std::optional<execution_mode> mode = {};
};

/// A turn that had waited began.
struct started_fact {
    std::string turn_id;
    std::uint64_t seq = 0;
    std::string message;
    /// Nothing: it was not known yet.
    std::optional<execution_mode> mode = {};
};

/// A turn that a crash had cut off is run again; `seq` is that of its notice.
struct restarted_fact {
    std::string turn_id;
    std::uint64_t seq = 0;
    /// What had been told beside the turn and was on disk: the turn's end leaves it out.
    std::vector<event> events = {};
};

/// The model asked for these calls.
struct planned_fact {
    std::string turn_id;
    std::vector<tool_call> calls;
};

/// A call ended.
struct tool_fact {
    std::string turn_id;
    std::string call_id;
    tool_outcome outcome;
};

/// A turn that waited was cancelled. Its event is among those of the turn `within` which it ran
/// beside; alone where that is empty.
struct dropped_fact {
    std::string turn_id;
    std::uint64_t seq = 0;
    std::string within;
    std::string message;
};

/// A turn ended; `events` are all after its first, or after the notice that it was run again.
struct ended_fact {
    std::string turn_id;
    turn_end::status outcome = turn_end::status::complete;
    std::vector<event> events;
};

/// Events of a workflow, up to `version` of its stream. They are among those of the turn `within`
/// which they came beside; alone where that is empty.
struct told_fact {
    /// The turn that began the workflow.
    std::string turn_id;
    std::string stream;
    std::uint64_t version = 0;
    std::string within;
    std::vector<event> events;
};

using conversation_fact =
    std::variant<std::monostate, accepted_fact, started_fact, restarted_fact, planned_fact,
                 tool_fact, dropped_fact, ended_fact, told_fact>;

/// Reads a record; `std::monostate` for a kind that this version does not know.
[[nodiscard]] conversation_fact read_record(const journal_record& record);

[[nodiscard]] std::string accepted_payload(const pending_turn& turn,
                                           std::optional<std::uint64_t> started_seq,
                                           std::span<const chat_message> history,
                                           std::optional<execution_mode> mode);
[[nodiscard]] std::string started_payload(const pending_turn& turn, std::uint64_t seq,
                                          std::optional<execution_mode> mode);
/// `events` are those of the turn by now, of which it needs the last.
[[nodiscard]] std::string restarted_payload(const std::string& turn_id, std::uint64_t seq,
                                            std::span<const shared_event> events);
[[nodiscard]] std::string planned_payload(const std::string& turn_id,
                                          std::span<const tool_call> calls);
[[nodiscard]] std::string tool_payload(const std::string& turn_id, const std::string& call_id,
                                       const tool_outcome& outcome);
[[nodiscard]] std::string dropped_payload(const pending_turn& turn, std::uint64_t seq,
                                          const std::string& within);
[[nodiscard]] std::string ended_payload(const pending_turn& turn, turn_end::status outcome,
                                        std::span<const shared_event> events);
/// `of` says all but the events.
[[nodiscard]] std::string told_payload(const told_fact& of, std::span<const shared_event> events);

/// The `notice` that a turn is run again.
[[nodiscard]] turn_notice restarted_notice();

/// All deltas after the last restart, joined.
[[nodiscard]] std::string text_of(std::span<const event> events);

/// The mode in which a turn runs, as far as it is known by its message and what was said before it.
[[nodiscard]] std::optional<execution_mode> mode_of(const pending_turn& turn,
                                                    std::span<const chat_message> history);

}  // namespace perin
