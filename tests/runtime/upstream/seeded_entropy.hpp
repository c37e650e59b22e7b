#pragma once

#include "runtime/clock.hpp"

#include <chrono>
#include <cstdint>
#include <random>
#include <span>

namespace perin::runtime {

/// The same octets for the same seed.
class seeded_entropy final : public entropy {
  public:
    explicit seeded_entropy(std::uint64_t seed = 1) : engine_(seed) {}

    void fill(std::span<std::uint8_t> out) override {
        ++drawn_;
        for (auto& octet : out) octet = static_cast<std::uint8_t>(engine_() >> 56);
    }

    /// How often it was asked.
    [[nodiscard]] int drawn() const { return drawn_; }

  private:
    std::mt19937_64 engine_;
    int drawn_ = 0;
};

/// Any moment will do.
inline constexpr std::chrono::steady_clock::time_point some_moment{std::chrono::hours{1000}};

}  // namespace perin::runtime
