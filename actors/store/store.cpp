#include "actors/store/store.hpp"

#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"
#include "runtime/supervision/owed_reply.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>

namespace perin::actors {

using namespace runtime;

namespace {

/// A change that waits for its commit. `apply` does it (again) and keeps its answer; `deliver`
/// gives that answer, or what lost the transaction.
struct waiting_change {
    std::function<bool(persistence::database&)> apply;
    std::function<void(const std::optional<failure>& lost)> deliver;
    /// Of the journal.
    std::size_t records = 0;
};

std::size_t records_of(const commit_conversation& what) { return what.records.size(); }
template <class Change>
std::size_t records_of(const Change&) {
    return 0;
}

/// One open transaction and those who wait for it.
///
/// Changes are done without a savepoint each, which costs as much as a statement. The first that
/// fails undoes the transaction, and all of its changes are done again, each within one.
struct store_state {
    static constexpr const char* name = "store";

    std::unique_ptr<persistence::database> db;
    store_settings settings;
    std::vector<waiting_change> waiting;
    bool open = false;
    bool careful = false;

    void end(const std::optional<failure>& lost) {
        open = false;
        careful = false;
        if (lost) {
            meters().commits_failed.add();
            log(log_level::error, "store.commit_failed", "a transaction was lost",
                {{"code", to_string(lost->code)},
                 {"detail", lost->detail},
                 {"changes", waiting.size()}});
        }
        auto all = std::exchange(waiting, {});
        for (auto& one : all) one.deliver(lost);
    }

    void committed(std::chrono::steady_clock::duration took) {
        auto& counted = meters();
        counted.commits.add();
        counted.batch_size.observe(static_cast<double>(waiting.size()));
        counted.commit_duration.observe(took);
        std::size_t records = 0;
        for (const auto& one : waiting) records += one.records;
        counted.records.add(records);
    }

    void commit() {
        if (!open) return;
        crash_point("store.before_commit");
        const auto began = std::chrono::steady_clock::now();
        if (auto done = db->commit(); !done) {
            db->rollback();
            end(done.error());
        } else {
            crash_point("store.after_commit");
            committed(std::chrono::steady_clock::now() - began);
            end(std::nullopt);
        }
    }

    /// What fails within its savepoint leaves nothing behind and spoils nothing for the others.
    std::optional<failure> apply_carefully(const waiting_change& one) {
        auto mark = persistence::savepoint::begin(*db);
        if (!mark) return mark.error();
        if (!one.apply(*db)) return std::nullopt;
        if (auto kept = mark->release(); !kept) return kept.error();
        return std::nullopt;
    }

    std::optional<failure> start_over() {
        db->rollback();
        careful = true;
        if (auto begun = db->begin(); !begun) return begun.error();
        for (const auto& one : waiting)
            if (auto lost = apply_carefully(one)) return lost;
        return std::nullopt;
    }

    /// Does the change within the open transaction.
    void enter(waiting_change one) {
        if (!open) {
            if (auto begun = db->begin(); !begun) return one.deliver(begun.error());
            open = true;
        }
        waiting.push_back(std::move(one));
        std::optional<failure> lost;
        if (careful)
            lost = apply_carefully(waiting.back());
        else if (!waiting.back().apply(*db))
            lost = start_over();
        if (lost) {
            db->rollback();
            return end(lost);
        }
        if (waiting.size() >= settings.batch) commit();
    }
};

using store_pointer = store_actor::stateful_pointer<store_state>;

/// Does one change; its answer goes out with the commit.
template <class Reply, class Change>
caf::result<Reply> enter(store_pointer self, const Change& change) {
    auto& state = self->state;
    if (!state.open) self->send(self, commit_batch{});
    auto promise = owe<Reply>(self);
    auto answer = std::make_shared<Reply>(failure{error_code::internal, "not done"});
    state.enter({[change, answer](persistence::database& db) {
                     *answer = store_writer(db).apply(change);
                     return answer->has_value();
                 },
                 [promise, answer](const std::optional<failure>& lost) mutable {
                     promise.deliver(lost ? Reply{*lost} : std::move(*answer));
                 },
                 records_of(change)});
    return promise;
}

store_actor::behavior_type store(store_pointer self, std::shared_ptr<store_state> start) {
    prepare(self);
    self->state.db = std::move(start->db);
    self->state.settings = start->settings;
    return {
        [self](const commit_conversation& what) {
            return enter<result<conversation_committed>>(self, what);
        },
        [self](const erase_conversation& what) { return enter<result<void>>(self, what); },
        [self](const commit_memory& what) { return enter<result<memory_committed>>(self, what); },
        [self](const commit_account& what) { return enter<result<account_committed>>(self, what); },
        [self](commit_batch) { self->state.commit(); },
    };
}

struct reader_state {
    static constexpr const char* name = "reader";
    std::unique_ptr<persistence::database> db;
};

using reader_pointer = reader_actor::stateful_pointer<reader_state>;

reader_actor::behavior_type reader(reader_pointer self, std::shared_ptr<reader_state> start) {
    prepare(self);
    self->state.db = std::move(start->db);
    auto answer = [self](const auto& what) { return store_reader(*self->state.db).read(what); };
    return {
        [=](const load_conversation& what) { return answer(what); },
        [=](const read_records& what) { return answer(what); },
        [=](const list_conversations& what) { return answer(what); },
        [=](const read_messages& what) { return answer(what); },
        [=](const find_turn& what) { return answer(what); },
        [=](const find_claim& what) { return answer(what); },
        [=](const list_unfinished& what) { return answer(what); },
        [=](const load_memory& what) { return answer(what); },
        [=](const find_token_owner& what) { return answer(what); },
        [=](const find_credentials& what) { return answer(what); },
        [=](const find_user& what) { return answer(what); },
        [=](const list_users& what) { return answer(what); },
        [=](const list_tokens& what) { return answer(what); },
    };
}

}  // namespace

store_actor spawn_store(caf::actor_system& system, std::unique_ptr<persistence::database> db,
                        store_settings settings, bool detached) {
    auto start = std::make_shared<store_state>();
    start->db = std::move(db);
    start->settings = settings;
    return detached ? system.spawn<caf::detached>(store, start) : system.spawn(store, start);
}

reader_actor spawn_reader(caf::actor_system& system, std::unique_ptr<persistence::database> db,
                          bool detached) {
    auto start = std::make_shared<reader_state>();
    start->db = std::move(db);
    return detached ? system.spawn<caf::detached>(reader, start) : system.spawn(reader, start);
}

}  // namespace perin::actors
