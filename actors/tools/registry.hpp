#pragma once

#include "domain/model.hpp"
#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace perin::actors {

/// Who is calling, and for which call. Decided by the turn before the model is asked.
struct tool_context {
    user caller;
    std::string turn_id;
    std::string call_id;
};

/// A tool: what the model is told of it, and how a call of it is started.
struct tool {
    tool_definition definition;
    /// Starts the actor of one call. Arguments have passed the schema when it sees them.
    std::function<runtime::tool_actor(caf::actor_system&, tool_context)> spawn;
};

/// The tools of a context, fixed before the model is called.
class tool_registry {
  public:
    explicit tool_registry(std::vector<tool> tools) : tools_(std::move(tools)) {}

    /// Nothing where no tool of that name is offered.
    [[nodiscard]] const tool* find(const std::string& name) const;
    [[nodiscard]] std::vector<tool_definition> definitions() const;
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    std::vector<tool> tools_;
};

/// `memory_remember` and `memory_forget`, for an owner.
[[nodiscard]] std::vector<tool> memory_tools(runtime::actor_slot<runtime::memory_actor> memory);

}  // namespace perin::actors
