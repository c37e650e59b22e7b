#pragma once

#include "domain/notification.hpp"
#include "domain/turn.hpp"
#include "runtime/messages.hpp"

/// What the notifications are asked, what they ask of the store, and what they tell.
namespace perin::runtime {

// --------------------------------------------------------------------------------- store, reader

struct create_notification {
    notification fresh;
};

/// Closes an open one. Where something follows from it, a durable timer is written beside it, so
/// that it follows whatever crashes.
struct close_notification {
    std::string user_id;
    std::string id;
    /// JSON.
    std::string resolution;
    /// A timer of this kind, due at once, with the notification's id as its subject.
    std::optional<std::string> followed_by = {};
    /// Of a tool's call: a second time the notification is given as it is.
    std::optional<once_key> once = {};
};

/// Closes those whose time is over.
struct expire_notifications {
    std::size_t limit = 100;
};

/// Nothing is to follow from a notification any more: its timer goes.
struct forget_follow_up {
    std::string notification_id;
};

/// What follows from a notification could not be done: it is tried again later.
struct postpone_follow_up {
    std::string notification_id;
    std::string kind;
    timestamp until = {};
};

using notification_change =
    std::variant<create_notification, close_notification, expire_notifications, forget_follow_up,
                 postpone_follow_up>;

struct commit_notification {
    notification_change change;
    timestamp at = {};
};

struct notification_committed {
    /// Those that were made, closed or have expired, as they are now.
    std::vector<notification> changed;
    /// It had been made before, by the same id or the same call.
    bool repeated = false;
    /// After `expire_notifications`: when the next one expires.
    std::optional<timestamp> next_expiry = {};
};

/// Newest first.
struct list_notifications {
    std::string user_id;
    std::optional<notification_state> state = {};
    std::size_t limit = 20;
    std::optional<std::string> cursor = {};
};

struct notification_page {
    std::vector<notification> items;
    std::optional<std::string> next_cursor = {};
};

/// `not_found` where the user has no such one.
struct find_notification {
    std::string user_id;
    std::string id;
};

/// Notifications that were closed and whose follow-ups are due, the longest due first.
struct list_follow_ups {
    std::string kind;
    timestamp at = {};
    std::size_t limit = 100;
};

struct follow_up {
    notification what;
    user owner;
};

// --------------------------------------------------------------------------------- notifications

/// Tells a user something; told live to those who listen.
struct notify_user {
    /// Its id, where it is empty, and the time are the receiver's to fill. A second one of the same
    /// id is the first one.
    notification what;
};

/// What a user decides on one.
struct resolve_notification {
    std::string user_id;
    std::string id;
    /// One of its actions.
    std::string action;
    nlohmann::json data = nullptr;
    /// False where nobody but a model says so: an approval is `forbidden` then.
    bool by_user = true;
    std::optional<once_key> once = {};
};

/// To a session that listens: JSON of the frame `notification`.
struct notification_news {
    std::shared_ptr<const std::string> frame;
};

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::commit_notification)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_notifications)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_notification)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_follow_ups)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::notify_user)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::resolve_notification)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::notification_news)
