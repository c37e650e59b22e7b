#include "runtime/upstream/upstream.hpp"

#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <unordered_map>

namespace perin::runtime {

namespace {

std::atomic<std::uint64_t> last_call{0};

upstream_failure thrown_failure() {
    upstream_failure out;
    out.category = error_category::unknown;
    out.detail = "the attempt could not be made";
    out.retryable = true;
    return out;
}

class upstream_state {
  public:
    static constexpr const char* name = "upstream";
    using pointer = upstream_actor::stateful_pointer<upstream_state>;

    ~upstream_state() {
        // Whoever waits is told, whatever ended this actor.
        for (auto& [number, work] : std::exchange(works_, {})) {
            work->cut();
            work->refused({refusal_reason::failed, thrown_failure(), {}, {}});
        }
    }

    void begin(pointer self, std::shared_ptr<const upstream_parts> parts) {
        self_ = self;
        parts_ = std::move(parts);
        calls_.emplace(parts_->settings, *parts_->chance);
    }

    void submit(upstream_submit& what) {
        auto work = what.call->take();
        auto number = work->number();
        if (what.within) what.terms.deadline = now() + *what.within;
        works_.emplace(number, std::move(work));
        carry_out(calls_->submit(number, what.terms, now()));
    }

    void ended(const upstream_ended& what) {
        auto todo = calls_->ended(what.call, what.attempt, what.how, now());
        tell(upstream_event::kind::attempt_ended, [&](auto& news) {
            if (what.how.failure) news.category = what.how.failure->category;
        });
        carry_out(std::move(todo));
    }

    void cancel(const upstream_cancel& what) {
        if (auto found = works_.find(what.call); found != works_.end()) found->second->cut();
        carry_out(calls_->cancelled(what.call, now()));
    }

    void reset() {
        calls_->reset_circuit();
        show(true);
    }

    void tick() {
        wakes_at_.reset();
        carry_out(calls_->tick(now()));
    }

  private:
    [[nodiscard]] upstream_calls::time_point now() const { return self_->clock().now(); }

    void carry_out(upstream_calls::actions todo) {
        for (std::size_t i = 0; i < todo.size(); ++i) {
            auto more = std::visit([this](auto& one) { return obey(one); }, todo[i]);
            for (auto& one : more) todo.push_back(std::move(one));
        }
        show(false);
        wake();
    }

    upstream_calls::actions obey(const upstream_calls::begin_attempt& what) {
        if (what.attempt > 1)
            tell(upstream_event::kind::retry, [&](auto& news) { news.attempt = what.attempt; });
        attempt_told told(caf::actor_cast<upstream_actor>(self_), what.call, what.attempt);
        try {
            works_.at(what.call)->begin(what.attempt, std::move(told));
        } catch (...) {
            return calls_->ended(what.call, what.attempt, {thrown_failure(), true}, now());
        }
        return {};
    }

    upstream_calls::actions obey(upstream_calls::end_call& what) {
        auto node = works_.extract(what.call);
        if (!node) return {};
        if (what.why.why == refusal_reason::past_deadline) node.mapped()->cut();
        tell(upstream_event::kind::refused, [&](auto& news) {
            news.why = what.why.why;
            if (what.why.last) news.category = what.why.last->category;
        });
        node.mapped()->refused(what.why);
        return {};
    }

    upstream_calls::actions obey(const upstream_calls::forget_call& what) {
        works_.erase(what.call);
        return {};
    }

    /// Puts the circuit on the board where it is not as shown.
    void show(bool changed) {
        auto status = calls_->circuit();
        if (!changed && shown_ && *shown_ == status) return;
        auto before = shown_ ? shown_->state : circuit_state::closed;
        shown_ = status;
        auto report = report_of(parts_->key, status, now(), parts_->clock->now());
        parts_->circuits->show(parts_->key, std::move(report),
                               [weak = caf::actor_cast<caf::weak_actor_ptr>(self_)] {
                                   if (auto strong = caf::actor_cast<upstream_actor>(weak))
                                       caf::anon_send(strong, upstream_reset{});
                               });
        if (before == status.state) return;
        tell(upstream_event::kind::circuit_changed,
             [&](auto& news) { news.circuit = status.state; });
    }

    template <class Fill>
    void tell(upstream_event::kind what, Fill fill) {
        if (!parts_->observer) return;
        upstream_event news{what, parts_->key};
        news.in_flight = calls_->in_flight();
        news.waiting = calls_->waiting();
        fill(news);
        parts_->observer(news);
    }

    void wake() {
        auto next = calls_->next_tick();
        if (!next || (wakes_at_ && *wakes_at_ <= *next)) return;
        wakes_at_ = next;
        auto wait = std::max(std::chrono::nanoseconds{0}, std::chrono::nanoseconds(*next - now()));
        self_->delayed_send(self_, wait, upstream_tick{});
    }

    pointer self_ = nullptr;
    std::shared_ptr<const upstream_parts> parts_;
    std::optional<upstream_calls> calls_;
    std::unordered_map<std::uint64_t, std::shared_ptr<upstream_work>> works_;
    std::optional<circuit_status> shown_;
    std::optional<upstream_calls::time_point> wakes_at_;
};

upstream_actor::behavior_type upstream(upstream_state::pointer self,
                                       std::shared_ptr<const upstream_parts> parts) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, std::move(parts));
    return {
        [&state](upstream_submit& what) { state.submit(what); },
        [&state](const upstream_ended& what) { state.ended(what); },
        [&state](const upstream_cancel& what) { state.cancel(what); },
        [&state](upstream_reset) { state.reset(); },
        [&state](upstream_tick) { state.tick(); },
    };
}

}  // namespace

submission::~submission() {
    if (work_) work_->refused({refusal_reason::failed, thrown_failure(), {}, {}});
}

upstream_work::upstream_work() : number_(++last_call) {}

void attempt_told::operator()(attempt_end how) const {
    caf::anon_send(to_, upstream_ended{call_, attempt_, std::move(how)});
}

upstream_actor spawn_upstream(caf::actor_system& system,
                              std::shared_ptr<const upstream_parts> parts) {
    return system.spawn(upstream, std::move(parts));
}

}  // namespace perin::runtime
