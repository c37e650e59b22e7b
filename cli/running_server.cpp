#include "cli/running_server.hpp"

#include "cli/run_file.hpp"

namespace perin::cli {

std::optional<admin_client> running_server(const std::filesystem::path& data) {
    const auto run = live_run_file(data);
    if (!run) return {};
    admin_client server(*run);
    const auto answer = server.call("GET", "/private/users");
    if (answer || answer.error().code == error_code::upstream_timeout) return server;
    return {};
}

}  // namespace perin::cli
