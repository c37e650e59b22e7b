#pragma once

#include "domain/time.hpp"

#include <cstdint>
#include <string>

namespace perin {

/// A conversation as lists show it.
struct conversation_summary {
    std::string id;
    std::string title;
    timestamp created_at = {};
    timestamp updated_at = {};
    /// Highest `seq` on disk.
    std::uint64_t last_seq = 0;
    friend bool operator==(const conversation_summary&, const conversation_summary&) = default;
};

}  // namespace perin
