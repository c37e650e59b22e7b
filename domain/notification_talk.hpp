#pragma once

#include "domain/model.hpp"
#include "domain/notification.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace perin {

/// Whether a user's message decides one of the open notifications: "yes", "approve the lunch one",
/// "no, refuse it". It is an answer only as a whole: one word that belongs to nothing ("yes, but
/// later"), a contradiction, or more than one notification that could be meant make it none. A mere
/// yes or no answers only what was asked in its own conversation, as the last thing that was said
/// before it: `history` is what was said, oldest first.
///
/// What this finds stands for the user's own decision: nothing that a model says comes in here, but
/// that without its question a mere yes is none.
[[nodiscard]] std::optional<notification_answer> answer_in(std::string_view message,
                                                           std::span<const open_notification> open,
                                                           std::span<const chat_message> history);

/// Whether the message is a yes or a no and nothing else: it names neither a notification nor the
/// decision ("approve").
[[nodiscard]] bool is_mere_decision(std::string_view message);

/// Whether the message, said after `history`, decides a notification, should one be open that it
/// fits. An action that is none of the words for yes and no is not thought of.
[[nodiscard]] bool may_decide(std::string_view message, std::span<const chat_message> history);

}  // namespace perin
