#pragma once

#include "persistence/open_database.hpp"
#include "runtime/configuration.hpp"

#include <filesystem>

namespace perin::cli {

/// The file of the embedded database.
[[nodiscard]] std::filesystem::path database_file(const runtime::configuration& configuration);

/// Where the configuration keeps the data: the one place where that is decided.
[[nodiscard]] persistence::database_location location_of(
    const runtime::configuration& configuration);

}  // namespace perin::cli
