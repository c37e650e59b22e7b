#pragma once

#include "runtime/clock.hpp"

#include <chrono>

namespace perin::runtime {

/// A wait from 0 to `most`, both included, each as likely as any other; 0 where `most` is not
/// positive.
[[nodiscard]] std::chrono::milliseconds jitter(std::chrono::milliseconds most, entropy& random);

}  // namespace perin::runtime
