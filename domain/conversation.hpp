#pragma once

#include "domain/event.hpp"
#include "domain/journal.hpp"
#include "domain/turn.hpp"

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace perin {

/// An event and its frame, made once and shared by all who read it.
struct published_event {
    event value;
    std::string frame;
};

using shared_event = std::shared_ptr<const published_event>;

/// What a command asks to be written, and what may be announced once it is.
///
/// The state has already gone on when a command returns: commands do not wait for the disk, and
/// their records carry the versions in the order of the calls. Whoever writes them must write in
/// that order and give the state up when a write fails.
struct conversation_change {
    std::uint64_t expected_version = 0;
    std::vector<journal_record> records;
    /// To be shown only after the records are on disk.
    std::vector<shared_event> events;
};

/// The state of one conversation: a fold over its stream of the journal.
///
///     accept ──► queued ──► running ──► ended          turn.accepted, turn.started, turn.planned*,
///        └────────────────────▲                        turn.tool*, turn.restarted*, turn.ended
///
/// One turn runs at a time. No I/O, no clock, no actor.
class conversation {
  public:
    /// Turns that may wait besides the running one.
    static constexpr std::size_t most_queued = 5;
    /// By how much `seq` jumps when a turn is run again: more than a turn can use.
    static constexpr std::uint64_t restart_gap = std::uint64_t{1} << 20;
    /// Workflows of which it is remembered how far they are told.
    static constexpr std::size_t most_told = 64;
    /// Bytes of frames of ended turns that are kept for readers who are a little behind.
    static constexpr std::size_t most_kept_bytes = 64 * 1024;
    /// Text that one turn may say, in bytes.
    static constexpr std::size_t most_text_bytes = 4 * 1024 * 1024;

    explicit conversation(conversation_key key) : key_(std::move(key)) {}

    /// Takes up the state that the tail of the stream describes. `tail` is ascending, ends with the
    /// newest record and covers every turn that has not ended; `last_seq` is the highest on disk.
    void restore(std::span<const journal_record> tail, std::uint64_t last_seq);

    struct acceptance {
        conversation_change change;
        /// The newest `seq` before anything of this turn.
        std::uint64_t seq = 0;
        /// The turn goes first once the running one, which is to be cancelled, has ended.
        bool interrupts = false;
    };

    /// It is with a guest of a link.
    void be_guests() noexcept { is_guests_ = true; }

    /// Takes a message. Nothing running: the turn starts with it. `history` are earlier messages of
    /// a conversation that begins. Fails with `conflict` (reject) or `rate_limited` (queue full).
    [[nodiscard]] result<acceptance> accept(pending_turn turn, busy_policy policy, timestamp now,
                                            std::span<const chat_message> history = {});

    /// Starts the turn that waits longest, where none runs.
    [[nodiscard]] std::optional<conversation_change> start_next(timestamp now);

    /// Says that the running turn, found in the journal, is run again.
    [[nodiscard]] conversation_change restart(timestamp now);

    /// An event of the running turn that is told at once and written when the turn ends.
    [[nodiscard]] shared_event publish(event_body body, timestamp now);

    /// Writes what a planner round asked for, before a tool runs.
    [[nodiscard]] conversation_change plan(std::vector<tool_call> calls, timestamp now);

    /// Writes how a call of the newest round ended.
    [[nodiscard]] conversation_change finish_tool(const std::string& call_id, tool_outcome outcome,
                                                  timestamp now);

    /// Ends the running turn.
    [[nodiscard]] conversation_change finish(const turn_end& end, timestamp now);

    /// Ends a turn that waits, as cancelled; nothing where none of that id waits.
    [[nodiscard]] std::optional<conversation_change> cancel_queued(const std::string& turn_id,
                                                                   timestamp now);

    /// Tells what happened to a workflow that the turn `turn_id` had begun, up to `version` of its
    /// stream; the turn may run, wait for its end or be over. Precondition: every body
    /// `tells_of_workflow`.
    [[nodiscard]] conversation_change tell(const std::string& turn_id, const std::string& stream,
                                           std::uint64_t version, std::vector<event_body> bodies,
                                           timestamp now);

    /// Whether the stream is known to have been told up to the version. `false` says nothing of
    /// one that was told long ago.
    [[nodiscard]] bool has_told(std::string_view stream, std::uint64_t version) const;

    struct running_turn {
        pending_turn turn;
        /// As far as it was known when the turn began.
        std::optional<execution_mode> mode = {};
        std::uint64_t started_seq = 0;
        std::string text;
        std::vector<planner_round> rounds;
        /// Of this turn, and what befell queued ones and workflows meanwhile, in order, from
        /// `turn.started` on.
        std::vector<shared_event> events;
    };

    [[nodiscard]] const conversation_key& key() const noexcept { return key_; }
    [[nodiscard]] const running_turn* running() const noexcept {
        return running_ ? &*running_ : nullptr;
    }
    [[nodiscard]] const std::deque<pending_turn>& queue() const noexcept { return queue_; }
    [[nodiscard]] bool idle() const noexcept { return !running_ && queue_.empty(); }
    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
    [[nodiscard]] std::uint64_t last_seq() const noexcept { return last_seq_; }
    /// What was said before the running turn, oldest first, as a model is told.
    [[nodiscard]] const std::vector<chat_message>& history() const noexcept { return history_; }

    /// Whether every event after `seq` is at hand.
    [[nodiscard]] bool holds_after(std::uint64_t seq) const noexcept { return seq >= kept_from_; }
    /// The events after `seq`, in order. Precondition: `holds_after(seq)`.
    [[nodiscard]] std::vector<shared_event> events_after(std::uint64_t seq) const;
    /// Every event after this one is at hand.
    [[nodiscard]] std::uint64_t kept_from() const noexcept { return kept_from_; }

  private:
    [[nodiscard]] shared_event make_event(const std::string& turn_id, event_body body,
                                          timestamp now);
    [[nodiscard]] conversation_change write(std::string kind, std::string payload, timestamp now);
    [[nodiscard]] std::optional<execution_mode> mode_at_start(const pending_turn& turn) const;
    void begin_running(pending_turn turn, std::uint64_t started_seq,
                       std::optional<execution_mode> mode, timestamp now);
    void remember_turn(const std::string& message, const std::string& text);
    void keep(shared_event one);
    void restore_record(const journal_record& record);
    void restore_beside(const std::string& within, event one);
    void remember_told(const std::string& stream, std::uint64_t version);
    void drop_pending(const std::string& turn_id);

    conversation_key key_;
    bool is_guests_ = false;
    std::uint64_t version_ = 0;
    std::uint64_t last_seq_ = 0;
    std::optional<running_turn> running_;
    std::deque<pending_turn> queue_;
    std::vector<chat_message> history_;
    std::deque<shared_event> kept_;
    std::size_t kept_bytes_ = 0;
    std::uint64_t kept_from_ = 0;
    /// How far streams are told, the one that was told last at the end.
    std::deque<std::pair<std::string, std::uint64_t>> told_;
};

/// The events that records of a conversation's stream hold, in the order of their `seq`. `records`
/// is ascending; a turn that has not ended gives what of it is on disk.
[[nodiscard]] std::vector<event> events_of(std::span<const journal_record> records);

/// The highest `seq` that the record holds, 0 where it holds none.
[[nodiscard]] std::uint64_t highest_seq(const journal_record& record);

/// The messages of a conversation, oldest first, of the turns whose records are given (ascending).
[[nodiscard]] std::vector<conversation_message> messages_of(
    std::span<const journal_record> records);

/// A title from the first message: its first line, at most 80 characters.
[[nodiscard]] std::string title_of(std::string_view first_message);

}  // namespace perin
