#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace perin::workflow {

/// One step of a workflow (features section 3).
struct step_definition {
    std::string id;
    /// For people.
    std::string name;
    std::string description = {};
    /// A step that is not may be skipped, and is where it fails.
    bool required = true;
    std::chrono::seconds estimated_duration{0};
    /// Which executor carries it out.
    std::string kind = {};
    /// Whether what it has done can be undone.
    bool compensates = false;
    /// Tries in a row, the first included, before it has failed.
    std::uint32_t most_attempts = 4;
    friend bool operator==(const step_definition&, const step_definition&) = default;
};

/// What a kind of workflow does, in order. A change of it is a new version: one that runs goes on
/// by the version it began with.
struct definition {
    std::string kind;
    std::uint32_t version = 1;
    std::vector<step_definition> steps;
    friend bool operator==(const definition&, const definition&) = default;
};

}  // namespace perin::workflow
