#pragma once

#include "domain/notification.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace perin {

/// Whether a user's message decides one of the open notifications: "yes", "approve the lunch one",
/// "no, refuse it". It is an answer only as a whole: one word that belongs to nothing ("yes, but
/// later"), a contradiction, or more than one notification that could be meant make it none. A mere
/// yes or no answers only what was asked in its own conversation.
///
/// What this finds stands for the user's own decision: nothing that a model says comes in here.
[[nodiscard]] std::optional<notification_answer> answer_in(std::string_view message,
                                                           std::span<const open_notification> open);

}  // namespace perin
