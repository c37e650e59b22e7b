#pragma once

#include "persistence/database.hpp"
#include "runtime/calendar_messages.hpp"
#include "runtime/delegation_messages.hpp"
#include "runtime/housekeeping_messages.hpp"
#include "runtime/messages.hpp"
#include "runtime/notification_messages.hpp"

namespace perin::actors {

/// What the store does with each of its messages, on an open transaction. Blocking.
class store_writer {
  public:
    explicit store_writer(persistence::database& db) : db_(db) {}

    result<runtime::conversation_committed> apply(const runtime::commit_conversation& what);
    result<void> apply(const runtime::erase_conversation& what);
    result<runtime::memory_committed> apply(const runtime::commit_memory& what);
    result<runtime::account_committed> apply(const runtime::commit_account& what);
    result<runtime::calendar_committed> apply(const runtime::commit_calendar& what);
    result<runtime::notification_committed> apply(const runtime::commit_notification& what);
    result<void> apply(const runtime::commit_delegation& what);
    result<pruned_batch> apply(const runtime::prune_rows& what);
    result<runtime::conversation_pruned> apply(const runtime::prune_conversation& what);

  private:
    result<std::optional<runtime::conversation_committed::earlier_turn>> claim(
        const runtime::commit_conversation& what);
    /// `not_found` where the user is erased: what was on its way for them comes too late.
    result<void> require_user(const std::string& user_id);
    result<runtime::memory_committed> change_memory(const runtime::commit_memory& what);

    persistence::database& db_;
};

}  // namespace perin::actors
