#pragma once

#include "domain/time.hpp"

#include <string>
#include <string_view>

// What system prompts are put together from.
namespace perin::prompt_text {

/// `text` as a JSON string on one line without angle brackets: what somebody wrote can be read as
/// no mark of the prompt, and not as the end of its fence. What is not UTF-8 is repaired.
[[nodiscard]] std::string json_string(std::string_view text);

/// `Tuesday, 2026-12-01, 11:00`, by the clock of an IANA zone; UTC where the system does not know
/// it.
[[nodiscard]] std::string local_time(const std::string& timezone, timestamp at);

/// `Europe/Vienna, UTC+01:00`: a zone and its offset at a time; UTC where the system does not know
/// it.
[[nodiscard]] std::string zone_at(const std::string& timezone, timestamp at);

void append_line(std::string& out, std::string_view line);

}  // namespace perin::prompt_text
