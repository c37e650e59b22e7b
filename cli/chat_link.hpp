#pragma once

#include "domain/result.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace perin::cli {

/// A WebSocket to a Perin server. It reads on a thread of its own, so that the server's pings are
/// answered while a person thinks. One caller.
class chat_link {
  public:
    virtual ~chat_link() = default;
    /// Sends a frame; lost where the connection is.
    virtual void send(const nlohmann::json& frame) = 0;
    /// The next frame. Nothing after `time`, or where the connection has ended.
    [[nodiscard]] virtual std::optional<nlohmann::json> next(std::chrono::milliseconds time) = 0;
    [[nodiscard]] virtual bool open() const = 0;
};

/// Connects to `base_url` (`http://` or `https://`) and waits for `ready`. `unavailable` where the
/// server cannot be reached, `unauthenticated` where it refuses the token.
[[nodiscard]] result<std::unique_ptr<chat_link>> connect_chat(const std::string& base_url,
                                                              const std::string& token);

}  // namespace perin::cli
