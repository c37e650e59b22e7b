#pragma once

#include "domain/journal.hpp"
#include "domain/result.hpp"
#include "domain/workflow/definition.hpp"
#include "domain/workflow/summary.hpp"

#include <span>
#include <vector>

namespace perin::workflow {

/// A workflow as its stream tells it.
struct replayed {
    workflow_state state;
    std::vector<past_event> history;
};

/// What a stream holds, as far as it can be read.
struct read_history {
    std::vector<past_event> events;
    /// All could be read.
    bool whole = true;
};

[[nodiscard]] read_history history_of(std::span<const journal_record> records);

/// The state that the records of a stream come to. `of`: of the version that the workflow began
/// with; null where the program does not have that. `conflict` then, and where a record is one of a
/// newer program.
[[nodiscard]] result<replayed> replay(const summary& is, const definition* of,
                                      read_history history);

/// What is told of it. `is`: as it was; its state, times and what it waits for are made anew.
[[nodiscard]] account_of account(summary is, const workflow_state& state,
                                 std::vector<past_event> history);

/// The summary of a workflow in that state.
[[nodiscard]] summary summarize(summary is, const workflow_state& state,
                                std::span<const past_event> history);

}  // namespace perin::workflow
