#pragma once

#include "actors/tools/registry.hpp"
#include "actors/turn/answer_cache.hpp"
#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <memory>

namespace perin::actors {

/// What every turn of a server shares.
struct turn_parts {
    std::shared_ptr<runtime::chat_model> model;
    /// Asked in this order where `model` cannot be reached.
    std::vector<std::shared_ptr<runtime::chat_model>> other_models = {};
    /// The last that answers, without any service; null: such turns fail.
    std::shared_ptr<runtime::chat_model> assistant = {};
    /// Null: no answer is kept.
    std::shared_ptr<answer_cache> answers = {};
    /// No model service is configured: the offline assistant is `model`, and the client is told.
    bool offline = false;
    std::shared_ptr<const tool_registry> tools;
    /// Of a turn in which a guest of a link speaks: these, and none of the owner's.
    std::shared_ptr<const tool_registry> guest_tools = {};
    runtime::actor_slot<runtime::delegations_actor> delegations = {};
    runtime::actor_slot<runtime::memory_actor> memory;
    /// Nobody stands there: no stage is run for them, and a call that has to be approved fails.
    runtime::actor_slot<runtime::notifications_actor> notifications = {};
    std::shared_ptr<const runtime::wall_clock> clock;
    /// Tokens of the model's context.
    std::size_t window = 128'000;
    std::optional<std::int64_t> max_tokens = {};
    /// The same of a guest's turn, which the owner pays for.
    std::size_t guest_window = 16'000;
    std::int64_t guest_max_tokens = 1'000;
    std::chrono::milliseconds memory_timeout{2'000};
    std::chrono::milliseconds notifications_timeout{2'000};
    /// For the link that a guest comes by, and for a workflow that begins to come to its first
    /// rest.
    std::chrono::milliseconds link_timeout{15'000};
    std::chrono::milliseconds tool_timeout{30'000};
    /// For the conversation to write a plan or a result.
    std::chrono::milliseconds journal_timeout{30'000};
};

/// Planner rounds of a turn (features section 1, stage 9a).
inline constexpr std::size_t most_planner_rounds = 6;

/// Calls that one round may ask for.
inline constexpr std::size_t most_calls_a_round = 16;

/// Starts a turn, monitored by nobody: it tells `owner` of its events, and at last `turn_finished`.
/// An exit message ends it, its model call and its tools.
[[nodiscard]] runtime::turn_actor spawn_turn(caf::actor_system& system,
                                             std::shared_ptr<const turn_parts> parts,
                                             runtime::turn_input input,
                                             runtime::conversation_actor owner);

}  // namespace perin::actors
