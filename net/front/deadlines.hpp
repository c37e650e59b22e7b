#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <ratio>
#include <string>
#include <vector>

namespace perin::net {

struct front_parts;
class deadline_queue;

/// What is no longer valid; an empty id: nothing of that kind.
struct revocation {
    std::string token_id = {};
    std::string user_id = {};
    /// A link for guests.
    std::string delegation_id = {};
};

/// One connection, for the front's sweep. Its deadline may be moved from its own strand while the
/// sweep reads it.
class swept {
  public:
    using clock = std::chrono::steady_clock;
    explicit swept(const front_parts& parts);
    swept(const swept&) = delete;
    swept& operator=(const swept&) = delete;
    virtual ~swept() = default;
    /// On the sweep's thread: the deadline has passed. Goes to the strand.
    virtual void overdue() = 0;
    /// The server begins to shut down. Any thread.
    virtual void drain() = 0;
    /// The server goes now. Any thread.
    virtual void stop() = 0;
    /// Ends what goes by it. Any thread.
    virtual void revoke(const revocation& what) = 0;

    [[nodiscard]] clock::time_point time() const { return time_(); }
    void expire_after(std::chrono::milliseconds in);
    void expire_never() { deadline_.store(never); }
    [[nodiscard]] bool expired(clock::time_point now) const {
        return now.time_since_epoch().count() >= deadline_.load();
    }

  private:
    friend class deadline_queue;
    static constexpr clock::rep never = std::numeric_limits<clock::rep>::max();

    const std::function<clock::time_point()>& time_;
    std::atomic<clock::rep> deadline_{never};
    /// The deadline by which the queue has it; never while the queue looks at it.
    std::atomic<clock::rep> filed_{never};

    // The queue's, under its lock, but for `queue_`, which is set before anybody else knows of it.
    deadline_queue* queue_ = nullptr;
    std::weak_ptr<swept> self_;
    std::list<swept*>::iterator place_;
    std::int64_t bucket_ = never;
};

/// Connections in buckets of a tenth of a second by their deadlines, so that a sweep looks at those
/// that may be due and at no other. Thread-safe.
///
/// Most deadlines are moved to later, request after request, and never come: such a one stays in
/// its bucket, and is put into its new one by the sweep that finds it there. Only one that is moved
/// to before its bucket takes the lock.
class deadline_queue {
  public:
    void enter(const std::shared_ptr<swept>& one);
    /// Before it is destroyed. Precondition: it has entered.
    void leave(swept& one);
    /// Those whose deadline has passed. They are given again by the next sweep, unless their
    /// deadline is moved meanwhile.
    [[nodiscard]] std::vector<std::shared_ptr<swept>> overdue(swept::clock::time_point now);
    [[nodiscard]] std::vector<std::shared_ptr<swept>> all();

  private:
    friend class swept;
    using tick = std::chrono::duration<std::int64_t, std::deci>;

    void refile(swept& one);
    void file(swept& one);
    std::list<swept*>& in_bucket(std::int64_t which);
    void leave_bucket(std::int64_t which);

    std::mutex mutex_;
    /// By the tick in which the deadline lies.
    std::map<std::int64_t, std::list<swept*>> buckets_;
    std::list<swept*> without_deadline_;
};

}  // namespace perin::net
