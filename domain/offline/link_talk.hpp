#pragma once

#include "domain/offline/utterance.hpp"

namespace perin::offline {

/// "Make a 30 minute link for Anna for next week": a link by which somebody outside books a time.
[[nodiscard]] bool asks_for_link(const utterance& said);

}  // namespace perin::offline
