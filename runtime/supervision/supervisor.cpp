#include "runtime/supervision/supervisor.hpp"

#include "runtime/supervision/end_reason.hpp"
#include "runtime/supervision/owed_reply.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <cstring>

namespace perin::runtime {

namespace {

const char* name_of(child_state state) {
    switch (state) {
        case child_state::idle:
        case child_state::waiting:
            return "restarting";
        case child_state::running:
            return "running";
        case child_state::stopping:
        case child_state::killed:
            return "stopping";
        case child_state::finished:
            return "finished";
        case child_state::given_up:
            return "given_up";
    }
    return "running";
}

/// A number of [0, 1).
double share(entropy& from) {
    std::array<std::uint8_t, 4> octets{};
    from.fill(octets);
    std::uint32_t number = 0;
    std::memcpy(&number, octets.data(), octets.size());
    return number / 4294967296.0;
}

/// A description on its way: complete once the last child asked has answered or is late.
struct description {
    actor_report report;
    std::size_t open = 0;
    owed_reply<result<actor_report>> owed;

    void one_less() {
        if (--open == 0) owed.deliver(std::move(report));
    }
};

class supervisor {
  public:
    static constexpr const char* name = "supervisor";
    using pointer = supervisor_actor::stateful_pointer<supervisor>;

    ~supervisor() {
        // It was killed, or threw: nobody else will tell.
        if (gave_up_) gave_up_("the supervisor \"" + label_ + "\" was ended by force");
    }

    void begin(pointer self, supervisor_plan plan) {
        self_ = self;
        label_ = plan.name;
        gave_up_ = std::move(plan.gave_up);
        self_->set_exit_handler([this](caf::exit_msg& message) {
            reason_ = message.reason ? message.reason : caf::exit_reason::user_shutdown;
            children_->stop();
        });
        self_->set_down_handler([this](caf::down_msg& message) { children_->on_down(message); });
        supervised_children::parts parts;
        parts.name = plan.name;
        parts.rules = plan.rules;
        parts.jitter = [chance = plan.chance] { return chance ? share(*chance) : 1.0; };
        parts.wake_after = [this](std::chrono::nanoseconds wait) {
            self_->delayed_send(self_, wait, supervision_wake{});
        };
        parts.ended = [this](bool failed) { ended(failed); };
        parts.observer = std::move(plan.observer);
        children_.emplace(self_, std::move(parts));
        for (auto& one : plan.children) children_->add(std::move(one));
        children_->start();
    }

    result<child_started> on_start(start_child& what) {
        auto id = children_->add_later(std::move(what.spec));
        if (id == 0) return failure{error_code::unavailable, "the server is shutting down"};
        return child_started{id};
    }

    void on_end(const end_child& what) { children_->remove(what.id); }

    void on_wake() { children_->on_wake(); }

    caf::result<result<actor_report>> on_describe(const describe_actors& what) {
        auto told = std::make_shared<description>();
        told->owed = owe<result<actor_report>>(self_);
        told->report.name = label_;
        if (children_->rules().stopping()) told->report.state = "stopping";
        told->report.mailbox = waiting_messages(self_);
        // One more than is asked: complete only once all are.
        told->open = 1;
        const auto& all = children_->rules().children();
        auto listed = std::min(all.size(), what.most_children);
        told->report.more = all.size() - listed;
        told->report.children.resize(listed);
        auto at = all.begin();
        for (std::size_t i = 0; i < listed; ++i, ++at)
            describe_child(told, i, at->first, at->second, what);
        told->one_less();
        return told->owed;
    }

  private:
    void describe_child(const std::shared_ptr<description>& told, std::size_t index, child_id id,
                        const supervisor_rules::child& child, const describe_actors& what) {
        const auto& known = *children_->find(id);
        auto& report = told->report.children[index];
        report.name = known.spec.name;
        report.state = name_of(child.state);
        report.restarts = child.restarts;
        report.last_error = known.last_error;
        if (!known.running) return;
        ++told->open;
        auto silent = [told, index](const caf::error& why) {
            auto& late = told->report.children[index];
            // One that answers, though not this, is not stuck.
            if (why != caf::sec::unexpected_message && late.state == "running")
                late.state = "silent";
            told->one_less();
        };
        if (known.spec.supervises) {
            // It answers before its own supervisor's time is over.
            auto below = describe_actors{what.within * 3 / 4, what.most_children};
            self_
                ->request<caf::message_priority::high>(
                    caf::actor_cast<supervisor_actor>(known.running), what.within, below)
                .then(
                    [told, index](result<actor_report>& answer) {
                        auto& branch = told->report.children[index];
                        if (answer) {
                            branch.mailbox = answer->mailbox;
                            branch.more = answer->more;
                            branch.children = std::move(answer->children);
                        }
                        told->one_less();
                    },
                    silent);
            return;
        }
        // Untyped: every prepared actor answers it, and it is of no interface.
        self_
            ->request<caf::message_priority::high>(caf::actor_cast<caf::actor>(known.running),
                                                   what.within, ask_mailbox{})
            .then(
                [told, index](const mailbox_told& answer) {
                    told->report.children[index].mailbox = answer.waiting;
                    told->one_less();
                },
                silent);
    }

    void ended(bool failed) {
        auto gave_up = std::exchange(gave_up_, nullptr);
        if (!failed) return self_->quit(reason_);
        auto why = "the children of \"" + label_ + "\" die too often; the last was " +
                   children_->failure_text();
        if (gave_up) gave_up(why);
        self_->quit(caf::make_error(caf::sec::runtime_error, std::move(why)));
    }

    pointer self_ = nullptr;
    std::string label_;
    std::function<void(const std::string&)> gave_up_;
    caf::error reason_ = caf::exit_reason::user_shutdown;
    std::optional<supervised_children> children_;
};

supervisor_actor::behavior_type supervisor_behavior(
    supervisor::pointer self, const std::shared_ptr<const supervisor_plan>& plan) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, *plan);
    return {
        [&state](start_child& what) { return state.on_start(what); },
        [&state](const end_child& what) { state.on_end(what); },
        [&state](const describe_actors& what) { return state.on_describe(what); },
        [&state](supervision_wake) { state.on_wake(); },
    };
}

supervisor_actor spawn(caf::actor_system& system, std::shared_ptr<const supervisor_plan> plan) {
    return system.spawn(supervisor_behavior, std::move(plan));
}

}  // namespace

supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_plan plan) {
    return spawn(system, std::make_shared<const supervisor_plan>(std::move(plan)));
}

child_spec supervised_branch(supervisor_plan plan, std::chrono::milliseconds grace,
                             actor_slot<supervisor_actor> slot) {
    auto kept = std::make_shared<const supervisor_plan>(std::move(plan));
    auto out = supervised(
        kept->name, child_rules{child_kind::permanent, grace, {}},
        [kept](caf::local_actor& parent) { return spawn(parent.system(), kept); }, std::move(slot));
    out.supervises = true;
    return out;
}

}  // namespace perin::runtime
