#pragma once

#include "cli/link_service.hpp"
#include "runtime/configuration.hpp"

#include <memory>

namespace perin::cli {

/// The links of the server that runs on this data folder, where it answers; else of the database
/// there, which is made and brought up to date.
[[nodiscard]] result<std::unique_ptr<link_service>> open_links(
    const runtime::configuration& configuration);

}  // namespace perin::cli
