#pragma once

#include "domain/result.hpp"

#include <map>
#include <string>

namespace perin::persistence {

/// How one of PostgreSQL's own programs (`pg_dump`, `psql`) is told where to connect. Everyone on
/// the machine may see a command line, so the password goes by the environment.
struct tool_connection {
    /// For `--dbname`, in the form `name='value' ...`.
    std::string text;
    /// Variables for that program.
    std::map<std::string, std::string> environment;
};

/// Of what `DATABASE_URL` says. `invalid_request` where it is no URL of a PostgreSQL database, or
/// has a password that no environment variable takes (`sslpassword`).
[[nodiscard]] result<tool_connection> tool_connection_of(const std::string& url);

}  // namespace perin::persistence
