#include "runtime/watchdog.hpp"

#include "runtime/log.hpp"
#include "runtime/metrics.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace perin::runtime {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// `conversation` of `conversation cnv_1`, `model` of `model:gpt`.
std::string kind_of(const std::string& name) { return name.substr(0, name.find_first_of(" :")); }

void tell(const watchdog_rules::finding& found) {
    if (found.what == watchdog_rules::finding::kind::long_run)
        return log(log_level::error, "actor.stuck", "an actor does not come to an end",
                   {{"actor", found.actor}, {"durationMs", found.for_long}});
    log(log_level::warning, "actor.mailbox", "messages pile up before an actor",
        {{"actor", found.actor}, {"waiting", found.waiting}});
}

class watchdog_state {
  public:
    static constexpr const char* name = "watchdog";
    using pointer = watchdog_actor::stateful_pointer<watchdog_state>;

    void begin(pointer self, watchdog_parts parts) {
        self_ = self;
        parts_ = std::move(parts);
        rules_.emplace(parts_.settings);
        self_->delayed_send(self_, parts_.settings.look_every, watchdog_look{});
    }

    void look() {
        auto now = parts_.time();
        for (const auto& found :
             rules_->on_runs(parts_.runs->longer_than(parts_.settings.long_run, now)))
            tell(found);
        if (++looks_ % parts_.settings.mailboxes_every == 0) ask();
        parts_.stuck->store(rules_->stuck(), std::memory_order_relaxed);
        self_->delayed_send(self_, parts_.settings.look_every, watchdog_look{});
    }

  private:
    void ask() {
        auto root = parts_.root.load();
        if (!root || asked_) return;
        asked_ = true;
        describe_actors wanted;
        wanted.most_children = 10'000;
        self_->request(root, parts_.settings.stuck_after, wanted)
            .then([this](const result<actor_report>& tree) { on_tree(tree ? &*tree : nullptr); },
                  [this](const caf::error&) { on_tree(nullptr); });
    }

    void on_tree(const actor_report* tree) {
        asked_ = false;
        for (const auto& found : rules_->on_tree(tree)) tell(found);
        for (const auto& [kind, waiting] : rules_->fullest())
            meters().actors[kind].longest_mailbox.set(static_cast<std::int64_t>(waiting));
        parts_.stuck->store(rules_->stuck(), std::memory_order_relaxed);
    }

    pointer self_ = nullptr;
    watchdog_parts parts_;
    std::optional<watchdog_rules> rules_;
    unsigned looks_ = 0;
    bool asked_ = false;
};

watchdog_actor::behavior_type watchdog(watchdog_state::pointer self,
                                       std::shared_ptr<watchdog_parts> parts) {
    prepare(self);
    self->state.begin(self, std::move(*parts));
    return {
        [self](watchdog_look) { self->state.look(); },
    };
}

}  // namespace

std::vector<watchdog_rules::finding> watchdog_rules::on_runs(
    const std::vector<run_watch::running>& longest) {
    std::vector<finding> out;
    std::set<std::uint64_t> seen;
    run_stuck_ = false;
    for (const auto& one : longest) {
        run_stuck_ = run_stuck_ || one.for_long >= settings_.stuck_after;
        seen.insert(one.run);
        if (told_runs_.contains(one.run)) continue;
        out.push_back({finding::kind::long_run, std::string(one.kind),
                       duration_cast<milliseconds>(one.for_long), 0});
    }
    told_runs_ = std::move(seen);
    return out;
}

std::vector<watchdog_rules::finding> watchdog_rules::on_tree(const actor_report* root) {
    std::vector<finding> out;
    tree_silent_ = root == nullptr;
    if (!root) return out;
    fullest_.clear();
    std::set<std::string> full;
    look_at(*root, out, full);
    full_ = std::move(full);
    return out;
}

void watchdog_rules::look_at(const actor_report& one, std::vector<finding>& out,
                             std::set<std::string>& full) {
    if (one.mailbox) {
        auto& most = fullest_[kind_of(one.name)];
        most = std::max(most, *one.mailbox);
        if (*one.mailbox > settings_.longest_mailbox) {
            full.insert(one.name);
            if (!full_.contains(one.name))
                out.push_back({finding::kind::full_mailbox, one.name, {}, *one.mailbox});
        }
    }
    for (const auto& child : one.children) look_at(child, out, full);
}

watchdog_actor spawn_watchdog(caf::actor_system& system, watchdog_parts parts, bool detached) {
    auto shared = std::make_shared<watchdog_parts>(std::move(parts));
    return detached ? system.spawn<caf::detached>(watchdog, shared)
                    : system.spawn(watchdog, shared);
}

}  // namespace perin::runtime
