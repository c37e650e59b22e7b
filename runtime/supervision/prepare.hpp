#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>

#include <cstddef>

namespace perin::runtime {

/// Asks any prepared actor how many messages wait for it, whatever its interface.
struct ask_mailbox {};
struct mailbox_told {
    std::size_t waiting = 0;
};

/// How many messages wait for `self`. Within `self` only.
[[nodiscard]] std::size_t waiting_messages(caf::scheduled_actor* self);

/// What every actor's behaviour begins with, before anything that may throw and before handlers of
/// its own. It replaces CAF's handlers that write to standard output:
///
/// - what is thrown ends the actor with `thrown_reason`, which its supervisor can tell;
/// - an exit message ends it with the message's reason; a down message that it has no handler for
///   is nothing;
/// - `ask_mailbox` is answered; another message that it does not know is logged, without what is in
///   it, and a request of that kind fails with `sec::unexpected_message`.
void prepare(caf::scheduled_actor* self);

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::ask_mailbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::mailbox_told)
