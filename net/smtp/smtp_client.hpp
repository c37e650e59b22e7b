#pragma once

#include "domain/result.hpp"

#include <chrono>
#include <string>

namespace perin::net {

/// Where mails are handed over.
struct smtp_server {
    /// `smtp://` or `smtps://`, with user and password where they are asked for.
    std::string url;
    /// The address that bounces go to.
    std::string sender;
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds whole_timeout{20'000};
};

/// Hands a message to the server; success once that has taken it. Blocks, at most for the whole
/// timeout. TLS is used where the server offers it, and is required where there is a password and
/// the server is not this machine.
///
/// `unavailable`: it cannot be reached, or says to come later; `upstream_timeout`: nobody knows
/// whether it was taken; `invalid_request`: it does not take the recipient; `upstream_failed`:
/// else. Any thread, after `http_client` has set libcurl up.
[[nodiscard]] result<void> send_mail(const smtp_server& to_server, const std::string& recipient,
                                     const std::string& message);

}  // namespace perin::net
