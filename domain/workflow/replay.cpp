#include "domain/workflow/replay.hpp"

#include "domain/json.hpp"

#include <string>
#include <utility>

namespace perin::workflow {

namespace {

/// Deeper than what anybody may send: an answer lies within an event.
constexpr std::size_t record_depth = 64;

}  // namespace

read_history history_of(std::span<const journal_record> records) {
    read_history out;
    for (const auto& record : records) {
        const auto written = parse_json(record.payload, record_depth);
        auto what = written ? event_of(record.kind, *written) : std::nullopt;
        if (!what) {
            out.whole = false;
            break;
        }
        out.events.push_back({record.version, std::move(*what), record.at});
    }
    return out;
}

result<replayed> replay(const summary& is, const definition* of, read_history history) {
    if (!history.whole)
        return failure{error_code::conflict,
                       "the workflow's history is of a newer program than this one"};
    if (!of) {
        std::string says = "the workflow began with version ";
        says.append(std::to_string(is.definition_version)).append(" of ").append(is.kind);
        says += ", which this program does not have";
        return failure{error_code::conflict, std::move(says)};
    }
    replayed out{workflow_state(*of), std::move(history.events)};
    for (const auto& one : out.history) out.state.apply(one.what, one.at);
    return out;
}

summary summarize(summary is, const workflow_state& state, std::span<const past_event> history) {
    if (!history.empty()) {
        is.created_at = history.front().at;
        is.updated_at = history.back().at;
    }
    is.status = state.status();
    is.waits.reset();
    if (const auto& origin = state.origin()) {
        is.conversation_id = origin->conversation_id;
        is.turn_id = origin->turn_id;
    }
    const auto* step = state.current();
    if (!step || state.is_over() || state.is_cancelling()) return is;
    if (step->status == step_status::waiting) {
        is.waits = step->waiting;
        // A list does not show it, and it may be long.
        is.waits->shown = nullptr;
    } else if (step->retry_at) {
        is.waits = step_waits{step->is.id, waits_for::time, step->retry_at};
    }
    return is;
}

account_of account(summary is, const workflow_state& state, std::vector<past_event> history) {
    account_of out{summarize(std::move(is), state, history), state.steps(), {}};
    out.history = std::move(history);
    return out;
}

}  // namespace perin::workflow
