#pragma once

#include "runtime/calendar_messages.hpp"
#include "runtime/chat_model.hpp"
#include "runtime/delegation_messages.hpp"
#include "runtime/housekeeping_messages.hpp"
#include "runtime/messages.hpp"
#include "runtime/notification_messages.hpp"
#include "runtime/supervision/actor_report.hpp"
#include "runtime/workflow_messages.hpp"

#include <caf/typed_actor.hpp>

/// The catalogue of actors: from the outside an actor differs from another only by what stands
/// here. A reply of type `result<T>` says what went wrong as a value; an actor that dies or is late
/// is a `caf::error` at the requester.
namespace perin::runtime {

/// Ends the open transaction of the store.
struct commit_batch {};

/// Something to do on a connection's own thread: an attempt that its supervisor asked for.
struct database_task {
    std::function<void()> run;
};

/// Writes to the database, grouping commits: everything that waits in its mailbox goes into one
/// transaction. Detached: it blocks on the disk, and on nothing else.
using store_actor = caf::typed_actor<
    // Writes records; `conflict` where the stream has gone on.
    caf::replies_to<commit_conversation>::with<result<conversation_committed>>,
    // Writes records; `conflict` where the stream is not at that version.
    caf::replies_to<append_records>::with<result<std::uint64_t>>,
    // Removes a conversation; `not_found` where there is none.
    caf::replies_to<erase_conversation>::with<result<void>>,
    // Changes a user's memory.
    caf::replies_to<commit_memory>::with<result<memory_committed>>,
    // Changes users and tokens.
    caf::replies_to<commit_account>::with<result<account_committed>>,
    // Changes an owner's calendar; `conflict` where it has gone on, `gone` where a link is spent.
    caf::replies_to<commit_calendar>::with<result<calendar_committed>>,
    // Makes, closes or expires notifications; failures as of `notification_repository`.
    caf::replies_to<commit_notification>::with<result<notification_committed>>,
    // Changes links and their guests' sessions; failures as of `delegation_repository`.
    caf::replies_to<commit_delegation>::with<result<void>>,
    // Removes what is over for long enough, a piece at a time.
    caf::replies_to<prune_rows>::with<result<pruned_batch>>,
    caf::replies_to<prune_conversation>::with<result<conversation_pruned>>,
    // To itself: the mailbox as it was is handled, commit.
    caf::reacts_to<commit_batch>,
    // To itself, by way of its supervisor.
    caf::reacts_to<database_task>>;

/// Reads from the database, apart from the writer. Detached: it blocks on the disk.
using reader_actor = caf::typed_actor<
    caf::replies_to<load_conversation>::with<result<loaded_conversation>>,
    caf::replies_to<read_records>::with<result<std::vector<journal_record>>>,
    caf::replies_to<list_conversations>::with<result<conversation_page>>,
    // `not_found` where the user has no such conversation.
    caf::replies_to<read_messages>::with<result<message_page>>,
    // `not_found` where the user has no such turn.
    caf::replies_to<find_turn>::with<result<found_turn>>,
    caf::replies_to<find_claim>::with<result<std::optional<found_claim>>>,
    caf::replies_to<list_unfinished>::with<result<unfinished_turns>>,
    caf::replies_to<load_memory>::with<result<std::vector<memory_entry>>>,
    // `unauthenticated` where no such token is there; its end is for the caller to look at.
    caf::replies_to<find_token_owner>::with<result<token_owner>>,
    // `not_found` where there is no such user.
    caf::replies_to<find_credentials>::with<result<credentials>>,
    // `not_found` where there is no such user; an empty address asks for the only one.
    caf::replies_to<find_user>::with<result<user>>,
    caf::replies_to<list_users>::with<result<std::vector<user>>>,
    caf::replies_to<list_tokens>::with<result<std::vector<access_token>>>,
    // `not_found` where there is no such user.
    caf::replies_to<load_calendar>::with<result<loaded_calendar>>,
    caf::replies_to<find_tool_effect>::with<result<std::optional<std::string>>>,
    // `not_found` where no feed has that address.
    caf::replies_to<find_feed_owner>::with<result<feed_owner>>,
    caf::replies_to<list_notifications>::with<result<notification_page>>,
    // `not_found` where the user has no such one.
    caf::replies_to<find_notification>::with<result<notification>>,
    caf::replies_to<list_follow_ups>::with<result<std::vector<follow_up>>>,
    caf::replies_to<list_idle_conversations>::with<result<idle_conversations>>,
    // `not_found` where there is no such link, or session.
    caf::replies_to<find_delegation>::with<result<found_delegation>>,
    caf::replies_to<list_delegations>::with<result<delegation_page>>,
    caf::replies_to<find_guest_session>::with<result<found_guest_session>>,
    // `not_found` where the user has no such workflow.
    caf::replies_to<load_workflow>::with<result<loaded_workflow>>,
    caf::replies_to<list_workflows>::with<result<workflow_page>>,
    caf::replies_to<list_unfinished_workflows>::with<result<std::vector<std::string>>>,
    caf::replies_to<list_due_workflows>::with<result<due_workflows>>,
    // To itself, by way of its supervisor, or from a pool: its connection.
    caf::reacts_to<database_task>>;

struct session_command;
struct session_stop {};

/// One connection's side of the actor system: it keeps the cursors of its conversations and hands
/// their events to the connection's strand.
using session_actor = caf::typed_actor<
    // From a conversation: what happened, in order.
    caf::reacts_to<conversation_events>,
    // From a conversation: it was deleted.
    caf::reacts_to<conversation_gone>,
    // From the conversations: ask again from the cursor on.
    caf::reacts_to<conversation_reset>,
    // From the notifications.
    caf::reacts_to<notification_news>,
    // From the connection.
    caf::reacts_to<session_command>,
    // From the connection: it is closed.
    caf::reacts_to<session_stop>>;

/// A session of a user is told of every notification from now on.
struct listen_to_notifications {
    std::string user_id;
    session_actor listener = {};
};

/// A message to a conversation. `conversation_id` empty: a new one is begun.
struct chat_send {
    user account;
    std::string conversation_id = {};
    /// Of a guest's message: how it may use the user's conversations.
    std::optional<guest_access> guest = {};
    /// Of a request that had been accepted before: its turn.
    std::string repeats_turn = {};
    std::string message = {};
    /// Earlier messages, where the conversation begins with this one.
    std::vector<chat_message> history = {};
    turn_options options = {};
    busy_policy on_busy = busy_policy::queue;
    std::string idempotency_key = {};
    /// Of message and asked conversation, where there is a key; set by the conversations.
    std::string fingerprint = {};
    /// Made a live reader of the conversation with the acceptance; null: nobody.
    session_actor reader = {};
    turn_origin origin = {};
    /// Of a turn that a user's decision began: the call that was waiting for it.
    std::optional<decided_call> decided = {};
};

/// Asks for events after `after_seq`; `reader` becomes live where they reach the newest.
struct chat_fetch {
    conversation_key key;
    std::uint64_t after_seq = 0;
    std::uint64_t after_version = 0;
    session_actor reader = {};
    /// Only where the conversation is with a guest of this link; empty: any.
    std::string delegation_id = {};
};

/// The reader wants nothing more of a conversation.
struct chat_leave {
    conversation_key key;
    session_actor reader = {};
};

struct chat_erase {
    conversation_key key;
};

struct chat_live_text {
    conversation_key key;
};

/// To the conversations themselves: start one again that has died.
struct revive_conversation {
    conversation_key key;
};

/// Finds or starts the conversation that a message is for, and starts those that a crash cut off.
using conversations_actor = caf::typed_actor<
    // Accepts a message once it is on disk; `not_found`, `conflict`, `rate_limited`, `unavailable`.
    caf::replies_to<chat_send>::with<result<chat_accepted>>,
    // Cancels a turn; `not_found`, or `conflict` where it has ended.
    caf::replies_to<chat_cancel>::with<result<void>>,
    // A page of events; `not_found`.
    caf::replies_to<chat_fetch>::with<result<fetch_page>>, caf::reacts_to<chat_leave>,
    // Deletes a conversation; `not_found`.
    caf::replies_to<chat_erase>::with<result<void>>,
    // What the running turn has said so far; empty where none runs.
    caf::replies_to<chat_live_text>::with<result<live_text>>,
    // Tells a workflow's events once; `not_found`, `conflict` where they had been told.
    caf::replies_to<tell_workflow>::with<result<void>>,
    // Removes one that is not in memory and that nobody touched for long.
    caf::replies_to<chat_retire>::with<result<conversation_pruned>>,
    // Ends all of a user's that are in memory.
    caf::reacts_to<forget_user>,
    // From a conversation: its last turn ended.
    caf::reacts_to<conversation_rests>, caf::reacts_to<tick>, caf::reacts_to<revive_conversation>,
    // No more messages are taken; those that run may end.
    caf::reacts_to<drain>, caf::replies_to<count_running>::with<counted>,
    // The conversations that are in memory, as the tree of actors shows them.
    caf::replies_to<describe_actors>::with<result<actor_report>>>;

struct cancel_turn {
    std::string turn_id;
    /// As of `chat_cancel`.
    std::string delegation_id = {};
};

/// Owns one stream of the journal and tells its readers what happens.
using conversation_actor =
    caf::typed_actor<caf::replies_to<chat_send>::with<result<chat_accepted>>,
                     caf::replies_to<cancel_turn>::with<result<void>>,
                     caf::replies_to<chat_fetch>::with<result<fetch_page>>,
                     caf::reacts_to<chat_leave>, caf::replies_to<chat_erase>::with<result<void>>,
                     caf::replies_to<chat_live_text>::with<result<live_text>>,
                     caf::replies_to<chat_retire>::with<result<conversation_pruned>>,
                     caf::replies_to<tell_workflow>::with<result<void>>,
                     // From its turn.
                     caf::reacts_to<turn_events>, caf::replies_to<turn_planned>::with<result<void>>,
                     caf::replies_to<turn_tool_finished>::with<result<void>>,
                     caf::reacts_to<turn_finished>,
                     // Looks at the running turn's deadline.
                     caf::reacts_to<tick>>;

/// An event of the call `number` of a turn to its model.
struct model_progress {
    std::uint64_t number = 0;
    model_event what;
};

/// One turn: runs its stages and tells its conversation.
using turn_actor = caf::typed_actor<caf::reacts_to<model_progress>>;

/// One call of a tool; it ends with its answer.
using tool_actor = caf::typed_actor<caf::replies_to<tool_run>::with<result<nlohmann::json>>>;

/// Every user's memory, each kept by an actor of its own.
using memory_actor = caf::typed_actor<
    // The entries most relevant for a text, best first.
    caf::replies_to<memory_query_relevant>::with<result<relevant_memory>>,
    caf::replies_to<memory_query_all>::with<result<std::vector<memory_entry>>>,
    // Adds or replaces an entry, on disk with the answer.
    caf::replies_to<memory_write>::with<result<memory_written>>,
    caf::replies_to<memory_erase>::with<result<memory_erased>>,
    // Drops what is in memory of a user who is erased.
    caf::reacts_to<forget_user>, caf::reacts_to<tick>>;

/// Every user's calendar, each kept by an actor of its own: the one place where a time is checked
/// and taken. All fail with `not_found` where there is no such user or event.
using calendars_actor = caf::typed_actor<
    // Free times by the given rules; `invalid_request` where they are none.
    caf::replies_to<find_free_time>::with<result<std::vector<scheduling::interval>>>,
    // Takes a time, on disk with the answer; that it is not free is an answer too.
    caf::replies_to<book_time>::with<result<booking_outcome>>,
    caf::replies_to<move_event>::with<result<booking_outcome>>,
    // What was taken out of the calendar.
    caf::replies_to<cancel_event>::with<result<calendar::calendar_entry>>,
    // `conflict` where the booking may not go there.
    caf::replies_to<settle_booking>::with<result<booking>>,
    // `gone` where it is over, `conflict` where it may not be moved.
    caf::replies_to<move_booking>::with<result<booking_outcome>>,
    caf::replies_to<list_entries>::with<result<listed_entries>>,
    caf::replies_to<import_events>::with<result<events_imported>>,
    caf::replies_to<export_events>::with<result<std::vector<calendar::event>>>,
    // The secret part of the address, told once.
    caf::replies_to<renew_feed>::with<result<std::string>>,
    // Drops what is in memory of a user who is erased.
    caf::reacts_to<forget_user>, caf::reacts_to<tick>>;

/// Work of several steps that outlives the process: it is paused, resumed and finished once,
/// whatever crashes. All fail with `not_found` where the user has no such workflow.
using workflows_actor = caf::typed_actor<
    // The workflow as it is; `invalid_request` where there is no such kind, or its input is wrong.
    caf::replies_to<begin_workflow>::with<result<workflow::account_of>>,
    // `conflict` where the state is not one to do it in, on disk else.
    caf::replies_to<command_workflow>::with<result<workflow::account_of>>,
    caf::replies_to<find_workflow>::with<result<workflow::account_of>>,
    // Ends those of a user who is erased.
    caf::reacts_to<forget_user>, caf::reacts_to<tick>,
    // Those that are in memory, as the tree of actors shows them.
    caf::replies_to<describe_actors>::with<result<actor_report>>>;

/// Links by which people outside book a time of their owner's. All fail with `not_found` where
/// there is no such user, link or booking.
using delegations_actor = caf::typed_actor<
    // `invalid_request` with the pointer of the field that is wrong.
    caf::replies_to<create_link>::with<result<created_link>>,
    caf::replies_to<revoke_link>::with<result<void>>,
    caf::replies_to<admit_guest>::with<result<admitted_guest>>,
    caf::replies_to<offer_slots>::with<result<std::vector<scheduling::interval>>>,
    // That the time is taken is an answer too; `invalid_request` for one that the link does not
    // offer, `gone` where it offers none any more.
    caf::replies_to<book_slot>::with<result<slot_outcome>>,
    caf::replies_to<move_slot>::with<result<slot_outcome>>,
    caf::replies_to<cancel_slot>::with<result<booking>>,
    // `gone` where the link is revoked or has expired, or nothing is under way and it offers
    // nothing any more. One that failed as it began is an answer too.
    caf::replies_to<begin_guest_booking>::with<result<workflow::account_of>>,
    // `gone` where the link is revoked or has expired.
    caf::replies_to<guest_standing>::with<result<guest_stand>>,
    // That the time is taken is an answer too; `invalid_request` for one that the link does not
    // offer, `gone` where it offers none any more, `conflict` where another call has chosen one.
    caf::replies_to<choose_slot>::with<result<slot_choice>>,
    // How much a guest's turn has cost besides.
    caf::reacts_to<spend_guest_tokens>, caf::reacts_to<tick>>;

/// What users are told, and may have to decide.
using notifications_actor = caf::typed_actor<
    // The notification as it is.
    caf::replies_to<notify_user>::with<result<notification>>,
    caf::replies_to<list_notifications>::with<result<notification_page>>,
    // `not_found`; `invalid_request` for an action that it does not offer; `conflict` where it is
    // resolved, `gone` where it has expired, `forbidden` where a model alone would approve.
    caf::replies_to<resolve_notification>::with<result<notification>>,
    // A session of a user listens from now on, until it ends.
    caf::reacts_to<listen_to_notifications>, caf::reacts_to<tick>>;

/// Removes what has been over for long enough, in small pieces with pauses between them.
using housekeeping_actor = caf::typed_actor<caf::reacts_to<tick>>;

/// Users, their passwords and their tokens.
using accounts_actor = caf::typed_actor<
    // The bearer of a token; `unauthenticated` where it is unknown or has expired.
    caf::replies_to<authenticate>::with<result<token_owner>>,
    // `unauthenticated` on any mismatch, after the same work.
    caf::replies_to<log_in>::with<result<logged_in>>,
    // `unauthenticated` (unknown or used), `gone` (expired).
    caf::replies_to<follow_login_link>::with<result<logged_in>>,
    // `not_found`, or `conflict` where there are several users and none is named.
    caf::replies_to<open_session>::with<result<logged_in>>,
    // `not_found`.
    caf::replies_to<end_token>::with<result<void>>,
    // `conflict` where the address is taken.
    caf::replies_to<add_user>::with<result<user>>,
    // The user whose password it is now; `not_found`.
    caf::replies_to<set_password>::with<result<user>>,
    // The user who was removed; `not_found`.
    caf::replies_to<drop_user>::with<result<user>>,
    // `not_found`.
    caf::replies_to<add_token>::with<result<logged_in>>,
    caf::replies_to<list_users>::with<result<std::vector<user>>>,
    // `not_found`.
    caf::replies_to<list_tokens>::with<result<std::vector<access_token>>>>;

struct hash_password {
    std::string password;
};

struct verify_password {
    std::string hash;
    std::string password;
};

/// Hashes passwords. Detached: Argon2id takes tens of milliseconds on purpose.
using password_actor = caf::typed_actor<caf::replies_to<hash_password>::with<std::string>,
                                        caf::replies_to<verify_password>::with<bool>>;

struct bridge_task;

/// Runs the front's requests to other actors, so that an answer reaches a coroutine.
using bridge_actor = caf::typed_actor<caf::reacts_to<bridge_task>>;

/// What the front asks of another actor; called within the bridge.
struct bridge_task {
    std::function<void(bridge_actor::pointer)> run;
};

// ----------------------------------------------------------------------------- sessions, commands

/// Where a session's news go. Called within the session's actor: it must not block.
class session_sink {
  public:
    virtual ~session_sink() = default;
    /// A message was accepted.
    virtual void accepted(std::string request_id, chat_accepted what) = 0;
    /// A subscription was accepted, or something else with nothing to tell; `seq` is the newest.
    virtual void done(std::string request_id, std::optional<std::uint64_t> seq) = 0;
    virtual void failed(std::string request_id, failure why) = 0;
    /// `more`: the next page comes once the connection has said that it has room.
    virtual void events(std::string conversation_id, std::vector<shared_event> what, bool more) = 0;
    /// A conversation that was subscribed to has ended or cannot be read on.
    virtual void gone(std::string conversation_id) = 0;
    /// JSON of a frame `notification`; only to one that listens.
    virtual void notified(std::shared_ptr<const std::string> /*frame*/) {}
};

struct session_send {
    std::string request_id;
    chat_send message;
};
struct session_subscribe {
    std::string request_id;
    conversation_key key;
    std::uint64_t after_seq = 0;
    /// Where the events begin in the journal, where that is known.
    std::uint64_t after_version = 0;
    /// As of `chat_fetch`.
    std::string delegation_id = {};
};
struct session_unsubscribe {
    std::string request_id;
    std::string conversation_id;
};
struct session_cancel {
    std::string request_id;
    chat_cancel turn;
};
/// The connection has room for another page of events.
struct session_room {};
/// The user's notifications are wanted as they come.
struct session_listen {
    std::string user_id;
};
struct session_resolve {
    std::string request_id;
    resolve_notification decision;
};
struct session_workflow {
    std::string request_id;
    command_workflow order;
};

struct session_command {
    std::variant<session_send, session_subscribe, session_unsubscribe, session_cancel, session_room,
                 session_listen, session_resolve, session_workflow>
        what;
};

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::commit_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::database_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::session_stop)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::session_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::listen_to_notifications)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::chat_send)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::chat_fetch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::chat_leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::chat_erase)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::chat_live_text)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::revive_conversation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::cancel_turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::model_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::bridge_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::hash_password)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::verify_password)
