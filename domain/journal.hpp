#pragma once

#include "domain/time.hpp"

#include <cstdint>
#include <string>

namespace perin {

/// One fact of a stream. `(stream, version)` is unique: versions of a stream begin at 1 and have no
/// gap.
struct journal_record {
    std::uint64_t version = 0;
    /// What kind of fact, such as `turn.accepted`.
    std::string kind;
    /// JSON text.
    std::string payload;
    timestamp at = {};
    friend bool operator==(const journal_record&, const journal_record&) = default;
};

}  // namespace perin
