#include "actors/store/store_reader.hpp"
#include "persistence/cursor.hpp"
#include "persistence/journal.hpp"
#include "persistence/streams.hpp"
#include "persistence/time_list.hpp"
#include "persistence/timers.hpp"

namespace perin::actors {

using namespace runtime;
using persistence::stream_repository;
using persistence::stream_row;

namespace {

/// Records that one read takes.
constexpr std::size_t page_records = 500;

failure no_such_workflow() { return {error_code::not_found, "there is no such workflow"}; }

failure unreadable_workflow() {
    return {error_code::internal, "the database holds a workflow that cannot be read"};
}

std::optional<workflow::summary> summary_of(const stream_row& row) {
    return workflow::summary_of(row.stream, row.what, row.created_at, row.updated_at);
}

}  // namespace

result<loaded_workflow> store_reader::read(const load_workflow& what) {
    const auto stream = workflow::stream_of(what.id);
    const auto row = stream_repository(db_).find(stream);
    if (!row) return row.error();
    if (!*row || (!what.user_id.empty() && (*row)->what.user_id != what.user_id))
        return no_such_workflow();
    auto is = summary_of(**row);
    if (!is) return unreadable_workflow();
    loaded_workflow out{std::move(*is), (*row)->version, (*row)->told, {}};
    persistence::journal_repository journal(db_);
    while (out.records.size() < out.version) {
        auto part = journal.read(stream, out.records.size(), page_records);
        if (!part) return part.error();
        if (part->empty()) return unreadable_workflow();
        out.records.insert(out.records.end(), std::make_move_iterator(part->begin()),
                           std::make_move_iterator(part->end()));
    }
    // What came after the row was read is not of this version.
    out.records.resize(out.version);
    return out;
}

result<workflow_page> store_reader::read(const list_workflows& what) {
    const auto page = persistence::begin_page(what.limit, what.cursor);
    if (!page) return page.error();
    persistence::stream_position after{page->after.created_at, {}};
    if (!page->after.id.empty()) after.stream = workflow::stream_of(page->after.id);
    auto rows = stream_repository(db_).list(
        std::string(workflow::stream_kind), what.user_id,
        what.status ? std::string(workflow::to_string(*what.status)) : std::string(),
        page->wanted + 1, after);
    if (!rows) return rows.error();
    std::vector<workflow::summary> found;
    for (const auto& row : *rows) {
        auto one = summary_of(row);
        if (!one) return unreadable_workflow();
        found.push_back(std::move(*one));
    }
    auto out = persistence::end_page<workflow::summary>(*page, std::move(found));
    if (!out) return out.error();
    return workflow_page{std::move(out->items), std::move(out->next_cursor)};
}

result<std::vector<std::string>> store_reader::read(const list_unfinished_workflows& what) {
    stream_repository streams(db_);
    const std::string kind(workflow::stream_kind);
    const auto after = what.after_id.empty() ? std::string() : workflow::stream_of(what.after_id);
    const auto rows =
        what.untold ? streams.untold(kind, what.limit, after)
                    : streams.in_state(kind, std::string(to_string(workflow::status::running)),
                                       what.limit, after);
    if (!rows) return rows.error();
    std::vector<std::string> out;
    for (const auto& row : *rows) out.push_back(workflow::workflow_of(row.stream));
    return out;
}

result<due_workflows> store_reader::read(const list_due_workflows& what) {
    persistence::timer_repository timers(db_);
    const auto due = timers.due_of(std::string(wake_timer), what.now, what.limit);
    if (!due) return due.error();
    const auto next = timers.next_of(std::string(wake_timer), what.now);
    if (!next) return next.error();
    due_workflows out{{}, *next};
    for (const auto& one : *due) out.ids.push_back(workflow::workflow_of(one.subject));
    return out;
}

}  // namespace perin::actors
