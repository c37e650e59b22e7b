#pragma once

#include "actors/conversation/conversation.hpp"
#include "domain/conversation.hpp"
#include "runtime/supervision/owed_reply.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>

namespace perin::actors {

/// Events on their way to readers, in the order of `seq`. One that must be on disk first holds back
/// those behind it until its commit has come.
class announce_gate {
  public:
    /// An event that may be told at once.
    void add(shared_event one) { waiting_.push_back({std::move(one), 0}); }
    /// An event of the commit `ticket`.
    void add(shared_event one, std::uint64_t ticket) {
        waiting_.push_back({std::move(one), ticket});
    }
    /// Commits are done in their order: all up to `ticket` are on disk.
    void committed(std::uint64_t ticket) { committed_ = ticket; }
    /// The events that may be told now.
    [[nodiscard]] std::vector<shared_event> take();

  private:
    struct entry {
        shared_event what;
        std::uint64_t ticket;
    };
    std::deque<entry> waiting_;
    std::uint64_t committed_ = 0;
};

/// One conversation: its state, its readers and its running turn. `apply → commit → act`: a command
/// changes the state and yields records; what follows from them happens when they are on disk.
class conversation_flow {
  public:
    static constexpr const char* name = "conversation";
    using pointer = runtime::conversation_actor::stateful_pointer<conversation_flow>;

    void begin(pointer self, std::shared_ptr<const conversation_parts> parts, conversation_key key,
               runtime::conversations_actor parent, bool fresh);

    caf::result<result<runtime::chat_accepted>> on_send(runtime::chat_send& message);
    caf::result<result<void>> on_cancel(const runtime::cancel_turn& what);
    caf::result<result<runtime::fetch_page>> on_fetch(const runtime::chat_fetch& wanted);
    void on_leave(const runtime::session_actor& reader);
    caf::result<result<void>> on_erase();
    caf::result<result<runtime::conversation_pruned>> on_retire(const runtime::chat_retire& what);
    result<runtime::live_text> on_live_text() const;
    caf::result<result<void>> on_tell(runtime::tell_workflow& what);

    void on_events(runtime::turn_events& what);
    caf::result<result<void>> on_planned(runtime::turn_planned& what);
    caf::result<result<void>> on_tool_finished(runtime::turn_tool_finished& what);
    void on_finished(runtime::turn_finished& what);
    void on_tick();
    void on_down(const caf::down_msg& message);
    /// Called after every message of the parent.
    void handled();

  private:
    using commit_done = std::function<void(const result<runtime::conversation_committed>&)>;

    void load(bool fresh);
    void take_up(runtime::loaded_conversation loaded);
    caf::result<result<runtime::chat_accepted>> on_repeat(const runtime::chat_send& message);
    [[nodiscard]] pending_turn make_turn(const runtime::chat_send& message);
    /// Why a guest of the link may not use the conversation; the empty id is its user's.
    [[nodiscard]] std::optional<failure> closed_to(const std::string& delegation_id) const;
    [[nodiscard]] std::optional<failure> refusal(const runtime::chat_send& message) const;
    caf::result<result<runtime::chat_accepted>> on_guest_send(const runtime::chat_send& message);
    void accept(runtime::chat_send& message,
                runtime::owed_reply<result<runtime::chat_accepted>> promise);
    void commit(conversation_change change, runtime::commit_conversation extras, commit_done then);
    void start_turn();
    /// `false` where the turn was ended for saying too much.
    bool publish(std::vector<event_body>& bodies);
    void end_turn(const turn_end& end);
    void cancel_running();
    void next_turn();
    void announce();
    void attach(const runtime::session_actor& reader);
    [[nodiscard]] bool runs(const std::string& turn_id) const;
    [[nodiscard]] timestamp now() const { return parts_->clock->now(); }
    /// What is in memory is no longer there: whoever reads it is told.
    void be_gone();
    void rest();
    void give_up(const failure& why);
    void read_page(const runtime::chat_fetch& wanted,
                   runtime::owed_reply<result<runtime::fetch_page>> promise);
    /// `current`: the records are all that there are by now.
    [[nodiscard]] runtime::fetch_page page_of(const runtime::chat_fetch& wanted,
                                              std::span<const journal_record> records,
                                              bool current);
    /// Reads again for those whose page may have missed something.
    void read_on();

    pointer self_ = nullptr;
    std::shared_ptr<const conversation_parts> parts_;
    runtime::conversations_actor parent_;
    conversation state_{conversation_key{}};
    /// On disk, or about to be with the first commit.
    bool exists_ = false;
    bool deleted_ = false;
    /// The link whose guest it is with; empty: it is its user's own.
    std::string delegation_id_;
    /// A user of the conversation as the last message brought it.
    user account_;

    announce_gate gate_;
    std::uint64_t announced_ = 0;
    std::uint64_t tickets_ = 0;
    std::uint64_t commits_open_ = 0;
    /// Messages of guests whose link is being looked at.
    std::uint64_t guests_waiting_ = 0;
    std::vector<runtime::session_actor> readers_;
    /// Pages that what was written meanwhile is missing from: read again once that is on disk.
    std::vector<std::pair<runtime::chat_fetch, runtime::owed_reply<result<runtime::fetch_page>>>>
        behind_;

    runtime::turn_actor turn_;
    caf::actor_clock::time_point turn_began_;
    /// The running turn had been cut off, and begins again.
    bool taken_up_ = false;
    std::uint64_t handled_ = 0;
};

}  // namespace perin::actors
