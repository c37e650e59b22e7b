#pragma once

#include "persistence/database.hpp"
#include "runtime/messages.hpp"

namespace perin::actors {

/// What the store does with each of its messages, on an open transaction. Blocking.
class store_writer {
  public:
    explicit store_writer(persistence::database& db) : db_(db) {}

    result<runtime::conversation_committed> apply(const runtime::commit_conversation& what);
    result<void> apply(const runtime::erase_conversation& what);
    result<runtime::memory_committed> apply(const runtime::commit_memory& what);
    result<runtime::account_committed> apply(const runtime::commit_account& what);

  private:
    result<std::optional<runtime::conversation_committed::earlier_turn>> claim(
        const runtime::commit_conversation& what);
    result<runtime::memory_committed> change_memory(const runtime::commit_memory& what);

    persistence::database& db_;
};

}  // namespace perin::actors
