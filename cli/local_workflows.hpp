#pragma once

#include "actors/workflow/step_kind.hpp"
#include "cli/workflow_service.hpp"
#include "domain/workflow/replay.hpp"
#include "persistence/database.hpp"
#include "runtime/clock.hpp"

#include <memory>

namespace perin::cli {

/// `workflow_service` on the database itself. Blocks; one thread at a time. What is given must
/// outlive it.
class local_workflows : public workflow_service {
  public:
    local_workflows(persistence::database& on, const runtime::wall_clock& clock,
                    runtime::entropy& random);

    [[nodiscard]] result<nlohmann::json> list(
        const std::optional<workflow::status>& status) override;
    [[nodiscard]] result<nlohmann::json> show(const std::string& id) override;
    [[nodiscard]] result<nlohmann::json> command(const std::string& id,
                                                 const runtime::workflow_order& order) override;

  private:
    persistence::database& on_;
    const runtime::wall_clock& clock_;
    std::shared_ptr<const actors::workflow_book> book_;
};

}  // namespace perin::cli
