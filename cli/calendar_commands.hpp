#pragma once

#include "cli/calendar_service.hpp"
#include "cli/command_line.hpp"
#include "cli/operator_context.hpp"

#include <iosfwd>

namespace perin::cli {

/// What the commands on calendars work with.
struct calendar_context {
    calendar_service& calendar;
    /// Of `import -`.
    std::istream& input;
    operator_context about;
};

/// A table with the times of the owner's clock.
[[nodiscard]] exit_code run(const calendar_list& wanted, const calendar_context& with);
/// `failed` where the time is taken: says by what, and prints what is free near it.
[[nodiscard]] exit_code run(const calendar_add& wanted, const calendar_context& with);
/// Says of each event that is not as in the file what is wrong with it, with its line.
[[nodiscard]] exit_code run(const calendar_import& wanted, const calendar_context& with);
/// Asks before it replaces a file, unless `yes`.
[[nodiscard]] exit_code run(const calendar_export& wanted, const calendar_context& with);
/// Prints the address. Asks before it ends or replaces one, unless `yes`.
[[nodiscard]] exit_code run(const calendar_feed& wanted, const calendar_context& with);

}  // namespace perin::cli
