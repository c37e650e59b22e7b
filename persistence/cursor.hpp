#pragma once

#include "domain/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace perin::persistence {

/// Where a list by time of creation was left off: its last item.
struct list_position {
    timestamp created_at = {};
    std::string id;
    friend bool operator==(const list_position&, const list_position&) = default;
};

/// The position as clients see it: URL-safe, and nothing to be read from its outside.
[[nodiscard]] std::string to_cursor(const list_position& position);

/// Nothing for text that `to_cursor` does not make.
[[nodiscard]] std::optional<list_position> from_cursor(std::string_view cursor);

}  // namespace perin::persistence
