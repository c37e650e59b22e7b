#include "actors/memory/memory.hpp"

#include "actors/fulfil.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <unordered_map>

namespace perin::actors {

using namespace runtime;

namespace {

failure store_silent() { return {error_code::unavailable, "the store does not answer"}; }

/// One user's entries, as they are on disk, and uses that were not written yet.
class user_memory {
  public:
    static constexpr const char* name = "memory";
    using pointer = memory_actor::stateful_pointer<user_memory>;

    void begin(pointer self, const memory_parts& parts, std::string user_id) {
        self_ = self;
        parts_ = parts;
        user_id_ = std::move(user_id);
        self_->request(parts_.reader.load(), parts_.store_timeout, load_memory{user_id_})
            .await(
                [this](result<std::vector<memory_entry>>& loaded) {
                    if (!loaded)
                        return self_->quit(
                            caf::make_error(caf::sec::runtime_error, loaded.error().detail));
                    for (auto& entry : *loaded) entries_.push_back(index_memory(std::move(entry)));
                },
                [this](const caf::error& why) { self_->quit(why); });
    }

    result<relevant_memory> relevant(const memory_query_relevant& query) {
        auto terms = memory_terms(query.text);
        relevant_memory out{relevant_memories(entries_, terms, query.limit, parts_.clock->now()),
                            entries_.size()};
        if (!query.count_use) return out;
        for (const auto& one : out.items) {
            ++uses_[one.entry.key];
            if (auto* kept = find(one.entry.key)) ++kept->entry.use_count;
        }
        return out;
    }

    result<std::vector<memory_entry>> all() const {
        std::vector<memory_entry> out;
        out.reserve(entries_.size());
        for (const auto& one : entries_) out.push_back(one.entry);
        return out;
    }

    caf::result<result<memory_written>> write(memory_write& what) {
        using reply = result<memory_written>;
        auto entry = std::move(what.entry);
        entry.at = parts_.clock->now();
        entry.use_count = 0;
        if (!what.importance_given)
            entry.importance = computed_importance(entry.key, entry.content, entry.type);
        put_memory put{entry, make_room(entry.key)};
        auto promise = owe<reply>(self_);
        commit({user_id_, put, entry.at, what.once},
               [this, promise, put](const result<memory_committed>& done) mutable {
                   if (!done) return fulfil(promise, done.error());
                   if (!done->repeated) {
                       for (const auto& key : put.evicted) drop(key);
                       drop(put.entry.key);
                       entries_.push_back(index_memory(put.entry));
                   }
                   fulfil(promise, memory_written{std::move(put.entry), done->created});
               });
        return promise;
    }

    caf::result<result<memory_erased>> erase(const memory_erase& what) {
        using reply = result<memory_erased>;
        commit_memory change{user_id_, clear_memory{}, parts_.clock->now(), what.once};
        if (!what.all) change.change = remove_memory{what.keys};
        auto promise = owe<reply>(self_);
        commit(std::move(change),
               [this, promise, what](const result<memory_committed>& done) mutable {
                   if (!done) return fulfil(promise, done.error());
                   if (what.all) entries_.clear();
                   for (const auto& key : what.keys) drop(key);
                   fulfil(promise, memory_erased{done->removed});
               });
        return promise;
    }

    void flush() {
        if (uses_.empty()) return;
        commit({user_id_, count_memory_uses{std::exchange(uses_, {})}, parts_.clock->now(), {}},
               [](const auto&) {});
    }

  private:
    void commit(commit_memory change, std::function<void(const result<memory_committed>&)> then) {
        self_->request(parts_.store.load(), parts_.store_timeout, std::move(change))
            .then(then,
                  [then](const caf::error&) { then(result<memory_committed>{store_silent()}); });
    }

    indexed_memory* find(const std::string& key) {
        auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& one) { return one.entry.key == key; });
        return found == entries_.end() ? nullptr : &*found;
    }

    void drop(const std::string& key) {
        std::erase_if(entries_, [&](const auto& one) { return one.entry.key == key; });
        uses_.erase(key);
    }

