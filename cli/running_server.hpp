#pragma once

#include "cli/admin_client.hpp"
#include "domain/result.hpp"

#include <filesystem>
#include <optional>

namespace perin::cli {

/// The server that runs on this data folder. One that takes the connection and then says nothing is
/// one as well. Nothing where none answers that knows the token of `run.json`: its process may be
/// another one by now, and its address another server's.
[[nodiscard]] std::optional<admin_client> running_server(const std::filesystem::path& data);

}  // namespace perin::cli
