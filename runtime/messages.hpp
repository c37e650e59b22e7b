#pragma once

#include "domain/account.hpp"
#include "domain/conversation.hpp"
#include "domain/conversation_list.hpp"
#include "domain/journal.hpp"
#include "domain/memory.hpp"
#include "domain/result.hpp"
#include "domain/turn.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The messages between actors: plain values. They never leave the process, so none is serialised.
namespace perin::runtime {

// --------------------------------------------------------------------------------------- store

/// For how long an idempotency key keeps its meaning (protocol, Chat over HTTP).
inline constexpr std::chrono::hours claim_life{24};

/// Ids of a turn that was accepted, for finding it again.
struct turn_ids {
    std::string turn_id;
    std::string user_message_id;
    std::string assistant_message_id;
    std::uint64_t accepted_version = 0;
};

/// A client's promise that the same key means the same request.
struct idempotency_claim {
    std::string key;
    /// Of message and asked conversation.
    std::string fingerprint;
    std::string turn_id;
};

/// How far the events of a stream are told elsewhere.
struct told_events {
    std::string stream;
    std::uint64_t version = 0;
    /// How far they are before.
    std::uint64_t after = 0;
};

/// Writes a conversation's new records and what follows from them, in one transaction.
struct commit_conversation {
    conversation_key key;
    std::uint64_t expected_version = 0;
    std::vector<journal_record> records;
    timestamp at = {};
    std::uint64_t last_seq = 0;
    /// Set where the conversation begins: its title, and the link whose guest it is with.
    std::optional<std::string> begins = {};
    std::string delegation_id = {};
    /// Tokens that the accepted turn, a guest's by the link above, costs at least: `gone` where
    /// that has no turns or tokens left, is revoked or has expired.
    std::optional<std::uint64_t> guest_turn_tokens = {};
    std::optional<turn_ids> accepted = {};
    /// The turn that ended with these records.
    std::optional<std::string> ended_turn = {};
    /// The turn that ended had called tools: their once-only results are dropped.
    bool ended_with_tools = false;
    std::optional<idempotency_claim> claim = {};
    /// The notification whose decision the accepted turn carries out: what was to follow from it
    /// has followed with this. `conflict` where it had before.
    std::optional<std::string> follows = {};
    /// The workflow whose events these records tell: `conflict` where it is not told as far as was
    /// thought.
    std::optional<told_events> told = {};
};

/// `earlier`: the claim was there already and nothing was written.
struct conversation_committed {
    struct earlier_turn {
        std::string conversation_id;
        std::string turn_id;
    };
    std::optional<earlier_turn> earlier = {};
};

/// The kind of the timers by which streams are woken; the stream is the subject.
inline constexpr std::string_view wake_timer = "stream.wake";

/// The one such timer that a stream has: set, or taken away.
struct wake_change {
    std::optional<timestamp> due_at = {};
};

/// Writes records of any stream, as versions `expected_version + 1` and up. Answered with the
/// stream's new version.
struct append_records {
    std::string stream;
    std::uint64_t expected_version = 0;
    std::vector<journal_record> records;
    /// Of a stream that goes on by itself: what it is with these records.
    std::optional<stream_state> state = {};
    /// Written with the records: the stream's timer, which wakes it also after a restart.
    std::optional<wake_change> wake = {};
};

/// Drops all of a conversation but its id, which stays taken.
struct erase_conversation {
    conversation_key key;
    timestamp at = {};
};

/// Makes a write happen once: a second one of the same call gives the first one's result.
struct once_key {
    std::string turn_id;
    std::string call_id;
};

struct put_memory {
    memory_entry entry;
    /// Keys that make room for the new entry.
    std::vector<std::string> evicted = {};
};
struct remove_memory {
    std::vector<std::string> keys;
};
struct clear_memory {};
struct count_memory_uses {
    std::map<std::string, std::int64_t> uses;
};

struct commit_memory {
    std::string user_id;
    std::variant<put_memory, remove_memory, clear_memory, count_memory_uses> change;
    timestamp at = {};
    std::optional<once_key> once = {};
};

struct memory_committed {
    /// A put made a new entry.
    bool created = false;
    /// Entries that were removed.
    std::size_t removed = 0;
    /// The call had been made before; the values above are that one's.
    bool repeated = false;
};

struct create_user {
    user account;
    std::string password_hash;
};
struct change_password {
    std::string email;
    std::string password_hash;
};
struct remove_user {
    std::string email;
};
struct create_token {
    access_token token;
    std::string hash;
};
struct revoke_token {
    std::string id;
};
/// Notes that a token was used; a session's life is renewed.
struct touch_token {
    std::string id;
    timestamp last_used_at = {};
    std::optional<timestamp> expires_at = {};
};
/// Uses up a one-time login link and gives its owner.
struct redeem_login {
    std::string hash;
    timestamp at = {};
};

using account_change = std::variant<create_user, change_password, remove_user, create_token,
                                    revoke_token, touch_token, redeem_login>;

struct commit_account {
    account_change change;
};

/// The user or token concerned, where there is one.
struct account_committed {
    std::optional<user> account = {};
};

// ------------------------------------------------------------------------------------- reader

struct load_conversation {
    conversation_key key;
};

/// Everything a conversation's actor needs to go on.
struct loaded_conversation {
    bool exists = false;
    bool deleted = false;
    conversation_summary summary = {};
    user owner = {};
    /// As of `turn_input`.
    std::string delegation_id = {};
    /// Ascending, ends with the newest, covers every turn that has not ended.
    std::vector<journal_record> tail = {};
};

/// Records of a conversation in ascending order.
struct read_records {
    conversation_key key;
    /// Find the first record from which all events after this are covered...
    std::uint64_t after_seq = 0;
    /// ... or begin after this version, where it is not 0.
    std::uint64_t after_version = 0;
    std::size_t limit = 64;
};

struct list_conversations {
    std::string user_id;
    std::size_t limit = 20;
    std::optional<std::string> cursor = {};
};

struct conversation_page {
    std::vector<conversation_summary> items;
    std::optional<std::string> next_cursor = {};
};

struct read_messages {
    conversation_key key;
    /// A message's id: only what lies before it.
    std::optional<std::string> before = {};
    std::size_t limit = 200;
};

struct message_page {
    conversation_summary summary;
    /// Oldest first.
    std::vector<conversation_message> messages;
};

/// The conversation that a turn belongs to.
struct find_turn {
    std::string user_id;
    std::string turn_id;
};

struct found_turn {
    conversation_key key;
    bool ended = false;
    std::uint64_t accepted_version = 0;
};

struct find_claim {
    std::string user_id;
    std::string key;
    /// One that is past its life by then is not found.
    timestamp at = {};
};

struct found_claim {
    std::string fingerprint;
    std::string conversation_id;
    std::string turn_id;
};

/// Turns that have not ended, of all users, for the start.
struct list_unfinished {
    std::size_t limit = 1000;
    std::string after_turn_id = {};
};

struct unfinished_turns {
    struct entry {
        std::string turn_id;
        conversation_key key;
    };
    std::vector<entry> items;
};

struct load_memory {
    std::string user_id;
};

struct find_token_owner {
    std::string hash;
};
struct token_owner {
    access_token token;
    user account;
};
struct find_credentials {
    std::string email;
};
struct credentials {
    user account;
    std::string password_hash;
};
struct find_user {
    std::string email;
};
struct list_users {};
struct list_tokens {
    std::string email;
};

// ------------------------------------------------------------------------------- conversations

/// A conversation's events, in order, for one reader.
struct conversation_events {
    std::string conversation_id;
    std::vector<shared_event> events;
};

/// The conversation was deleted: nothing more comes.
struct conversation_gone {
    std::string conversation_id;
};

/// The conversation's actor is a new one: a reader asks it again from its own cursor on.
struct conversation_reset {
    std::string conversation_id;
};

struct chat_accepted {
    std::string conversation_id;
    std::string turn_id;
    /// The newest at that moment.
    std::uint64_t seq = 0;
    /// The same request had been accepted before: its turn may be under way or over.
    bool repeated = false;
    /// Of a repeated one: all events of the turn lie in records after this version.
    std::uint64_t turn_version = 0;
};

/// How a guest may use the conversations of a link's owner.
struct guest_access {
    std::string delegation_id;
    /// Not a new one: what the guest names must be there.
    bool must_exist = false;
};

struct chat_cancel {
    std::string user_id;
    std::string turn_id;
    /// Only where the conversation is with a guest of this link; empty: any.
    std::string delegation_id = {};
    /// Only in this conversation.
    std::optional<std::string> conversation_id = {};
};

/// Events after `after_seq`; the reader becomes live where they reach the newest.
struct fetch_page {
    std::vector<shared_event> events;
    std::uint64_t newest = 0;
    bool live = false;
    /// Where the next page begins in the journal.
    std::uint64_t next_version = 0;
};

/// What of a conversation is not on disk yet.
struct live_text {
    std::string turn_id;
    std::string text;
};

// ------------------------------------------------------------------------------------- turns

/// Events of a running turn, in their order, to be told at once.
struct turn_events {
    std::string turn_id;
    std::vector<event_body> bodies;
};

/// What the planner asked for: to be on disk before a tool runs.
struct turn_planned {
    std::string turn_id;
    std::vector<tool_call> calls;
};

/// How a call ended: to be on disk before the model is told.
struct turn_tool_finished {
    std::string turn_id;
    std::string call_id;
    tool_outcome outcome;
};

struct turn_finished {
    std::string turn_id;
    /// The last events before the end.
    std::vector<event_body> bodies;
    turn_end end;
};

/// Everything a turn works on. Values: the turn shares no state with its conversation.
struct turn_input {
    conversation_key key;
    user account;
    /// The link whose guest speaks; empty: the user does.
    std::string delegation_id = {};
    pending_turn turn;
    /// As far as it is known.
    std::optional<execution_mode> mode = {};
    std::vector<chat_message> history;
    /// Of a turn that is run again: what is on disk already.
    std::vector<planner_round> rounds;
};

// ------------------------------------------------------------------------------------- memory

struct memory_query_relevant {
    std::string user_id;
    std::string text;
    std::size_t limit = 5;
    /// Whether to count the entries as used.
    bool count_use = false;
};

struct relevant_memory {
    std::vector<scored_memory> items;
    std::size_t total = 0;
};

struct memory_query_all {
    std::string user_id;
};

struct memory_write {
    std::string user_id;
    /// `at` and `use_count` are set by the receiver.
    memory_entry entry;
    bool importance_given = false;
    std::optional<once_key> once = {};
};

struct memory_written {
    memory_entry entry;
    bool created = false;
};

struct memory_erase {
    std::string user_id;
    /// Empty with `all`.
    std::vector<std::string> keys;
    bool all = false;
    std::optional<once_key> once = {};
};

struct memory_erased {
    std::size_t removed = 0;
};

// ------------------------------------------------------------------------------------- tools

struct tool_run {
    nlohmann::json arguments;
};

// ----------------------------------------------------------------------------------- accounts

/// Who bears a token.
struct authenticate {
    std::string token;
};

struct log_in {
    std::string email;
    std::string password;
};

/// A new session token, told once.
struct logged_in {
    std::string token;
    access_token about;
    user account;
};

/// Uses up a one-time login link.
struct follow_login_link {
    std::string token;
};

/// Makes a session without a password, for the machine's own commands. Empty: the only user.
struct open_session {
    std::string email;
};

struct end_token {
    std::string id;
};

struct add_user {
    std::string email;
    std::string name;
    std::string timezone;
    bool admin = false;
    std::string password;
};

struct set_password {
    std::string email;
    std::string password;
};

struct drop_user {
    std::string email;
};

struct add_token {
    std::string email;
    std::string label;
    std::optional<timestamp> expires_at = {};
};

// ------------------------------------------------------------------------------------ control

/// Time has passed: deadlines and idleness are looked at.
struct tick {};

/// Stop taking work; running turns may end.
struct drain {};

/// A conversation has nothing to do. `handled`: messages that it has had from its parent; where the
/// parent has sent no more than that, nothing is on its way.
struct conversation_rests {
    conversation_key key;
    std::uint64_t handled = 0;
    /// There is no such conversation.
    bool absent = false;
};

struct counted {
    std::size_t running_turns = 0;
    std::size_t resident = 0;
};

struct count_running {};

}  // namespace perin::runtime

template <class T>
struct caf::allowed_unsafe_message_type<perin::result<T>> : std::true_type {};

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::append_records)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::commit_conversation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::erase_conversation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::commit_memory)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::commit_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::load_conversation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::read_records)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_conversations)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::read_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_claim)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_unfinished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::load_memory)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_token_owner)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_credentials)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_user)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_users)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_tokens)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::conversation_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::conversation_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::chat_cancel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::turn_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::turn_planned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::turn_tool_finished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::turn_finished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::memory_query_relevant)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::memory_query_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::memory_write)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::memory_erase)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::tool_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::drain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::conversation_rests)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::conversation_reset)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::counted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::count_running)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::authenticate)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::log_in)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::follow_login_link)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::open_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::end_token)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::add_user)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::set_password)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::drop_user)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::add_token)
