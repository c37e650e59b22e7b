#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

/// When a supervisor starts, restarts, ends and gives up its children: pure, no actor and no clock.
namespace perin::runtime {

/// Which children begin anew when one has died.
enum class restart_strategy {
    /// The dead one.
    one_for_one,
    /// All.
    one_for_all,
    /// The dead one and those that were added after it.
    rest_for_one,
};

/// Which end of a child is made good by a restart.
enum class child_kind {
    /// Every end.
    permanent,
    /// An end with an error.
    transient,
    /// None.
    temporary,
};

/// So many restarts within that time are borne; one more is a failure of another kind.
struct restart_intensity {
    std::size_t most = 5;
    std::chrono::milliseconds within{60'000};
};

/// The wait before a restart. The first is immediate; after it `base`, doubled up to `cap`.
struct restart_backoff {
    std::chrono::milliseconds base{100};
    std::chrono::milliseconds cap{10'000};
};

/// The wait before the restart numbered `streak` (from 1): between half and all of the step, as
/// `jitter` of [0, 1) says.
[[nodiscard]] std::chrono::milliseconds restart_delay(const restart_backoff& backoff,
                                                      std::size_t streak, double jitter);

struct child_rules {
    child_kind kind = child_kind::permanent;
    /// Between the request to end and the kill.
    std::chrono::milliseconds grace{5'000};
    /// Of this child alone: past it the child is given up and its supervisor lives on. Without it,
    /// its restarts count for the supervisor, which fails upward.
    std::optional<restart_intensity> own = {};
};

struct restart_rules {
    restart_strategy strategy = restart_strategy::one_for_one;
    restart_intensity intensity = {};
    restart_backoff backoff = {};
    /// Between the kill and giving up on a child that does not end even so.
    std::chrono::milliseconds kill_patience{1'000};
};

/// Ascends in the order of adding; 0 is nobody.
using child_id = std::uint64_t;

enum class child_state {
    /// To be started, together with others.
    idle,
    /// To be started after its backoff.
    waiting,
    running,
    /// Asked to end.
    stopping,
    /// Killed, and not seen to have ended.
    killed,
    /// Ended for good, as its kind allows.
    finished,
    /// Died more often than its own intensity allows.
    given_up,
};

/// What is to be done; carried out in the order given.
struct supervisor_decision {
    enum class act {
        start,
        /// Ask the child to end.
        stop,
        kill,
        /// It did not end even when killed: wait for it no longer.
        abandon,
        /// It died more often than its own intensity allows: not started again.
        give_up,
        /// The child is no longer one.
        forget,
        /// No child is left, as was asked from above.
        ended,
        /// No child is left, and the supervisor itself has failed.
        failed,
    };
    act what;
    child_id child = 0;

    friend bool operator==(const supervisor_decision&, const supervisor_decision&) = default;
};

/// The state of one supervisor.
///
///     waiting ──due──► running ──stop──► stopping ──grace──► killed ──patience──► (abandoned)
///        ▲                │ died            │                  │
///        └────backoff─────┘                 └───────ended──────┴──► idle, finished, or forgotten
///
/// Children of the beginning are started in their order and ended in its reverse, each once the one
/// after it has ended. Children that came later end at once with each other, before those: they may
/// be thousands. A start that fails is a death (`down`).
class supervisor_rules {
  public:
    using time_point = std::chrono::steady_clock::time_point;
    using decisions = std::vector<supervisor_decision>;

    struct child {
        child_rules rules;
        bool dynamic = false;
        child_state state = child_state::idle;
        /// Times it was started again.
        std::uint32_t restarts = 0;

      private:
        friend class supervisor_rules;
        /// Its end is awaited by the ordered stop.
        bool in_batch = false;
        /// It is started again together with others.
        bool regrouped = false;
        bool removing = false;
        bool started = false;
        std::uint32_t streak = 0;
        time_point last_death{};
        time_point due{};
        std::unique_ptr<std::deque<time_point>> own_deaths;
    };

    /// `jitter` gives numbers of [0, 1).
    supervisor_rules(restart_rules rules, std::function<double()> jitter)
        : rules_(rules), jitter_(std::move(jitter)) {}

    /// A child of the beginning. Before `start`.
    child_id add(child_rules rules);
    /// Starts the children of the beginning.
    [[nodiscard]] decisions start(time_point now);
    /// A child that comes later. 0 and nothing to do where the supervisor is ending.
    [[nodiscard]] std::pair<child_id, decisions> add_later(child_rules rules);
    /// Ends a child for good.
    [[nodiscard]] decisions remove(child_id id, time_point now);
    /// A child has ended, or could not be started; `well`: without an error. Of a child that was
    /// not running, nothing follows.
    [[nodiscard]] decisions down(child_id id, bool well, time_point now);
    /// Ends all in order, then `ended`.
    [[nodiscard]] decisions stop(time_point now);
    /// What is due by now.
    [[nodiscard]] decisions tick(time_point now);
    /// When `tick` is to be called next.
    [[nodiscard]] std::optional<time_point> next_due() const;

    [[nodiscard]] const child* find(child_id id) const;
    [[nodiscard]] const std::map<child_id, child>& children() const noexcept { return children_; }
    [[nodiscard]] bool stopping() const noexcept { return phase_ >= phase::stopping; }

  private:
    enum class phase { fresh, running, stopping, ended };
    using entry = std::map<child_id, child>::iterator;

    /// `true` where one more death is past the intensity.
    static bool too_many(std::deque<time_point>& deaths, const restart_intensity& limit,
                         time_point now);
    static bool alive(const child& one) noexcept;
    void set_due(entry at, time_point due);
    void clear_due(entry at);
    void launch(entry at, decisions& out);
    void ask_to_stop(entry at, time_point now, decisions& out);
    void forget(entry at, decisions& out);
    void finish(entry at, child_state as, decisions& out);
    void gone(entry at, bool well, time_point now, decisions& out);
    void died(entry at, time_point now, decisions& out);
    void regroup(child_id first, time_point due);
    void advance(time_point now, decisions& out);
    void stop_next_batch(time_point now, decisions& out);

    restart_rules rules_;
    std::function<double()> jitter_;
    phase phase_ = phase::fresh;
    bool failed_ = false;
    child_id last_ = 0;
    std::map<child_id, child> children_;
    std::set<std::pair<time_point, child_id>> dues_;
    std::deque<time_point> deaths_;
    /// Children whose end is awaited before the next are asked to.
    std::size_t batch_open_ = 0;
    bool regrouping_ = false;
    time_point regroup_due_{};
};

}  // namespace perin::runtime
