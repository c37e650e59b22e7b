#pragma once

#include "runtime/notification_messages.hpp"

#include <nlohmann/json.hpp>

namespace perin::net {

/// What a client decides: `action`, `data`, and where `id_field` is set, the id in that field.
/// Whose it is, is for the caller to set.
[[nodiscard]] result<runtime::resolve_notification> read_decision(const nlohmann::json& body,
                                                                  const char* id_field = nullptr);

}  // namespace perin::net
