#pragma once

#include "actors/conversation/conversations.hpp"
#include "runtime/supervision/owed_reply.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <list>
#include <unordered_map>

namespace perin::actors {

/// The conversations in memory, those who read them, and which have rested longest.
class conversations_flow {
  public:
    static constexpr const char* name = "conversations";
    using pointer = runtime::conversations_actor::stateful_pointer<conversations_flow>;

    ~conversations_flow();

    void begin(pointer self, std::shared_ptr<const conversation_parts> parts,
               conversations_settings settings);

    caf::result<result<runtime::chat_accepted>> on_send(runtime::chat_send& message);
    caf::result<result<void>> on_cancel(const runtime::chat_cancel& what);
    caf::result<result<runtime::fetch_page>> on_fetch(runtime::chat_fetch& wanted);
    void on_leave(const runtime::chat_leave& what);
    caf::result<result<void>> on_erase(const runtime::chat_erase& what);
    caf::result<result<runtime::live_text>> on_live_text(const runtime::chat_live_text& what);
    caf::result<result<void>> on_tell(runtime::tell_workflow& what);
    caf::result<result<runtime::conversation_pruned>> on_retire(const runtime::chat_retire& what);
    void on_forget(const std::string& user_id);
    void on_rests(const runtime::conversation_rests& what);
    void on_tick();
    void on_revive(const runtime::revive_conversation& what);
    void on_drain() { draining_ = true; }
    [[nodiscard]] runtime::counted count() const;
    [[nodiscard]] result<runtime::actor_report> describe(
        const runtime::describe_actors& what) const;

  private:
    using clock_point = caf::actor_clock::time_point;

    struct entry {
        conversation_key key;
        /// Null while it is not in memory.
        runtime::conversation_actor actor;
        /// Messages that the actor was sent since it was started.
        std::uint64_t sent = 0;
        bool resting = false;
        clock_point rests_since{};
        std::list<std::string>::iterator place{};
        std::vector<runtime::session_actor> readers;
        std::deque<clock_point> deaths;
    };

    /// The conversation's entry with its actor started.
    entry& wake(const conversation_key& key, bool fresh = false);
    /// Notes that the actor is sent another message.
    runtime::conversation_actor& sent_to(entry& one);
    void add_reader(entry& one, const runtime::session_actor& reader);
    void drop_reader(entry& one, const runtime::session_actor& reader);
    void stop_resting(entry& one);
    void let_go(entry& one);
    void forget_if_unused(const std::string& stream);
    void on_down(const caf::down_msg& message);
    void on_reader_down(const caf::actor_addr& reader);
    /// It died again a moment ago.
    [[nodiscard]] bool died_just_now(const entry& one) const;
    [[nodiscard]] std::chrono::milliseconds revival_delay(std::size_t deaths) const;
    void take_up_unfinished(const std::string& after_turn_id);
    caf::result<result<runtime::chat_accepted>> send_keyed(runtime::chat_send message);
    void look_up_claim(runtime::chat_send message,
                       runtime::owed_reply<result<runtime::chat_accepted>> promise);
    void deliver(runtime::chat_send message,
                 runtime::owed_reply<result<runtime::chat_accepted>> promise,
                 const std::string& claim);
    void claim_done(const std::string& claim);

    pointer self_ = nullptr;
    std::shared_ptr<const conversation_parts> parts_;
    conversations_settings settings_;
    bool draining_ = false;
    /// By stream.
    std::unordered_map<std::string, entry> entries_;
    std::unordered_map<caf::actor_addr, std::string> by_actor_;
    /// What each reader reads, by streams. Heard of when it ends: it may not have been able to
    /// leave.
    std::unordered_map<caf::actor_addr, std::vector<std::string>> read_by_;
    /// Streams of resting conversations, longest first.
    std::list<std::string> resting_;
    std::size_t resident_ = 0;

    using waiting_send =
        std::pair<runtime::chat_send, runtime::owed_reply<result<runtime::chat_accepted>>>;
    /// Idempotency keys that are being looked at, and those who came with the same key meanwhile.
    std::unordered_map<std::string, std::vector<waiting_send>> claims_;
};

}  // namespace perin::actors
