#pragma once

#include "persistence/database.hpp"
#include "runtime/calendar_messages.hpp"
#include "runtime/delegation_messages.hpp"
#include "runtime/housekeeping_messages.hpp"
#include "runtime/messages.hpp"
#include "runtime/notification_messages.hpp"
#include "runtime/workflow_messages.hpp"

namespace perin::actors {

/// What the reader answers to each of its messages. Blocking; never writes.
class store_reader {
  public:
    explicit store_reader(persistence::database& db) : db_(db) {}

    result<runtime::loaded_conversation> read(const runtime::load_conversation& what);
    result<std::vector<journal_record>> read(const runtime::read_records& what);
    result<runtime::conversation_page> read(const runtime::list_conversations& what);
    result<runtime::message_page> read(const runtime::read_messages& what);
    result<runtime::found_turn> read(const runtime::find_turn& what);
    result<std::optional<runtime::found_claim>> read(const runtime::find_claim& what);
    result<runtime::unfinished_turns> read(const runtime::list_unfinished& what);
    result<std::vector<memory_entry>> read(const runtime::load_memory& what);
    result<runtime::token_owner> read(const runtime::find_token_owner& what);
    result<runtime::credentials> read(const runtime::find_credentials& what);
    result<user> read(const runtime::find_user& what);
    result<std::vector<user>> read(const runtime::list_users& what);
    result<std::vector<access_token>> read(const runtime::list_tokens& what);
    result<runtime::loaded_calendar> read(const runtime::load_calendar& what);
    result<std::optional<std::string>> read(const runtime::find_tool_effect& what);
    result<runtime::feed_owner> read(const runtime::find_feed_owner& what);
    result<runtime::notification_page> read(const runtime::list_notifications& what);
    result<notification> read(const runtime::find_notification& what);
    result<std::vector<runtime::follow_up>> read(const runtime::list_follow_ups& what);
    result<runtime::idle_conversations> read(const runtime::list_idle_conversations& what);
    result<runtime::found_delegation> read(const runtime::find_delegation& what);
    result<runtime::delegation_page> read(const runtime::list_delegations& what);
    result<runtime::found_guest_session> read(const runtime::find_guest_session& what);
    result<runtime::loaded_workflow> read(const runtime::load_workflow& what);
    result<runtime::workflow_page> read(const runtime::list_workflows& what);
    result<std::vector<std::string>> read(const runtime::list_unfinished_workflows& what);
    result<runtime::due_workflows> read(const runtime::list_due_workflows& what);

  private:
    result<std::uint64_t> version_before(const std::string& stream, std::uint64_t seq);

    persistence::database& db_;
};

}  // namespace perin::actors
