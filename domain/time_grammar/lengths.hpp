#pragma once

#include "domain/time_grammar/lexer.hpp"

#include <chrono>
#include <optional>

namespace perin::time_grammar {

/// How long a meeting is to be.
struct length_reading {
    /// The first token after it.
    std::size_t next = 0;
    std::chrono::minutes length = {};
};

/// The words at token `i` as the length of a meeting, 1 minute to 24 hours: "for 45 minutes", "for
/// an hour and a half", "30-minute call", after "meeting": "of 20
/// minutes".
[[nodiscard]] std::optional<length_reading> read_length(const tokens& words, std::size_t i);

}  // namespace perin::time_grammar
