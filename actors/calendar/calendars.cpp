#include "actors/calendar/calendars.hpp"

#include "actors/calendar/owner_calendar_flow.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>

#include <unordered_map>

namespace perin::actors {

using namespace runtime;

namespace {

calendars_actor::behavior_type owner_behavior(owner_calendar_flow::pointer self,
                                              const calendars_parts& parts, std::string user_id) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, parts, std::move(user_id));
    return {
        [&state](const find_free_time& wanted) { return state.on_find(wanted); },
        [&state](book_time& wanted) { return state.on_change<booking_outcome>(wanted); },
        [&state](move_event& wanted) { return state.on_change<booking_outcome>(wanted); },
        [&state](cancel_event& wanted) {
            return state.on_change<calendar::calendar_entry>(wanted);
        },
        [&state](settle_booking& wanted) { return state.on_change<booking>(wanted); },
        [&state](move_booking& wanted) { return state.on_change<booking_outcome>(wanted); },
        [&state](const list_entries& wanted) { return state.on_list(wanted); },
        [&state](import_events& wanted) { return state.on_import(wanted); },
        [&state](const export_events&) { return state.on_export(); },
        [&state](const renew_feed& wanted) { return state.on_renew_feed(wanted); },
        [self](const forget_user&) { self->quit(); },
        [](tick) {},
    };
}

/// Which owners' calendars are in the process.
class calendars {
  public:
    static constexpr const char* name = "calendars";
    using pointer = calendars_actor::stateful_pointer<calendars>;

    void begin(pointer self, calendars_parts parts) {
        self_ = self;
        parts_ = std::move(parts);
        self_->set_down_handler([this](const caf::down_msg& message) {
            std::erase_if(owners_, [&](const auto& one) {
                return one.second.actor.address() == message.source;
            });
        });
        self_->set_exit_handler([this](caf::exit_msg& message) {
            for (auto& [id, one] : owners_)
                self_->send_exit(one.actor, caf::exit_reason::user_shutdown);
            owners_.clear();
            self_->quit(message.reason);
        });
        self_->delayed_send(self_, parts_.tick_every, tick{});
    }

    template <class Message>
    auto pass(Message& what) {
        auto& one = owners_[what.user_id];
        one.asked = self_->clock().now();
        if (!one.actor) {
            one.actor = self_->system().spawn(owner_behavior, parts_, what.user_id);
            self_->monitor(one.actor);
        }
        return self_->delegate(one.actor, std::move(what));
    }

    void forget(const std::string& user_id) {
        const auto found = owners_.find(user_id);
        if (found == owners_.end()) return;
        self_->demonitor(found->second.actor.address());
        self_->send_exit(found->second.actor, caf::exit_reason::user_shutdown);
        owners_.erase(found);
    }

    void on_tick() {
        const auto now = self_->clock().now();
        std::erase_if(owners_, [&](auto& one) {
            if (one.second.asked + parts_.passivate_after > now) return false;
            self_->demonitor(one.second.actor.address());
            // What waits is longer answered by then: every request has its time.
            self_->send_exit(one.second.actor, caf::exit_reason::user_shutdown);
            return true;
        });
        self_->delayed_send(self_, parts_.tick_every, tick{});
    }

  private:
    struct resident {
        calendars_actor actor;
        caf::actor_clock::time_point asked;
    };

    pointer self_ = nullptr;
    calendars_parts parts_;
    std::unordered_map<std::string, resident> owners_;
};

calendars_actor::behavior_type calendars_behavior(calendars::pointer self, calendars_parts parts) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, std::move(parts));
    return {
        [&state](find_free_time& what) { return state.pass(what); },
        [&state](book_time& what) { return state.pass(what); },
        [&state](move_event& what) { return state.pass(what); },
        [&state](cancel_event& what) { return state.pass(what); },
        [&state](settle_booking& what) { return state.pass(what); },
        [&state](move_booking& what) { return state.pass(what); },
        [&state](list_entries& what) { return state.pass(what); },
        [&state](import_events& what) { return state.pass(what); },
        [&state](export_events& what) { return state.pass(what); },
        [&state](renew_feed& what) { return state.pass(what); },
        [&state](const forget_user& what) { state.forget(what.user_id); },
        [&state](tick) { state.on_tick(); },
    };
}

}  // namespace

calendars_actor spawn_calendars(caf::actor_system& system, calendars_parts parts) {
    return system.spawn(calendars_behavior, std::move(parts));
}

}  // namespace perin::actors
