#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "domain/workflow/definition.hpp"
#include "domain/workflow/event.hpp"
#include "domain/workflow/workflow_state.hpp"
#include "runtime/workflow_messages.hpp"

#include <caf/typed_actor.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace perin::actors {

/// Everything that an attempt of a step works on. Values.
struct step_context {
    std::string workflow_id;
    std::string user_id;
    std::string step_id;
    /// From 1, anew after an answer and after a retry by somebody. 0: its effect is to be undone.
    std::uint32_t attempt = 1;
    /// The same for every attempt: an effect bears it, and so happens once.
    std::string idempotency_key;
    /// Where the workflow was begun in a conversation.
    std::optional<workflow::told_in> origin = {};
    /// Of the workflow.
    nlohmann::json input = nullptr;
    /// Of the steps that are done, by their ids.
    std::map<std::string, nlohmann::json> outcomes = {};
    /// What the step was waiting for: JSON null where that was a time.
    std::optional<nlohmann::json> answer = {};
    timestamp now = {};
};

/// It is done.
struct step_ok {
    nlohmann::json outcome = nullptr;
};
/// It goes on, as another attempt, with an answer, or at the time.
struct step_must_wait {
    workflow::waits_for what = workflow::waits_for::answer;
    std::optional<timestamp> until = {};
    /// What people are shown of it meanwhile.
    nlohmann::json shown = nullptr;
    /// Said as progress, before it waits; empty: nothing.
    std::string because = {};
};
/// Whether another try may help is told by the code (`may_help`).
using step_end = std::variant<step_ok, step_must_wait, failure>;

/// Whether an attempt that failed so may go well the next time.
[[nodiscard]] bool may_help(error_code code) noexcept;

/// To an attempt: begin.
struct begin_step {};

/// One attempt of a step.
using step_actor = caf::typed_actor<caf::reacts_to<begin_step>>;

/// What an attempt works with; good until it has ended.
class step_run {
  public:
    virtual ~step_run() = default;
    [[nodiscard]] virtual const step_context& context() const = 0;
    /// For requests to other actors: what is done with their answers is done in the attempt's
    /// actor.
    [[nodiscard]] virtual step_actor::pointer self() = 0;
    /// Said to those who watch, and kept.
    virtual void progress(std::string message) = 0;
    /// Ends the attempt; the first call counts.
    virtual void end(step_end how) = 0;
};

/// Carries out the steps of one kind.
struct step_kind {
    std::string name;
    /// Begins an attempt; it ends by `step_run::end`, or fails by its deadline, its death or an
    /// exception. Called in an actor of its own.
    std::function<void(std::shared_ptr<step_run>)> run;
    /// Undoes what was done, of steps that compensate; `context().outcomes` has its outcome. Null:
    /// there is nothing to undo.
    std::function<void(std::shared_ptr<step_run>)> compensate = nullptr;
    /// Whether it is an answer that the step can go on with: what is kept of it, or
    /// `invalid_request`. Null: any is.
    std::function<result<nlohmann::json>(const nlohmann::json&)> check_answer = nullptr;
    std::chrono::milliseconds deadline{30'000};
    /// Before the second attempt; twice as long before each further one, to `longest_backoff`, with
    /// full jitter.
    std::chrono::milliseconds first_backoff{1'000};
    std::chrono::milliseconds longest_backoff{60'000};
};

/// The workflows that a server knows: every version that may still be under way.
struct workflow_book {
    std::vector<workflow::definition> definitions;
    std::vector<step_kind> kinds;

    /// The newest of a kind; null where there is none.
    [[nodiscard]] const workflow::definition* newest(const std::string& kind) const;
    /// Null where the program does not know that version.
    [[nodiscard]] const workflow::definition* find(const std::string& kind,
                                                   std::uint32_t version) const;
    [[nodiscard]] const step_kind* find_step(const std::string& name) const;
};

}  // namespace perin::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::actors::begin_step)
