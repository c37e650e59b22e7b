#pragma once

#include "cli/account_service.hpp"
#include "runtime/configuration.hpp"

#include <memory>

namespace perin::cli {

/// The file of the embedded database.
[[nodiscard]] std::filesystem::path database_file(const runtime::configuration& configuration);

/// The accounts of the server that runs on this data folder, where it answers; else of the database
/// there, which is made and brought up to date.
[[nodiscard]] result<std::unique_ptr<account_service>> open_accounts(
    const runtime::configuration& configuration);

}  // namespace perin::cli
