#pragma once

#include "cli/command_line.hpp"
#include "cli/operator_context.hpp"
#include "cli/workflow_service.hpp"

namespace perin::cli {

/// What the commands on workflows work with.
struct workflow_context {
    workflow_service& workflows;
    operator_context about;
};

/// A table, the newest first.
[[nodiscard]] exit_code run(const workflow_list& wanted, const workflow_context& with);
/// Draws the steps, with what each waits for and what happened.
[[nodiscard]] exit_code run(const workflow_show& wanted, const workflow_context& with);
/// Asks before it cancels, unless `yes`. Prints the workflow as it is then.
[[nodiscard]] exit_code run(const workflow_command& wanted, const workflow_context& with);

}  // namespace perin::cli
