#pragma once

#include "runtime/actors.hpp"

#include <nlohmann/json_fwd.hpp>

namespace perin::net {

// A guest uses conversations of the link's owner: those of the link, and one who comes by a
// browser's session its own alone (protocol, Delegation). What names another is `not_found`.

/// Makes the message a guest's. A guest chooses no id of a new conversation.
result<void> speak_as_guest(const runtime::admitted_guest& who, runtime::chat_send& message);

result<void> subscribe_as_guest(const runtime::admitted_guest& who,
                                runtime::session_subscribe& wanted);

void cancel_as_guest(const runtime::admitted_guest& who, runtime::chat_cancel& wanted);

/// `forbidden` where the order is not an answer.
result<void> order_as_guest(const runtime::admitted_guest& who, runtime::command_workflow& wanted);

/// The `delegation` of `ready`.
[[nodiscard]] nlohmann::json guest_json(const runtime::admitted_guest& who);

}  // namespace perin::net
