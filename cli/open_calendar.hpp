#pragma once

#include "cli/calendar_service.hpp"
#include "runtime/configuration.hpp"

#include <memory>
#include <string>

namespace perin::cli {

/// Where the server will be found, without a slash at its end.
[[nodiscard]] std::string public_url(const runtime::configuration& configuration);

/// The calendars of the server that runs on this data folder, where it answers; else of the
/// database there, which is made and brought up to date.
[[nodiscard]] result<std::unique_ptr<calendar_service>> open_calendar(
    const runtime::configuration& configuration);

}  // namespace perin::cli
