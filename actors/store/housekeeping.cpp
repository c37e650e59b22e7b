#include "actors/store/housekeeping.hpp"

#include "runtime/log.hpp"
#include "runtime/metrics.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <ranges>

namespace perin::actors {

using namespace runtime;

namespace {

/// In the order in which they are done: a link can go once its bookings have.
constexpr std::array order = {
    prunable::claims,       prunable::sessions,     prunable::tokens,        prunable::bookings,
    prunable::links,        prunable::negotiations, prunable::notifications, prunable::workflows,
    prunable::tool_results, prunable::effects,      prunable::conversations,
};
static_assert(order.size() == prunable_kinds);

/// Between two rounds, however often they are wanted: one that fails at once is not to go on and
/// on.
constexpr std::chrono::seconds shortest_rest{1};

class housekeeping {
  public:
    static constexpr const char* name = "housekeeping";
    using pointer = housekeeping_actor::stateful_pointer<housekeeping>;

    void begin(pointer self, housekeeping_parts parts) {
        self_ = self;
        parts_ = std::move(parts);
        due_ = self_->clock().now() + parts_.settings.first_after;
        rest();
    }

    /// A tick is the only thing that is outstanding, or it began the request that is.
    void on_tick() {
        if (is_over()) round_.begin(parts_.settings.keep, parts_.clock->now());
        step();
    }

  private:
    /// Conversations of the last page may be left when all has been looked through.
    [[nodiscard]] bool is_over() const { return round_.over() && idle_.empty(); }

    void rest() {
        const auto now = self_->clock().now();
        const auto next =
            is_over() ? std::max(due_, now + shortest_rest) : now + parts_.settings.pause;
        self_->scheduled_send(self_, next, tick{});
    }

    void step() {
        if (!idle_.empty()) return retire();
        if (round_.over()) return end();
        auto piece = round_.next(parts_.settings.rows);
        if (piece.what == prunable::conversations) return look_for_idle(piece);
        ask(parts_.store, piece, [this, what = piece.what](const result<pruned_batch>& done) {
            if (!done) return give_up(done.error());
            round_.count(what, done->removed, done->records);
            round_.go_on(done->next);
            go_on();
        });
    }

    void look_for_idle(const prune_rows& piece) {
        before_ = piece.before;
        ask(parts_.reader, list_idle_conversations{piece.before, piece.limit, piece.after},
            [this](const result<idle_conversations>& found) {
                if (!found) return give_up(found.error());
                idle_.assign(found->items.begin(), found->items.end());
                round_.go_on(found->next);
                go_on();
            });
    }

    /// The first idle conversation goes: by itself, for it may be taken up at this moment; what is
    /// left of it then goes from below nobody.
    void retire() {
        const auto& one = idle_.front();
        const auto limit = parts_.settings.records;
        auto then = [this](const result<conversation_pruned>& done) { on_retired(done); };
        if (one.removed)
            ask(parts_.store, prune_conversation{one.key, before_, limit}, then);
        else
            ask(parts_.conversations, chat_retire{one.key, before_, limit}, then);
    }

    void on_retired(const result<conversation_pruned>& done) {
        // Its user was quicker.
        const bool absent = !done && done.error().code == error_code::not_found;
        if (!done && !absent) return give_up(done.error());
        if (done && done->gone) {
            round_.count(prunable::conversations, idle_.front().removed ? 0 : 1, done->records);
            idle_.front().removed = true;
        }
        if (absent || !done->gone || done->whole) idle_.pop_front();
        go_on();
    }

    template <class Handle, class Message, class Then>
    void ask(const actor_slot<Handle>& whom, const Message& what, Then then) {
        self_->request(whom.load(), parts_.settings.timeout, what)
            .then(then, [this](const caf::error&) {
                give_up({error_code::unavailable, "there was no answer"});
            });
    }

    void go_on() {
        if (is_over()) return end();
        rest();
    }

    void give_up(const failure& why) {
        log(log_level::warning, "store.not_pruned",
            "what has been over for long enough cannot be removed now",
            {{"code", to_string(why.code)}, {"detail", why.detail}});
        idle_.clear();
        round_.stop();
        end();
    }

    void end() {
        for (const auto what : order) {
            const auto& went = round_.went(what);
            if (went.removed == 0 && went.records == 0) continue;
            meters().pruned[what].add(went.removed);
            log(log_level::info, "store.pruned", "what had been over for long enough was removed",
                {{"what", to_string(what)}, {"removed", went.removed}, {"records", went.records}});
        }
        due_ = self_->clock().now() + parts_.settings.every;
        rest();
    }

    pointer self_ = nullptr;
    housekeeping_parts parts_;
    keeping_round round_;
    caf::actor_clock::time_point due_;
    /// Of the present page.
    std::deque<idle_conversations::entry> idle_;
    timestamp before_ = {};
};

housekeeping_actor::behavior_type housekeeping_behavior(housekeeping::pointer self,
                                                        housekeeping_parts parts) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, std::move(parts));
    return {[&state](tick) { state.on_tick(); }};
}

}  // namespace

const keeping_terms::time& keeping_terms::of(prunable what) const {
    switch (what) {
        case prunable::conversations:
            return conversations;
        case prunable::workflows:
        case prunable::effects:
            return workflows;
        case prunable::bookings:
        case prunable::links:
        case prunable::negotiations:
            return bookings;
        case prunable::notifications:
            return notifications;
        case prunable::tokens:
            return tokens;
        case prunable::tool_results:
            return tool_results;
        case prunable::claims:
            return claims;
        case prunable::sessions:
            break;
    }
    return sessions;
}

void keeping_round::begin(const keeping_terms& terms, timestamp now) {
    chores_.clear();
    position_.reset();
    went_ = {};
    for (const auto what : std::views::reverse(order))
        if (const auto& kept = terms.of(what)) chores_.push_back({what, now - *kept});
}

prune_rows keeping_round::next(std::size_t limit) const {
    return {chores_.back().what, chores_.back().before, limit, position_};
}

void keeping_round::go_on(std::optional<retention_position> at) {
    position_ = std::move(at);
    if (!position_) chores_.pop_back();
}

void keeping_round::count(prunable what, std::size_t removed, std::size_t records) {
    auto& mine = went_[static_cast<std::size_t>(what)];
    mine.removed += removed;
    mine.records += records;
}

housekeeping_actor spawn_housekeeping(caf::actor_system& system, housekeeping_parts parts) {
    return system.spawn(housekeeping_behavior, std::move(parts));
}

}  // namespace perin::actors
