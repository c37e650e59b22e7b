#pragma once

#include "cli/run_file.hpp"
#include "domain/account.hpp"
#include "domain/result.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace perin::cli {

/// A token for a conversation at the terminal, and whose it is.
struct terminal_session {
    std::string token;
    user account;
};

/// A body of another kind than JSON.
struct typed_body {
    std::string type;
    std::string text;
};

/// Calls the private routes of a running server's admin listener. Blocks, up to 30 s for a call.
/// `unavailable` where there is no connection, `upstream_timeout` where no answer comes; a problem
/// of the server is the failure of its code.
class admin_client {
  public:
    explicit admin_client(const run_file& server) : base_(server.admin), token_(server.token) {}

    /// `path` with its query. The answer's body; null where it is empty.
    [[nodiscard]] result<nlohmann::json> call(const std::string& method, const std::string& path,
                                              const std::optional<nlohmann::json>& body = {}) const;

    /// The same with any body, and its answer as it comes.
    [[nodiscard]] result<std::string> transfer(
        const std::string& method, const std::string& path,
        const std::optional<typed_body>& body = {},
        std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;

    /// A session for the user of this e-mail, or for the only one.
    [[nodiscard]] result<terminal_session> open_session(
        const std::optional<std::string>& email) const;

  private:
    std::string base_;
    std::string token_;
};

/// `text` percent-encoded for a query (RFC 3986 section 2.1).
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace perin::cli
