#pragma once

#include "domain/scheduling/ranking.hpp"

#include <span>
#include <string>

namespace perin {

/// What remembered sentences ("I prefer meetings in the morning", "no meetings on Fridays") say
/// about the times that somebody likes, as weights beside those of `slot_weights`. A sentence that
/// names neither a liking nor a dislike says nothing.
[[nodiscard]] scheduling::slot_weights preferred_times(std::span<const std::string> remembered);

}  // namespace perin
