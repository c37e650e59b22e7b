#include "actors/store/store.hpp"

#include "actors/store/database_work.hpp"
#include "actors/store/reader_behavior.hpp"
#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "persistence/timers.hpp"
#include "runtime/supervision/owed_reply.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

/// While nobody writes, the store itself asks whether the database is back.
constexpr std::chrono::seconds probe_every{1};

std::size_t records_of(const commit_conversation& what) { return what.records.size(); }
template <class Change>
std::size_t records_of(const Change&) {
    return 0;
}

struct store_start {
    std::unique_ptr<persistence::database> db;
    group_commit_settings settings;
    actor_slot<upstream_actor> supervisor;
};

struct store_state {
    static constexpr const char* name = "store";

    std::unique_ptr<persistence::database> db;
    std::optional<group_commit> group;
    actor_slot<upstream_actor> supervisor;
    /// An attempt to get over what is stalled is under way.
    bool recovering = false;
};

using store_pointer = store_actor::stateful_pointer<store_state>;

void recover(store_pointer self);

void on_attempt(store_pointer self, const attempt_told& told) {
    auto& state = self->state;
    const auto done = state.group->retry();
    state.recovering = !done;
    told(end_of(done));
}

void on_refused(store_pointer self) {
    auto& state = self->state;
    state.recovering = false;
    state.group->give_up();
    self->delayed_send(self, probe_every, database_task{[self] { recover(self); }});
}

/// Puts what is stalled into the hands of the supervisor.
void recover(store_pointer self) {
    auto& state = self->state;
    if (state.recovering || !(state.group->stalled() || state.group->away())) return;
    state.recovering = true;
    store_actor me = self;
    submit(state.supervisor.load(),
           std::make_shared<database_work>(
               [me, self](attempt_told told) {
                   caf::anon_send(me, database_task{[self, told] { on_attempt(self, told); }});
               },
               [me, self](const call_refusal&) {
                   caf::anon_send(me, database_task{[self] { on_refused(self); }});
               }));
}

/// Has `change` done; its answer goes out with the commit.
void enter(store_pointer self, waiting_change change) {
    auto& group = *self->state.group;
    if (!group.open()) self->send(self, commit_batch{});
    group.enter(std::move(change));
    if (group.stalled()) recover(self);
}

template <class Reply, class Change>
caf::result<Reply> enter(store_pointer self, const Change& change) {
    auto promise = owe<Reply>(self);
    auto answer = std::make_shared<Reply>(failure{error_code::internal, "not done"});
    enter(self, {[change, answer](persistence::database& db) -> result<void> {
                     *answer = store_writer(db).apply(change);
                     if (!*answer) return answer->error();
                     return {};
                 },
                 [promise, answer](const std::optional<failure>& lost) mutable {
                     promise.deliver(lost ? Reply{*lost} : std::move(*answer));
                 },
                 nullptr, records_of(change)});
    return promise;
}

result<void> set_wake(persistence::database& db, const append_records& what) {
    return persistence::timer_repository(db).wake(
        std::string(wake_timer), what.stream, what.state ? what.state->user_id : std::string(),
        what.wake->due_at, what.records.empty() ? timestamp{} : what.records.back().at);
}

caf::result<result<std::uint64_t>> enter_append(store_pointer self, append_records& what) {
    auto promise = owe<result<std::uint64_t>>(self);
    struct pending_append {
        append_records what;
        persistence::stream_append seen;
        /// Of an append that was done by itself.
        result<void> done;
    };
    auto pending = std::make_shared<pending_append>();
    pending->what = std::move(what);
    const auto& mine = pending->what;
    pending->seen = {mine.stream, mine.expected_version, mine.records,
                     mine.state ? &*mine.state : nullptr};
    enter(self, {[pending](persistence::database& db) {
                     pending->done = persistence::journal_repository(db).append_all(
                         {&pending->seen, std::size_t{1}});
                     if (pending->done && pending->what.wake)
                         pending->done = set_wake(db, pending->what);
                     return pending->done;
                 },
                 [promise, pending](const std::optional<failure>& lost) mutable {
                     if (lost) return promise.deliver(*lost);
                     if (!pending->done) return promise.deliver(pending->done.error());
                     promise.deliver(pending->what.expected_version + pending->what.records.size());
                 },
                 mine.wake ? nullptr : &pending->seen, mine.records.size()});
    return promise;
}

