#include "runtime/clock.hpp"

#include <array>
#include <cstring>
#include <sys/random.h>
#include <system_error>

namespace perin::runtime {

timestamp system_clock::now() const {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
}

void system_entropy::fill(std::span<std::uint8_t> out) {
    // Ids take a few octets at a time: one system call serves many.
    struct reserve {
        std::array<std::uint8_t, 1024> octets{};
        std::size_t used = 1024;
    };
    static thread_local reserve kept;
    for (auto& octet : out) {
        if (kept.used == kept.octets.size()) {
            std::size_t have = 0;
            while (have < kept.octets.size()) {
                auto got = getrandom(kept.octets.data() + have, kept.octets.size() - have, 0);
                if (got < 0 && errno == EINTR) continue;
                if (got < 0) throw std::system_error(errno, std::generic_category(), "getrandom");
                have += static_cast<std::size_t>(got);
            }
            kept.used = 0;
        }
        octet = kept.octets[kept.used];
        kept.octets[kept.used++] = 0;
    }
}

}  // namespace perin::runtime
