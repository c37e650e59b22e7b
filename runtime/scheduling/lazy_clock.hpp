#pragma once

#include <caf/config.hpp>
#include <caf/detail/simple_actor_clock.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace perin::runtime {

// docs/decisions/0007: what this derives from is CAF's own affair, and may be otherwise in another.
static_assert(CAF_VERSION == 1706, "lazy_clock is written for CAF 0.17.6");

/// CAF's clock of timeouts and delayed messages, on a thread of its own that sleeps as long as it
/// may: nearly every request is answered long before its timeout, and neither setting nor
/// cancelling one wakes anybody.
///
/// What is set or cancelled waits in a list, which the thread looks through when the earliest
/// timeout that it knows is due, when something earlier is set, when the list is long, and once a
/// second. A request that was answered in between is dropped there without having been entered
/// anywhere. Thread-safe. A timeout fires at its time, as with CAF's own clock.
class lazy_clock final : public caf::detail::simple_actor_clock {
  public:
    lazy_clock();
    ~lazy_clock() override;
    lazy_clock(const lazy_clock&) = delete;
    lazy_clock& operator=(const lazy_clock&) = delete;

    /// Starts the thread. `name` is shown by the system's tools.
    void start(const char* name);
    /// Ends the thread; what has not fired never does.
    void stop();

    void set_ordinary_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                              std::uint64_t id) override;
    void set_multi_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                           std::uint64_t id) override;
    void set_request_timeout(time_point due, caf::abstract_actor* self,
                             caf::message_id id) override;
    void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
    void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
    void cancel_timeouts(caf::abstract_actor* self) override;
    void schedule_message(time_point due, caf::strong_actor_ptr receiver,
                          caf::mailbox_element_ptr content) override;
    void schedule_message(time_point due, caf::group target, caf::strong_actor_ptr sender,
                          caf::message content) override;
    void cancel_all() override;

  private:
    void push(unique_event_ptr one);
    void push_delayed(std::unique_ptr<delayed_event> one);
    void run();
    void enter_all(std::vector<unique_event_ptr>& batch);
    void enter(unique_event_ptr one);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<unique_event_ptr> waiting_;
    /// When the thread looks next; nothing due later needs to wake it.
    time_point looks_at_ = time_point::min();
    bool ends_ = false;
    std::thread thread_;
};

}  // namespace perin::runtime