store_actor::behavior_type store(store_pointer self, std::shared_ptr<store_start> start) {
    prepare(self);
    self->state.db = std::move(start->db);
    self->state.group.emplace(*self->state.db, start->settings);
    self->state.supervisor = start->supervisor;
    return {
        [self](const commit_conversation& what) {
            return enter<result<conversation_committed>>(self, what);
        },
        [self](append_records& what) { return enter_append(self, what); },
        [self](const erase_conversation& what) { return enter<result<void>>(self, what); },
        [self](const commit_memory& what) { return enter<result<memory_committed>>(self, what); },
        [self](const commit_account& what) { return enter<result<account_committed>>(self, what); },
        [self](const commit_calendar& what) {
            return enter<result<calendar_committed>>(self, what);
        },
        [self](const commit_notification& what) {
            return enter<result<notification_committed>>(self, what);
        },
        [self](const commit_delegation& what) { return enter<result<void>>(self, what); },
        [self](const prune_rows& what) { return enter<result<pruned_batch>>(self, what); },
        [self](const prune_conversation& what) {
            return enter<result<conversation_pruned>>(self, what);
        },
        [self](commit_batch) {
            self->state.group->commit();
            if (self->state.group->stalled()) recover(self);
        },
        [](const database_task& what) { what.run(); },
    };
}

struct reader_start {
    std::unique_ptr<persistence::database> db;
    actor_slot<upstream_actor> supervisor;
    failed_reads failed;
};

struct reader_state {
    static constexpr const char* name = "reader";
    std::unique_ptr<persistence::database> db;
    actor_slot<upstream_actor> supervisor;
    failed_reads failed;
};

using reader_pointer = reader_actor::stateful_pointer<reader_state>;

/// A read that the database failed: again, when its supervisor says so.
template <class Answer, class Message>
caf::result<Answer> read_later(reader_pointer self, const Message& what) {
    auto promise = owe<Answer>(self);
    reader_actor me = self;
    submit(self->state.supervisor.load(),
           std::make_shared<database_work>(
               [me, self, promise, what](attempt_told told) {
                   caf::anon_send(
                       me, database_task{[self, promise, what, told] {
                           auto answer = store_reader(*self->state.db).read(what);
                           const bool away =
                               !answer && answer.error().code == error_code::unavailable;
                           told(end_of(away ? result<void>{answer.error()} : result<void>{}));
                           if (!away) promise.deliver(std::move(answer));
                       }});
               },
               [promise](const call_refusal& why) { promise.deliver(failure_of(why)); }));
    return promise;
}

/// Reads go well that are made without the supervisor, which has seen the last one fail: it learns
/// of it by an attempt that has nothing to do. Nobody else might tell it, where nothing is written.
void tell_well(const reader_pointer& self) {
    const auto& failed = self->state.failed;
    if (!failed->load(std::memory_order_relaxed) || !failed->exchange(false)) return;
    submit(self->state.supervisor.load(),
           std::make_shared<database_work>([](attempt_told told) { told(end_of({})); },
                                           [failed](const call_refusal&) { failed->store(true); }));
}

template <class Message>
auto read(reader_pointer self, const Message& what) {
    using answer_type = decltype(store_reader(*self->state.db).read(what));
    auto answer = store_reader(*self->state.db).read(what);
    const bool away = !answer && answer.error().code == error_code::unavailable;
    if (!away) tell_well(self);
    if (!away || !self->state.supervisor.load()) return caf::result<answer_type>{std::move(answer)};
    self->state.failed->store(true);
    return read_later<answer_type>(self, what);
}

reader_actor::behavior_type reader(reader_pointer self, std::shared_ptr<reader_start> start) {
    prepare(self);
    self->state.db = std::move(start->db);
    self->state.supervisor = start->supervisor;
    self->state.failed = start->failed;
    return reader_behavior([self](const auto& what) { return read(self, what); });
}

}  // namespace

store_actor spawn_store(caf::actor_system& system, std::unique_ptr<persistence::database> db,
                        group_commit_settings settings, bool detached,
                        actor_slot<upstream_actor> supervisor) {
    auto start =
        std::make_shared<store_start>(store_start{std::move(db), settings, std::move(supervisor)});
    return detached ? system.spawn<caf::detached>(store, start) : system.spawn(store, start);
}

reader_actor spawn_reader(caf::actor_system& system, std::unique_ptr<persistence::database> db,
                          bool detached, actor_slot<upstream_actor> supervisor,
                          failed_reads failed) {
    if (!failed) failed = std::make_shared<std::atomic<bool>>(false);
    auto start = std::make_shared<reader_start>(
        reader_start{std::move(db), std::move(supervisor), std::move(failed)});
    return detached ? system.spawn<caf::detached>(reader, start) : system.spawn(reader, start);
}

}  // namespace perin::actors
