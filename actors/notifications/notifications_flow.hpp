#pragma once

#include "actors/notifications/notifications.hpp"
#include "runtime/supervision/owed_reply.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace perin::actors {

/// What the notifications do with each of their messages. A decision on a tool's call goes this
/// way, and a crash anywhere on it loses and doubles nothing:
///
///     resolve ─► closed, with a durable timer beside it ─► chat_send to the conversation
///                          ▲  │ a look finds what is left     │ accepted: the timer goes in the
///                          │  ▼                               ▼ transaction of the turn
///                          postponed ◄──── it could not ──── done
class notifications_flow {
  public:
    static constexpr const char* name = "notifications";
    using pointer = runtime::notifications_actor::stateful_pointer<notifications_flow>;

    void begin(pointer self, notifications_parts parts);
    caf::result<result<notification>> on_notify(runtime::notify_user& wanted);
    caf::result<result<runtime::notification_page>> on_list(
        const runtime::list_notifications& wanted);
    caf::result<result<notification>> on_resolve(runtime::resolve_notification& wanted);
    void on_listen(const runtime::listen_to_notifications& wanted);
    void on_tick();

  private:
    using clock_point = caf::actor_clock::time_point;
    using promise = runtime::owed_reply<result<notification>>;

    [[nodiscard]] timestamp now() const { return parts_.clock->now(); }
    void close(const notification& found, const runtime::resolve_notification& wanted,
               const promise& owed);
    void commit_close(runtime::close_notification change, const promise& owed);
    void tell(const notification& one);
    /// Nothing more is open of a user: `page` was asked for when `made` had been made.
    void remember_without(const runtime::list_notifications& wanted,
                          const runtime::notification_page& page, std::uint64_t made);
    void forget_listener(const caf::actor_addr& gone);

    void look_in(std::chrono::milliseconds wait);
    void look_when_it_expires(const notification& one);
    void expire();
    void find_follow_ups();
    void find_follow_ups(const char* kind);
    void carry_out(const runtime::follow_up& one);
    /// `decision`: nothing where it cannot be read.
    template <class Answer, class Handle, class Message>
    void send_decision(const runtime::follow_up& one, const char* kind, const Handle& to,
                       std::optional<Message> decision);
    void carried_out(const std::string& id, const char* kind, const result<void>& answer);
    void settle(const std::string& id, runtime::notification_change change);

    pointer self_ = nullptr;
    notifications_parts parts_;
    std::unordered_map<std::string, std::vector<runtime::session_actor>> listeners_;
    std::map<caf::actor_addr, std::string> listens_as_;
    /// Users without an open one, so that a turn of theirs costs no look at the database.
    std::unordered_set<std::string> without_;
    /// How many were asked to be made so far: what was read before one may miss it.
    std::uint64_t made_ = 0;
    /// When the next look is; ticks of later ones that were brought forward are nothing.
    std::optional<clock_point> next_look_;
    /// Decisions that are on their way, by notification, and how often each has failed.
    std::set<std::string> sent_;
    std::map<std::string, std::size_t> failures_;
};

}  // namespace perin::actors
