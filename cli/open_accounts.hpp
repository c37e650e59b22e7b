#pragma once

#include "cli/account_service.hpp"
#include "cli/database_location.hpp"
#include "runtime/configuration.hpp"

#include <memory>

namespace perin::cli {

/// The accounts of the server that runs on this data folder, where it answers; else of the database
/// there, which is made and brought up to date.
[[nodiscard]] result<std::unique_ptr<account_service>> open_accounts(
    const runtime::configuration& configuration);

}  // namespace perin::cli
