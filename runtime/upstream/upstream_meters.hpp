#pragma once

#include "runtime/metrics.hpp"
#include "runtime/upstream/upstream.hpp"

#include <functional>

namespace perin::runtime {

/// Counts what an upstream tells and writes what an operator should know of to the log. `into`
/// outlives the upstream. For one upstream's `observer`.
[[nodiscard]] std::function<void(const upstream_event&)> metered(metrics& into);

}  // namespace perin::runtime
