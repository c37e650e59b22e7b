#pragma once

#include "domain/id.hpp"
#include "domain/time.hpp"

#include <cstddef>
#include <span>

namespace perin::runtime {

/// The wall clock, injected so that tests decide the time. Thread-safe.
class wall_clock {
  public:
    virtual ~wall_clock() = default;
    [[nodiscard]] virtual timestamp now() const = 0;
};

/// A source of randomness, injected so that tests can repeat a run. Thread-safe.
class entropy {
  public:
    virtual ~entropy() = default;
    /// Fills `out` with unpredictable octets.
    virtual void fill(std::span<std::uint8_t> out) = 0;

    [[nodiscard]] id_entropy for_id() {
        id_entropy octets{};
        fill(octets);
        return octets;
    }
};

/// The system's clock.
class system_clock final : public wall_clock {
  public:
    [[nodiscard]] timestamp now() const override;
};

/// The kernel's random generator, buffered for each thread.
class system_entropy final : public entropy {
  public:
    void fill(std::span<std::uint8_t> out) override;
};

}  // namespace perin::runtime
