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

/// What is known of a stream without reading it. Only streams that go on by themselves have this,
/// workflows and others, so that unfinished ones are found at start; conversations and their turns
/// have tables of their own.
struct stream_state {
    /// Such as `workflow`. Stays as it was at the beginning.
    std::string kind;
    /// Whose it is; empty for nobody's. Stays as well.
    std::string user_id;
    std::string state;
    /// What a list shows beside the state, as JSON text.
    std::string summary = "{}";
    /// Its events are told elsewhere too. Stays as well.
    bool tells = false;
    friend bool operator==(const stream_state&, const stream_state&) = default;
};

}  // namespace perin
