#pragma once

#include "runtime/workflow_messages.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace perin::net {

/// What the WebSocket frame of a type such as `workflow.pause` asks for (protocol, WebSocket);
/// `invalid_request` with the pointer of the field that is wrong, `/type` where there is no such
/// command. Whose workflow it may be is for the caller to set.
[[nodiscard]] result<runtime::command_workflow> read_workflow_command(std::string_view type,
                                                                      const nlohmann::json& frame);

/// Whether a guest may give the command: it answers, and does nothing else (protocol, Delegation).
[[nodiscard]] bool guest_may(const runtime::workflow_order& order) noexcept;

}  // namespace perin::net
