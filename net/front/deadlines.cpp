#include "net/front/deadlines.hpp"

#include "net/front/front.hpp"

namespace perin::net {

swept::swept(const front_parts& parts) : time_(parts.time) {}

void swept::expire_after(std::chrono::milliseconds in) {
    const auto at = (time() + in).time_since_epoch().count();
    // In this order, and the queue's in the other: either it sees the new deadline, or `filed_` is
    // later than that here.
    deadline_.store(at);
    if (queue_ != nullptr && at < filed_.load()) queue_->refile(*this);
}

std::list<swept*>& deadline_queue::in_bucket(std::int64_t which) {
    return which == swept::never ? without_deadline_ : buckets_[which];
}

void deadline_queue::leave_bucket(std::int64_t which) {
    if (which == swept::never) return;
    const auto found = buckets_.find(which);
    if (found->second.empty()) buckets_.erase(found);
}

void deadline_queue::file(swept& one) {
    one.filed_.store(swept::never);
    const auto at = one.deadline_.load();
    one.filed_.store(at);
    const auto to = at == swept::never
                        ? swept::never
                        : std::chrono::floor<tick>(swept::clock::duration{at}).count();
    if (to == one.bucket_) return;
    auto& target = in_bucket(to);
    target.splice(target.end(), in_bucket(one.bucket_), one.place_);
    leave_bucket(one.bucket_);
    one.bucket_ = to;
}

void deadline_queue::refile(swept& one) {
    std::lock_guard lock(mutex_);
    file(one);
}

void deadline_queue::enter(const std::shared_ptr<swept>& one) {
    std::lock_guard lock(mutex_);
    one->self_ = one;
    one->queue_ = this;
    one->place_ = without_deadline_.insert(without_deadline_.end(), one.get());
    file(*one);
}

void deadline_queue::leave(swept& one) {
    std::lock_guard lock(mutex_);
    in_bucket(one.bucket_).erase(one.place_);
    leave_bucket(one.bucket_);
}

std::vector<std::shared_ptr<swept>> deadline_queue::overdue(swept::clock::time_point now) {
    std::vector<std::shared_ptr<swept>> late;
    std::lock_guard lock(mutex_);
    const auto until = std::chrono::floor<tick>(now.time_since_epoch()).count();
    std::vector<swept*> due;
    for (const auto& [at, bucket] : buckets_) {
        if (at > until) break;
        due.insert(due.end(), bucket.begin(), bucket.end());
    }
    for (auto* one : due) {
        file(*one);
        if (!one->expired(now)) continue;
        // One that is being destroyed waits for the lock, to leave.
        if (auto held = one->self_.lock()) late.push_back(std::move(held));
    }
    return late;
}

std::vector<std::shared_ptr<swept>> deadline_queue::all() {
    std::vector<std::shared_ptr<swept>> out;
    std::lock_guard lock(mutex_);
    const auto add = [&](const std::list<swept*>& some) {
        for (const auto* one : some)
            if (auto held = one->self_.lock()) out.push_back(std::move(held));
    };
    add(without_deadline_);
    for (const auto& [at, bucket] : buckets_) add(bucket);
    return out;
}

}  // namespace perin::net
