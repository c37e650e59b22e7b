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
}  // namespace kinds

/// A message was taken; with `started_seq` its turn began at once.
struct accepted_fact {
    pending_turn turn;
    std::optional<std::uint64_t> started_seq;
    std::vector<chat_message> history;
};

/// A turn that had waited began.
struct started_fact {
    std::string turn_id;
    std::uint64_t seq = 0;
    std::string message;
    execution_mode mode = execution_mode::direct;
};

/// A turn that a crash had cut off is run again; `seq` is that of its notice.
struct restarted_fact {
    std::string turn_id;
    std::uint64_t seq = 0;
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

/// A turn ended; `events` are all but its first and those that have a record of their own.
struct ended_fact {
    std::string turn_id;
    turn_end::status outcome = turn_end::status::complete;
    std::vector<event> events;
};

using conversation_fact = std::variant<std::monostate, accepted_fact, started_fact, restarted_fact,
                                       planned_fact, tool_fact, dropped_fact, ended_fact>;

/// Reads a record; `std::monostate` for a kind that this version does not know.
[[nodiscard]] conversation_fact read_record(const journal_record& record);

[[nodiscard]] std::string accepted_payload(const pending_turn& turn,
                                           std::optional<std::uint64_t> started_seq,
                                           std::span<const chat_message> history);
[[nodiscard]] std::string started_payload(const pending_turn& turn, std::uint64_t seq);
[[nodiscard]] std::string restarted_payload(const std::string& turn_id, std::uint64_t seq);
[[nodiscard]] std::string planned_payload(const std::string& turn_id,
                                          std::span<const tool_call> calls);
[[nodiscard]] std::string tool_payload(const std::string& turn_id, const std::string& call_id,
                                       const tool_outcome& outcome);
[[nodiscard]] std::string dropped_payload(const pending_turn& turn, std::uint64_t seq,
                                          const std::string& within);
[[nodiscard]] std::string ended_payload(const pending_turn& turn, turn_end::status outcome,
                                        std::span<const shared_event> events);

/// The `notice` that a turn is run again.
[[nodiscard]] turn_notice restarted_notice();

/// All deltas after the last restart, joined.
[[nodiscard]] std::string text_of(std::span<const event> events);

/// The mode in which a turn of these options runs.
[[nodiscard]] execution_mode mode_of(const pending_turn& turn);

}  // namespace perin
