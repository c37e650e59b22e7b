#include "runtime/scheduling/lazy_clock.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <pthread.h>
#include <set>
#include <utility>

namespace perin::runtime {

namespace {

constexpr std::chrono::seconds longest_sleep{1};
/// Entries; each keeps an actor alive.
constexpr std::size_t longest_list = 8'192;

caf::strong_actor_ptr strong(caf::abstract_actor* actor) {
    return caf::actor_cast<caf::strong_actor_ptr>(actor);
}

}  // namespace

lazy_clock::lazy_clock() = default;

lazy_clock::~lazy_clock() { stop(); }

void lazy_clock::start(const char* name) {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), name);
}

void lazy_clock::stop() {
    {
        std::lock_guard guard(mutex_);
        ends_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void lazy_clock::push(unique_event_ptr one) {
    bool wake = false;
    {
        std::lock_guard guard(mutex_);
        if (ends_) return;
        waiting_.push_back(std::move(one));
        wake = waiting_.size() == longest_list;
    }
    if (wake) changed_.notify_one();
}

void lazy_clock::push_delayed(std::unique_ptr<delayed_event> one) {
    bool wake = false;
    {
        std::lock_guard guard(mutex_);
        if (ends_) return;
        wake = one->due < looks_at_;
        // Whoever comes before the thread has looked need not wake it again.
        if (wake) looks_at_ = one->due;
        waiting_.push_back(std::move(one));
        wake = wake || waiting_.size() == longest_list;
    }
    if (wake) changed_.notify_one();
}

void lazy_clock::set_ordinary_timeout(time_point due, caf::abstract_actor* self,
                                      caf::atom_value type, std::uint64_t id) {
    push_delayed(std::make_unique<ordinary_timeout>(due, strong(self), type, id));
}

void lazy_clock::set_multi_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                                   std::uint64_t id) {
    push_delayed(std::make_unique<multi_timeout>(due, strong(self), type, id));
}

void lazy_clock::set_request_timeout(time_point due, caf::abstract_actor* self,
                                     caf::message_id id) {
    push_delayed(std::make_unique<request_timeout>(due, strong(self), id));
}

void lazy_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
    push(std::make_unique<ordinary_timeout_cancellation>(self->id(), type));
}

void lazy_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
    push(std::make_unique<request_timeout_cancellation>(self->id(), id));
}

void lazy_clock::cancel_timeouts(caf::abstract_actor* self) {
    push(std::make_unique<timeouts_cancellation>(self->id()));
}

void lazy_clock::schedule_message(time_point due, caf::strong_actor_ptr receiver,
                                  caf::mailbox_element_ptr content) {
    push_delayed(std::make_unique<actor_msg>(due, std::move(receiver), std::move(content)));
}

void lazy_clock::schedule_message(time_point due, caf::group target, caf::strong_actor_ptr sender,
                                  caf::message content) {
    push_delayed(
        std::make_unique<group_msg>(due, std::move(target), std::move(sender), std::move(content)));
}

void lazy_clock::cancel_all() {
    push(std::make_unique<drop_all>());
    changed_.notify_one();
}

void lazy_clock::run() {
    std::vector<unique_event_ptr> batch;
    std::unique_lock lock(mutex_);
    while (!ends_) {
        batch.swap(waiting_);
        // Whoever sets something meanwhile is looked at before the thread sleeps.
        looks_at_ = time_point::min();
        lock.unlock();
        enter_all(batch);
        // Actors may end with their last handle here: not under the lock, for they cancel timeouts.
        batch.clear();
        trigger_expired_timeouts();
        auto until = now() + longest_sleep;
        if (!schedule_.empty()) until = std::min(until, schedule_.begin()->first);
        lock.lock();
        if (std::any_of(waiting_.begin(), waiting_.end(), [&](const auto& one) {
                const auto* delayed = dynamic_cast<const delayed_event*>(one.get());
                return delayed != nullptr && delayed->due < until;
            }))
            continue;
        looks_at_ = until;
        changed_.wait_until(lock, until, [&] {
            return ends_ || looks_at_ < until || waiting_.size() >= longest_list;
        });
    }
}

void lazy_clock::enter_all(std::vector<unique_event_ptr>& batch) {
    using request_key = std::pair<caf::actor_id, caf::message_id>;
    std::set<request_key> answered;
    for (auto& one : batch) {
        if (one->subtype != request_timeout_cancellation_type) continue;
        const auto& what = static_cast<const request_timeout_cancellation&>(*one);
        answered.emplace(what.aid, what.id);
    }
    for (auto& one : batch) {
        if (one->subtype == request_timeout_type) {
            const auto& what = static_cast<const request_timeout&>(*one);
            // An id is given once, so a cancellation in the list is always the later of the two.
            if (answered.erase({what.self->id(), what.id}) != 0) continue;
        } else if (one->subtype == request_timeout_cancellation_type) {
            const auto& what = static_cast<const request_timeout_cancellation&>(*one);
            if (answered.erase({what.aid, what.id}) == 0) continue;
        }
        enter(std::move(one));
    }
}

void lazy_clock::enter(unique_event_ptr one) {
    auto add = [&]<class Event>(std::type_identity<Event>) {
        add_schedule_entry(std::unique_ptr<Event>(static_cast<Event*>(one.release())));
    };
    switch (one->subtype) {
        case ordinary_timeout_type:
            return add(std::type_identity<ordinary_timeout>{});
        case multi_timeout_type:
            return add(std::type_identity<multi_timeout>{});
        case request_timeout_type:
            return add(std::type_identity<request_timeout>{});
        case actor_msg_type:
            return add(std::type_identity<actor_msg>{});
        case group_msg_type:
            return add(std::type_identity<group_msg>{});
        case ordinary_timeout_cancellation_type:
            return handle(static_cast<const ordinary_timeout_cancellation&>(*one));
        case multi_timeout_cancellation_type:
            return handle(static_cast<const multi_timeout_cancellation&>(*one));
        case request_timeout_cancellation_type:
            return handle(static_cast<const request_timeout_cancellation&>(*one));
        case timeouts_cancellation_type:
            return handle(static_cast<const timeouts_cancellation&>(*one));
        case drop_all_type:
            schedule_.clear();
            actor_lookup_.clear();
            return;
        case shutdown_type:
            return;
    }
}

}  // namespace perin::runtime
