#include "runtime/upstream/jitter.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace perin::runtime {

std::chrono::milliseconds jitter(std::chrono::milliseconds most, entropy& random) {
    if (most.count() <= 0) return std::chrono::milliseconds{0};
    std::array<std::uint8_t, sizeof(std::uint64_t)> octets{};
    random.fill(octets);
    std::uint64_t drawn = 0;
    std::memcpy(&drawn, octets.data(), octets.size());
    // Waits are far below 2^64 milliseconds: the unevenness of the remainder is not measurable.
    return std::chrono::milliseconds{
        static_cast<std::int64_t>(drawn % (static_cast<std::uint64_t>(most.count()) + 1))};
}

}  // namespace perin::runtime
