#include "cli/local_workflows.hpp"

#include "actors/store/store_reader.hpp"
#include "actors/workflow/workflow_orders.hpp"
#include "cli/actor_tree.hpp"
#include "persistence/journal.hpp"
#include "persistence/timers.hpp"

namespace perin::cli {

using namespace runtime;
using nlohmann::json;

local_workflows::local_workflows(persistence::database& on, const wall_clock& clock, entropy&)
    : on_(on), clock_(clock), book_(known_workflows({}, {})) {}

result<json> local_workflows::list(const std::optional<workflow::status>& status) {
    list_workflows wanted;
    wanted.status = status;
    wanted.limit = most_listed_workflows;
    const auto page = actors::store_reader(on_).read(wanted);
    if (!page) return page.error();
    auto items = json::array();
    for (const auto& one : page->items) {
        items.push_back(to_json(one));
        items.back()["userId"] = one.user_id;
    }
    return json{{"items", std::move(items)}};
}

result<json> local_workflows::show(const std::string& id) {
    auto loaded = actors::store_reader(on_).read(load_workflow{id, {}});
    if (!loaded) return loaded.error();
    auto history = workflow::history_of(loaded->records);
    const auto* known = book_->find(loaded->is.kind, loaded->is.definition_version);
    // One that this program cannot carry out is shown all the same.
    if (!known || !history.whole)
        return to_json(workflow::account_of{loaded->is, {}, std::move(history.events)});
    auto found = workflow::replay(loaded->is, known, std::move(history));
    if (!found) return found.error();
    return to_json(workflow::account(loaded->is, found->state, std::move(found->history)));
}

result<json> local_workflows::command(const std::string& id, const workflow_order& order) {
    auto all = persistence::transaction::begin(on_);
    if (!all) return all.error();
    auto loaded = actors::store_reader(on_).read(load_workflow{id, {}});
    if (!loaded) return loaded.error();
    auto found =
        workflow::replay(loaded->is, book_->find(loaded->is.kind, loaded->is.definition_version),
                         workflow::history_of(loaded->records));
    if (!found) return found.error();
    const auto due = found->state.due_at();
    const auto follows = actors::event_of(order, found->state, *book_);
    if (!follows) return follows.error();
    const auto at = clock_.now();
    found->state.apply(*follows, at);
    found->history.push_back({loaded->version + 1, *follows, at});
    const auto stream = workflow::stream_of(id);
    const std::vector<journal_record> records{workflow::record_of(*follows, at)};
    const auto state = row_of(workflow::summarize(loaded->is, found->state, found->history));
    auto written =
        persistence::journal_repository(on_).append(stream, loaded->version, records, state);
    if (!written) return written.error();
    if (found->state.due_at() != due) {
        auto set = persistence::timer_repository(on_).wake(
            std::string(wake_timer), stream, loaded->is.user_id, found->state.due_at(), at);
        if (!set) return set.error();
    }
    if (auto done = all->commit(); !done) return done.error();
    return to_json(workflow::account(loaded->is, found->state, std::move(found->history)));
}

}  // namespace perin::cli
