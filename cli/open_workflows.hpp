#pragma once

#include "cli/workflow_service.hpp"
#include "runtime/configuration.hpp"

#include <memory>

namespace perin::cli {

/// The workflows of the server that runs on this data folder, where it answers; else of the
/// database there, which is made and brought up to date.
[[nodiscard]] result<std::unique_ptr<workflow_service>> open_workflows(
    const runtime::configuration& configuration);

}  // namespace perin::cli
