#pragma once

#include "runtime/scheduling/run_watch.hpp"
#include "runtime/supervision/actor_slot.hpp"
#include "runtime/supervision/supervisor.hpp"

#include <caf/fwd.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace perin::runtime {

struct watchdog_settings {
    std::chrono::milliseconds look_every{1'000};
    /// Every so many looks the mailboxes are asked for, too.
    unsigned mailboxes_every = 5;
    std::size_t longest_mailbox = 10'000;
    /// An actor that has been at its messages for so long without a break is told of.
    std::chrono::milliseconds long_run{2'000};
    /// After this the server is no longer ready.
    std::chrono::milliseconds stuck_after{10'000};
};

/// What the watchdog makes of what it sees. No clock and no actor; for one thread.
class watchdog_rules {
  public:
    explicit watchdog_rules(watchdog_settings settings) : settings_(settings) {}

    /// Something to tell an operator, once for each run or until the mailbox has shrunk.
    struct finding {
        enum class kind { long_run, full_mailbox } what;
        std::string actor;
        std::chrono::milliseconds for_long{0};
        std::uint64_t waiting = 0;
    };

    [[nodiscard]] std::vector<finding> on_runs(const std::vector<run_watch::running>& longest);
    /// The tree, or nothing where it did not answer in time.
    [[nodiscard]] std::vector<finding> on_tree(const actor_report* root);
    /// Whether nobody should send more at present.
    [[nodiscard]] bool stuck() const noexcept { return run_stuck_ || tree_silent_; }
    /// The fullest mailbox of each kind of actor, of the last tree.
    [[nodiscard]] const std::map<std::string, std::uint64_t>& fullest() const noexcept {
        return fullest_;
    }

  private:
    void look_at(const actor_report& one, std::vector<finding>& out, std::set<std::string>& full);

    watchdog_settings settings_;
    std::set<std::uint64_t> told_runs_;
    std::set<std::string> full_;
    std::map<std::string, std::uint64_t> fullest_;
    bool run_stuck_ = false;
    bool tree_silent_ = false;
};

/// To itself: look again.
struct watchdog_look {};

using watchdog_actor = caf::typed_actor<caf::reacts_to<watchdog_look>>;

struct watchdog_parts {
    watchdog_settings settings = {};
    actor_slot<supervisor_actor> root;
    std::shared_ptr<const run_watch> runs;
    std::function<run_watch::clock::time_point()> time = &run_watch::clock::now;
    /// What `GET /api/health/ready` goes by.
    std::shared_ptr<std::atomic<bool>> stuck = std::make_shared<std::atomic<bool>>(false);
};

/// Looks at the threads and at the mailboxes, tells the log and the metrics, and says when the
/// server is stuck. `detached`: on a thread of its own, since those that it watches may be the ones
/// that are stuck.
[[nodiscard]] watchdog_actor spawn_watchdog(caf::actor_system& system, watchdog_parts parts,
                                            bool detached = true);

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::watchdog_look)
