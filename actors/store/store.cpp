#include "actors/store/store.hpp"

#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "runtime/crash_point.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>

namespace perin::actors {

using namespace runtime;

namespace {

using deliver = std::function<void(const std::optional<failure>& lost)>;

/// One open transaction and those who wait for it.
struct store_state {
    static constexpr const char* name = "store";

    std::unique_ptr<persistence::database> db;
    store_settings settings;
    /// Called with nothing once the transaction is on disk, or with what made it fail.
    std::vector<deliver> waiting;
    bool open = false;

    result<void> begin() {
        if (open) return {};
        auto begun = db->begin();
        open = begun.has_value();
        return begun;
    }

    void end(const std::optional<failure>& lost) {
        open = false;
        auto all = std::exchange(waiting, {});
        for (auto& one : all) one(lost);
    }

    void commit() {
        if (!open) return;
        crash_point("store.before_commit");
        if (auto done = db->commit(); !done) {
            db->rollback();
            end(done.error());
        } else {
            crash_point("store.after_commit");
            end(std::nullopt);
        }
    }
};

using store_pointer = store_actor::stateful_pointer<store_state>;

/// Does one change within the open transaction. The answer goes out with the commit.
template <class Reply, class Change>
caf::result<Reply> enter(store_pointer self, const Change& change) {
    auto& state = self->state;
    auto first = !state.open;
    if (auto begun = state.begin(); !begun) return Reply{begun.error()};
    if (first) self->send(self, commit_batch{});
    auto mark = persistence::savepoint::begin(*state.db);
    if (!mark) return Reply{mark.error()};
    store_writer writer(*state.db);
    auto done = writer.apply(change);
    // What failed leaves nothing behind and spoils nothing for the others.
    if (!done) return Reply{done.error()};
    if (auto kept = mark->release(); !kept) return Reply{kept.error()};
    auto promise = self->template make_response_promise<Reply>();
    state.waiting.push_back(
        [promise, done = std::move(done)](const std::optional<failure>& lost) mutable {
            promise.deliver(lost ? Reply{*lost} : std::move(done));
        });
    if (state.waiting.size() >= state.settings.batch) state.commit();
    return promise;
}

store_actor::behavior_type store(store_pointer self, std::shared_ptr<store_state> start) {
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
