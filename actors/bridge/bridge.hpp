#pragma once

#include "runtime/actors.hpp"

#include <caf/fwd.hpp>

namespace perin::actors {

/// Starts a bridge: it runs what the front asks of other actors within an actor of its own.
[[nodiscard]] runtime::bridge_actor spawn_bridge(caf::actor_system& system);

}  // namespace perin::actors
