#pragma once

#include "cli/command_line.hpp"
#include "cli/link_service.hpp"
#include "cli/operator_context.hpp"

namespace perin::cli {

/// What the commands on links for guests work with.
struct link_context {
    link_service& links;
    operator_context about;
};

/// Prints the address, which is told this once.
[[nodiscard]] exit_code run(const link_create& wanted, const link_context& with);
[[nodiscard]] exit_code run(const link_list& wanted, const link_context& with);
[[nodiscard]] exit_code run(const link_revoke& wanted, const link_context& with);

}  // namespace perin::cli
