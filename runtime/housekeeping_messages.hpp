#pragma once

#include "domain/result.hpp"
#include "domain/retention.hpp"
#include "domain/time.hpp"
#include "domain/turn.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <vector>

/// The messages by which what is over goes, and what is known of a user who is erased.
namespace perin::runtime {

/// Removes what was over before a time, of the next `limit` rows after a position. Not of
/// conversations: those are asked themselves.
struct prune_rows {
    prunable what = prunable::claims;
    timestamp before = {};
    std::size_t limit = 50;
    std::optional<retention_position> after = {};
};

/// Removes a conversation that nobody touched since, and of its records the oldest `limit`.
struct prune_conversation {
    conversation_key key;
    timestamp before = {};
    std::size_t limit = 500;
};

struct conversation_pruned {
    /// False: it stays, because it was touched, or has something that is not settled.
    bool gone = false;
    /// There are no more records of it.
    bool whole = false;
    std::size_t records = 0;
};

/// Conversations that nobody touched since, among the next `limit` ones after a position.
struct list_idle_conversations {
    timestamp before = {};
    std::size_t limit = 50;
    std::optional<retention_position> after = {};
};

struct idle_conversations {
    struct entry {
        conversation_key key;
        /// It is gone already, but records of it are left.
        bool removed = false;
    };
    std::vector<entry> items;
    std::optional<retention_position> next = {};
};

/// To a conversation: goes where it does nothing and nobody touched it since.
struct chat_retire {
    conversation_key key;
    timestamp before = {};
    std::size_t limit = 500;
};

/// The user is erased: what is in memory of them goes.
struct forget_user {
    std::string user_id;
};

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::prune_rows)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::prune_conversation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_idle_conversations)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::chat_retire)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::forget_user)