    /// Keys that go so that an entry of `key` has its place.
    std::vector<std::string> make_room(const std::string& key) {
        std::vector<std::string> evicted;
        if (entries_.size() < parts_.most_entries || find(key)) return evicted;
        std::vector<memory_entry> candidates;
        for (const auto& one : entries_) candidates.push_back(one.entry);
        while (candidates.size() >= parts_.most_entries) {
            auto least = least_valuable(candidates, key, parts_.clock->now());
            if (!least) break;
            evicted.push_back(candidates[*least].key);
            candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(*least));
        }
        return evicted;
    }

    pointer self_ = nullptr;
    memory_parts parts_;
    std::string user_id_;
    std::vector<indexed_memory> entries_;
    std::map<std::string, std::int64_t> uses_;
};

memory_actor::behavior_type user_memory_behavior(user_memory::pointer self,
                                                 const memory_parts& parts, std::string user_id) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, parts, std::move(user_id));
    return {
        [&state](const memory_query_relevant& query) { return state.relevant(query); },
        [&state](const memory_query_all&) { return state.all(); },
        [&state](memory_write& what) { return state.write(what); },
        [&state](const memory_erase& what) { return state.erase(what); },
        [self](const forget_user&) { self->quit(caf::exit_reason::user_shutdown); },
        [&state](tick) { state.flush(); },
    };
}

/// Which users' memories are in the process.
class memories {
  public:
    static constexpr const char* name = "memories";
    using pointer = memory_actor::stateful_pointer<memories>;

    void begin(pointer self, memory_parts parts) {
        self_ = self;
        parts_ = std::move(parts);
        self_->set_down_handler([this](const caf::down_msg& message) {
            std::erase_if(users_, [&](const auto& one) {
                return one.second.actor.address() == message.source;
            });
        });
        self_->set_exit_handler([this](caf::exit_msg& message) {
            for (auto& [id, one] : users_) leave(one.actor);
            users_.clear();
            self_->quit(message.reason);
        });
        self_->delayed_send(self_, parts_.tick_every, tick{});
    }

    memory_actor& of(const std::string& user_id) {
        auto& one = users_[user_id];
        one.asked = self_->clock().now();
        if (!one.actor) {
            one.actor = self_->system().spawn(user_memory_behavior, parts_, user_id);
            self_->monitor(one.actor);
        }
        return one.actor;
    }

    template <class Message>
    auto pass(Message& what) {
        return self_->delegate(of(what.user_id), std::move(what));
    }

    /// Without writing its counts: there is nothing left to count.
    void on_forget(const std::string& user_id) {
        auto found = users_.find(user_id);
        if (found == users_.end()) return;
        self_->demonitor(found->second.actor.address());
        self_->send_exit(found->second.actor, caf::exit_reason::user_shutdown);
        users_.erase(found);
    }

    void on_tick() {
        auto now = self_->clock().now();
        std::erase_if(users_, [&](auto& one) {
            if (one.second.asked + parts_.passivate_after > now) {
                self_->send(one.second.actor, tick{});
                return false;
            }
            self_->demonitor(one.second.actor.address());
            leave(one.second.actor);
            return true;
        });
        self_->delayed_send(self_, parts_.tick_every, tick{});
    }

  private:
    struct resident {
        memory_actor actor;
        caf::actor_clock::time_point asked;
    };

    /// It writes its counts first, then it goes.
    void leave(const memory_actor& actor) {
        self_->send(actor, tick{});
        self_->send_exit(actor, caf::exit_reason::user_shutdown);
    }

    pointer self_ = nullptr;
    memory_parts parts_;
    std::unordered_map<std::string, resident> users_;
};

memory_actor::behavior_type memories_behavior(memories::pointer self, memory_parts parts) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, std::move(parts));
    return {
        [&state](memory_query_relevant& what) { return state.pass(what); },
        [&state](memory_query_all& what) { return state.pass(what); },
        [&state](memory_write& what) { return state.pass(what); },
        [&state](memory_erase& what) { return state.pass(what); },
        [&state](const forget_user& what) { state.on_forget(what.user_id); },
        [&state](tick) { state.on_tick(); },
    };
}

}  // namespace

memory_actor spawn_memories(caf::actor_system& system, memory_parts parts) {
    return system.spawn(memories_behavior, std::move(parts));
}

}  // namespace perin::actors
