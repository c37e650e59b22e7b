#pragma once

#include "domain/offline/calendar_command.hpp"
#include "domain/offline/intent_row.hpp"

#include <optional>
#include <string>

namespace perin::offline {

/// What a message comes to for the calendar: something wanted, or words to say instead.
struct calendar_step {
    std::optional<calendar_command> wanted = {};
    std::string instead = {};
};

/// Where the message answers what was asked about an earlier request ("the second one", "3 pm"):
/// that request, completed. Nothing where it answers none.
[[nodiscard]] std::optional<calendar_step> calendar_follow_up(const question& asked);

/// Where the message is a request by itself; what it points to ("it", "the second one") is taken
/// from the last answer.
[[nodiscard]] std::optional<calendar_step> calendar_request(const question& asked);

}  // namespace perin::offline
