#pragma once

#include <string>
#include <string_view>

namespace perin {

/// The address of `Name <address>`, or of an address alone; empty where there is none that may be
/// said to a mail server: one `@`, visible ASCII without brackets, 254 octets at most.
[[nodiscard]] std::string mail_address(std::string_view text);

}  // namespace perin
