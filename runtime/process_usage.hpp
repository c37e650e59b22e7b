#pragma once

#include <cstdint>
#include <optional>

namespace perin::runtime {

/// What the kernel says of this process, under the names that Prometheus' own clients use.
struct process_usage {
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    double cpu_seconds = 0;
    /// Since 1970.
    double start_seconds = 0;
    std::uint64_t open_files = 0;
    std::uint64_t most_files = 0;
    std::uint64_t threads = 0;
};

/// Reads /proc; nothing where there is none.
[[nodiscard]] std::optional<process_usage> read_process_usage();

}  // namespace perin::runtime
