#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <string>

namespace perin::actors {

/// A mail with an invitation.
struct outgoing_mail {
    /// One address.
    std::string to;
    /// One line of UTF-8, as `text` is UTF-8.
    std::string subject;
    std::string text;
    /// iCalendar with a METHOD, which the type of its part has to name (RFC 6047 section 2.4).
    /// Empty: none.
    std::string ics = {};
    /// With its angle brackets. The same for every try, so that whoever gets it twice can tell.
    std::string message_id;
    /// One that is still waiting then is not sent, and is `unavailable`: who asked has gone on.
    timestamp begin_by = timestamp::max();
};

/// Hands mails to a mail server: the answer comes once that has taken it. `unavailable`,
/// `upstream_failed` and `upstream_timeout` may be tried again, `invalid_request` is no address.
using mailer_actor = caf::typed_actor<caf::replies_to<outgoing_mail>::with<result<void>>>;

}  // namespace perin::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::actors::outgoing_mail)
