#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"

#include <string>

namespace perin::net {

/// A mail as it is given to `mail_text`.
struct mail_parts {
    /// An address, or `Name <address>`.
    std::string from;
    /// One address.
    std::string to;
    /// UTF-8; what would end the line is left out.
    std::string subject;
    /// UTF-8.
    std::string text;
    /// iCalendar with a METHOD; empty: none.
    std::string ics = {};
    /// With its angle brackets.
    std::string message_id;
    timestamp at = {};
};

/// The message (RFC 5322, MIME), lines ended by CR LF and at most 76 octets long but for the
/// addresses. Nothing that it is made of can begin a header of its own. `invalid_request` where
/// `from` or `to` is no address, or the message's id is none.
[[nodiscard]] result<std::string> mail_text(const mail_parts& of);

}  // namespace perin::net
