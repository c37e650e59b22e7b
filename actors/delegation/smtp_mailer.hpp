#pragma once

#include "actors/delegation/mailer.hpp"
#include "net/smtp/smtp_client.hpp"
#include "runtime/clock.hpp"

#include <caf/fwd.hpp>

#include <memory>
#include <string>

namespace perin::actors {

struct smtp_mailer_parts {
    net::smtp_server server;
    /// As people read it: an address, or `Name <address>`.
    std::string from;
    std::shared_ptr<const runtime::wall_clock> clock;
};

/// Starts the actor that hands mails over, one after the other. Detached: it blocks on the mail
/// server, and on nothing else. That others wait meanwhile is for them to bound.
[[nodiscard]] mailer_actor spawn_smtp_mailer(caf::actor_system& system, smtp_mailer_parts parts,
                                             bool detached = true);

}  // namespace perin::actors
