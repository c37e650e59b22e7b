#pragma once

#include "domain/workflow/definition.hpp"
#include "domain/workflow/event.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace perin::workflow {

/// As the protocol names it.
enum class status { running, waiting, paused, completed, failed, cancelled };

enum class step_status { pending, running, waiting, ok, failed, skipped, compensated };

[[nodiscard]] std::string_view to_string(status what) noexcept;
[[nodiscard]] std::string_view to_string(step_status what) noexcept;

/// A step of a workflow that has begun.
struct step_state {
    step_definition is;
    step_status status = step_status::pending;
    /// Since it began, or was retried by somebody.
    std::uint32_t attempts = 0;
    /// Of a waiting one.
    std::optional<step_waits> waiting = {};
    /// What it was answered, for the next attempt.
    std::optional<nlohmann::json> answer = {};
    /// The key of the call that gave the answer.
    std::string answered_by = {};
    /// Of one that is to be tried again.
    std::optional<timestamp> retry_at = {};
    nlohmann::json outcome = nullptr;
    /// Of the last attempt that failed, until another begins.
    std::optional<error_code> failed_with = {};
    /// It has begun and not ended, also while it waits or is to be tried again.
    bool under_way = false;
    std::optional<timestamp> started_at = {};
    std::optional<timestamp> ended_at = {};
};

// What is to be done next.

struct start_step {
    std::string step_id;
    std::uint32_t attempt = 1;
    friend bool operator==(const start_step&, const start_step&) = default;
};
/// The attempt that the journal says has begun is to be made again: nobody knows how it ended.
struct repeat_step {
    std::string step_id;
    std::uint32_t attempt = 1;
    friend bool operator==(const repeat_step&, const repeat_step&) = default;
};
struct compensate_step {
    std::string step_id;
    friend bool operator==(const compensate_step&, const compensate_step&) = default;
};
/// It says so in the journal, and that is all.
struct conclude {
    event with;
    friend bool operator==(const conclude&, const conclude&) = default;
};
/// Nothing, until a time, or until somebody says something.
struct rest {
    std::optional<timestamp> until = {};
    friend bool operator==(const rest&, const rest&) = default;
};

using action = std::variant<start_step, repeat_step, compensate_step, conclude, rest>;

/// What a workflow is by its events: a fold.
///
///     running ◄──► waiting        a step waits for an answer, an approval, a time, an event
///      │ ▲ ▲  └────────┐
///      │ │ └─ paused ◄─┘          by somebody; what runs may end, nothing begins
///      │ └─── failed              a required step has; somebody may retry it
///      ├────► completed
///      └────► cancelled           once what was done is undone, the last first
///
/// A command gives the event that follows from it, or why it may not be given; nothing changes but
/// by `apply`.
class workflow_state {
  public:
    /// `of` is of the version that the workflow began with.
    explicit workflow_state(definition of);

    void apply(const event& what, timestamp at);

    [[nodiscard]] workflow::status status() const noexcept;
    [[nodiscard]] const std::vector<step_state>& steps() const noexcept { return steps_; }
    [[nodiscard]] const nlohmann::json& input() const noexcept { return input_; }
    /// Where it is told of; nothing: nowhere.
    [[nodiscard]] const std::optional<told_in>& origin() const noexcept { return origin_; }
    [[nodiscard]] bool is_cancelling() const noexcept { return cancelling_; }
    [[nodiscard]] bool is_over() const noexcept;
    /// Null where there is none of that id.
    [[nodiscard]] const step_state* find(const std::string& step_id) const;
    /// The step that it is at; nothing where all have ended.
    [[nodiscard]] const step_state* current() const noexcept;

    /// When it goes on by itself; nothing where somebody else has to do something, or it does
    /// already.
    [[nodiscard]] std::optional<timestamp> due_at() const;

    /// `running`: an attempt of the current step is under way in this process.
    [[nodiscard]] action next(timestamp now, bool running) const;

    // Commands of people. `conflict` where the state is not one to do it in, `not_found` where
    // there is no such step.
    [[nodiscard]] result<event> pause(std::string reason) const;
    [[nodiscard]] result<event> resume() const;
    [[nodiscard]] result<event> cancel(std::string reason) const;
    [[nodiscard]] result<event> skip(const std::string& step_id) const;
    [[nodiscard]] result<event> retry(const std::string& step_id) const;
    /// Kept while paused.
    [[nodiscard]] result<event> answer(const std::string& step_id, nlohmann::json with,
                                       std::string by = {}) const;

    /// What a failed attempt comes to: tried again at `retry_at` while it has attempts left and
    /// `may_help`, skipped where it is not required, else failed.
    [[nodiscard]] std::vector<event> failed_attempt(const std::string& step_id, error_code code,
                                                    std::string detail, bool may_help,
                                                    timestamp retry_at) const;

  private:
    [[nodiscard]] step_state* mutable_step(const std::string& step_id);

    definition of_;
    std::vector<step_state> steps_;
    nlohmann::json input_ = nullptr;
    std::optional<told_in> origin_;
    bool paused_ = false;
    bool cancelling_ = false;
    std::optional<workflow::status> ended_ = {};
};

/// The same for every attempt of a step, so that its effect happens once.
[[nodiscard]] std::string idempotency_key(const std::string& workflow_id,
                                          const std::string& step_id);

}  // namespace perin::workflow
