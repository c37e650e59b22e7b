#pragma once

#include "runtime/configuration.hpp"

#include <optional>
#include <string>

namespace perin::cli {

/// What `perin chat` was asked for.
struct chat_options {
    /// `-m`: one turn with this text; nothing: a conversation at the terminal.
    std::optional<std::string> message;
    /// Id of the conversation to go on with, or to begin.
    std::optional<std::string> conversation;
    /// E-mail, lower case: the local user to talk as; nothing: the only one.
    std::optional<std::string> user;
    /// Base URL and token of a server elsewhere: both or neither.
    std::optional<std::string> url;
    std::optional<std::string> token;
    /// Go on with the newest conversation.
    bool resume = false;
    /// Print what happens as JSON, one object a line.
    bool json = false;
    runtime::configuration configuration;
};

/// Talks with a server until the user ends it, or for one turn. Returns the exit code of the
/// program.
[[nodiscard]] int run_chat(const chat_options& options);

}  // namespace perin::cli
