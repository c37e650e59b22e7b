#include "actors/store/reader_pool.hpp"

#include "actors/store/reader_behavior.hpp"
#include "actors/store/store.hpp"
#include "actors/store/store_reader.hpp"
#include "runtime/log.hpp"
#include "runtime/supervision/owed_reply.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <deque>

namespace perin::actors {

using namespace runtime;

namespace {

failure all_in_use() {
    return {error_code::unavailable, "all connections to the database are in use"};
}

struct pool_state {
    static constexpr const char* name = "reader pool";
    using time_point = caf::actor_clock::time_point;

    struct connection {
        reader_actor reader;
        time_point idle_since = {};
    };
    struct waiting_read {
        std::function<void(const reader_actor&)> start;
        std::function<void(const failure&)> refuse;
        time_point until = {};
    };

    reader_pool_parts parts;
    failed_reads failed = std::make_shared<std::atomic<bool>>(false);
    /// Those with nothing to do, the one used last at the end.
    std::vector<connection> free;
    /// Of all connections.
    std::size_t open = 0;
    std::deque<waiting_read> waiting;
    bool ticking = false;
};

using pool_pointer = reader_actor::stateful_pointer<pool_state>;

constexpr std::chrono::seconds tick_every{1};

/// Ends what is idle and what has waited too long; comes again while there is something to look at.
void look(pool_pointer self) {
    auto& state = self->state;
    const auto now = self->clock().now();
    while (!state.waiting.empty() && state.waiting.front().until <= now) {
        auto late = std::move(state.waiting.front());
        state.waiting.pop_front();
        late.refuse(all_in_use());
    }
    const auto& settings = state.parts.settings;
    const auto kept = std::partition(state.free.begin(), state.free.end(), [&](const auto& one) {
        return now < one.idle_since + settings.idle;
    });
    for (auto at = kept; at != state.free.end(); ++at) {
        self->send_exit(at->reader, caf::exit_reason::user_shutdown);
        --state.open;
    }
    state.free.erase(kept, state.free.end());
    state.ticking = state.open > 0 || !state.waiting.empty();
    if (state.ticking) self->delayed_send(self, tick_every, database_task{[self] { look(self); }});
}

reader_actor take(pool_pointer self) {
    auto& state = self->state;
    if (!state.free.empty()) {
        auto one = std::move(state.free.back().reader);
        state.free.pop_back();
        return one;
    }
    ++state.open;
    return spawn_reader(self->system(), state.parts.open(), state.parts.detached,
                        state.parts.supervisor, state.failed);
}

bool has_room(const pool_state& state) {
    return !state.free.empty() || state.open < state.parts.settings.most;
}

/// Runs reads that wait, as long as there are connections.
void go_on(pool_pointer self) {
    auto& state = self->state;
    while (!state.waiting.empty() && has_room(state)) {
        auto next = std::move(state.waiting.front());
        state.waiting.pop_front();
        next.start(take(self));
    }
}

void give_back(pool_pointer self, const reader_actor& reader) {
    self->state.free.push_back({reader, self->clock().now()});
    go_on(self);
}

/// One that is not known to be well is not used again.
void drop(pool_pointer self, const reader_actor& reader) {
    self->send_exit(reader, caf::exit_reason::user_shutdown);
    --self->state.open;
    go_on(self);
}

template <class Message>
auto pass_on(pool_pointer self, const Message& what) {
    using answer_type = decltype(store_reader(std::declval<persistence::database&>()).read(what));
    auto& state = self->state;
    const auto& settings = state.parts.settings;
    auto promise = owe<answer_type>(self);
    if (state.waiting.size() >= settings.most_waiting) {
        promise.deliver(all_in_use());
        return caf::result<answer_type>{promise};
    }
    auto start = [self, promise, what](const reader_actor& reader) {
        self->request(reader, self->state.parts.settings.longest_read, what)
            .then(
                [self, promise, reader](answer_type& answer) {
                    promise.deliver(std::move(answer));
                    give_back(self, reader);
                },
                [self, promise, reader](const caf::error&) {
                    promise.deliver(
                        failure{error_code::unavailable, "the database does not answer"});
                    drop(self, reader);
                });
    };
    state.waiting.push_back({std::move(start),
                             [promise](const failure& why) { promise.deliver(why); },
                             self->clock().now() + settings.longest_wait});
    go_on(self);
    if (!state.ticking) look(self);
    return caf::result<answer_type>{promise};
}

reader_actor::behavior_type reader_pool(pool_pointer self,
                                        std::shared_ptr<reader_pool_parts> parts) {
    prepare(self);
    self->state.parts = std::move(*parts);
    return reader_behavior([self](const auto& what) { return pass_on(self, what); });
}

}  // namespace

reader_actor spawn_reader_pool(caf::actor_system& system, reader_pool_parts parts) {
    return system.spawn(reader_pool, std::make_shared<reader_pool_parts>(std::move(parts)));
}

}  // namespace perin::actors
