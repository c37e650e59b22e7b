#pragma once

#include "actors/delegation/delegation_flow.hpp"
#include "actors/workflow/step_kind.hpp"

#include <cstdint>
#include <memory>

namespace perin::actors {

/// An attempt that, before it fails for good, gives back the time that its workflow has taken and
/// that nobody has booked: a workflow which has failed keeps no time from others. Where that cannot
/// be done the attempt fails with the reason, and may be made again. `most_attempts`: of the step.
[[nodiscard]] std::shared_ptr<step_run> giving_back(
    std::shared_ptr<step_run> run, std::shared_ptr<const delegation_flow_parts> parts,
    std::uint32_t most_attempts);

}  // namespace perin::actors
