#include "actors/notifications/notifications_flow.hpp"

#include "actors/fulfil.hpp"
#include "actors/notifications/decision.hpp"
#include "domain/text.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/log.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>

namespace perin::actors {

using namespace runtime;
using nlohmann::json;
using std::chrono::milliseconds;

namespace {

/// Octets of what a user adds to a decision.
constexpr std::size_t most_data = 64 * 1024;
constexpr std::size_t most_title = 200;
/// Those that one look lets expire.
constexpr std::size_t expired_at_once = 100;

failure store_silent() { return {error_code::unavailable, "the store does not answer"}; }

failure no_such_notification() { return {error_code::not_found, "there is no such notification"}; }

}  // namespace

void notifications_flow::begin(pointer self, notifications_parts parts) {
    self_ = self;
    parts_ = std::move(parts);
    self_->set_down_handler(
        [this](const caf::down_msg& message) { forget_listener(message.source); });
    // What an earlier run has left to be carried out; what has expired meanwhile is shown so
    // already, and is written a little later.
    find_follow_ups();
    look_in(parts_.shortest_look);
}

// ------------------------------------------------------------------------------------ messages

caf::result<result<notification>> notifications_flow::on_notify(notify_user& wanted) {
    auto& fresh = wanted.what;
    fresh.created_at = now();
    if (fresh.id.empty()) fresh.id = make_id("ntf_", fresh.created_at, parts_.entropy->for_id());
    fresh.title = utf8_prefix(fresh.title, most_title);
    ++made_;
    without_.erase(fresh.user_id);
    auto owed = owe<result<notification>>(self_);
    self_
        ->request(parts_.store.load(), parts_.store_timeout,
                  commit_notification{create_notification{std::move(fresh)}, now()})
        .then(
            [this, owed](const result<notification_committed>& done) {
                if (!done) return fulfil(owed, done.error());
                const auto& made = done->changed.front();
                fulfil(owed, made);
                if (done->repeated) return;
                tell(made);
                look_when_it_expires(made);
            },
            [owed](const caf::error&) { fulfil(owed, store_silent()); });
    return owed;
}

caf::result<result<notification_page>> notifications_flow::on_list(
    const list_notifications& wanted) {
    if (wanted.state == notification_state::open && !wanted.cursor &&
        without_.contains(wanted.user_id))
        return result<notification_page>{notification_page{}};
    auto owed = owe<result<notification_page>>(self_);
    self_->request(parts_.reader.load(), parts_.store_timeout, wanted)
        .then(
            [this, owed, wanted, made = made_](result<notification_page>& page) {
                if (!page) return fulfil(owed, page.error());
                const auto& asked = wanted.state;
                remember_without(wanted, *page, made);
                // The next look writes it; nobody can resolve it any more.
                for (auto& one : page->items)
                    if (one.state == notification_state::open && one.expires_at &&
                        *one.expires_at <= now())
                        one.state = notification_state::expired;
                if (asked)
                    std::erase_if(page->items,
                                  [&](const auto& one) { return one.state != *asked; });
                fulfil(owed, std::move(*page));
            },
            [owed](const caf::error&) { fulfil(owed, store_silent()); });
    return owed;
}

void notifications_flow::remember_without(const list_notifications& wanted,
                                          const notification_page& page, std::uint64_t made) {
    const bool all = wanted.state == notification_state::open && !wanted.cursor;
    if (parts_.shared || !all || !page.items.empty() || made != made_) return;
    if (without_.size() >= parts_.most_without) without_.clear();
    without_.insert(wanted.user_id);
}

caf::result<result<notification>> notifications_flow::on_resolve(resolve_notification& wanted) {
    using reply = result<notification>;
    if (!is_id(wanted.id, "ntf_")) return reply{no_such_notification()};
    if (wanted.data.dump(-1, ' ', false, json::error_handler_t::replace).size() > most_data)
        return reply{failure{error_code::invalid_request, "is too large", "/data"}};
    auto owed = owe<reply>(self_);
    self_
        ->request(parts_.reader.load(), parts_.store_timeout,
                  find_notification{wanted.user_id, wanted.id})
        .then(
            [this, owed, wanted](const reply& found) {
                if (!found) return fulfil(owed, found.error());
                close(*found, wanted, owed);
            },
            [owed](const caf::error&) { fulfil(owed, store_silent()); });
    return owed;
}

/// Whether it is open still, and whether this very call has closed it, is for the store to say.
void notifications_flow::close(const notification& found, const resolve_notification& wanted,
                               const promise& owed) {
    const auto actions = actions_of(found);
    if (std::ranges::find(actions, wanted.action) == actions.end())
        return fulfil(owed, failure{error_code::invalid_request,
                                    "is not an action of this notification", "/action"});
    const bool books = found.type == booking_approval;
    const bool approves = found.type == tool_approval || books;
    if (approves && !wanted.by_user && found.state == notification_state::open)
        return fulfil(owed, failure{error_code::forbidden,
                                    "only the user can decide this: ask for a plain yes or no"});
    close_notification change{found.user_id, found.id, {}, {}, wanted.once};
    change.resolution = json{{"action", wanted.action}, {"data", wanted.data}}.dump(
        -1, ' ', false, json::error_handler_t::replace);
    if (approves) change.followed_by = books ? booking_decided : approval_decided;
    commit_close(std::move(change), owed);
}

void notifications_flow::commit_close(close_notification change, const promise& owed) {
    const bool followed = change.followed_by.has_value();
    if (followed) crash_point("approval.deciding");
    self_
        ->request(parts_.store.load(), parts_.store_timeout,
                  commit_notification{std::move(change), now()})
        .then(
            [this, owed, followed](const result<notification_committed>& done) {
                if (!done) return fulfil(owed, done.error());
                // The decision is on disk, nobody has been told of it.
                if (followed) crash_point("approval.decided");
                fulfil(owed, done->changed.front());
                if (done->repeated) return;
                tell(done->changed.front());
                if (followed) find_follow_ups();
            },
            [this, owed](const caf::error&) {
                fulfil(owed, store_silent());
                // It may have been written all the same.
                look_in(parts_.shortest_look);
            });
}

// ----------------------------------------------------------------------------------- listeners

void notifications_flow::on_listen(const listen_to_notifications& wanted) {
    if (!wanted.listener || listens_as_.contains(wanted.listener.address())) return;
    auto& theirs = listeners_[wanted.user_id];
    if (theirs.size() >= parts_.most_listeners)
        return log(log_level::warning, "notifications.listeners",
                   "too many sessions of a user listen", {{"userId", wanted.user_id}});
    theirs.push_back(wanted.listener);
    listens_as_.emplace(wanted.listener.address(), wanted.user_id);
    self_->monitor(wanted.listener);
}

void notifications_flow::forget_listener(const caf::actor_addr& gone) {
    const auto found = listens_as_.find(gone);
    if (found == listens_as_.end()) return;
    const auto theirs = listeners_.find(found->second);
    std::erase_if(theirs->second, [&](const auto& one) { return one.address() == gone; });
    if (theirs->second.empty()) listeners_.erase(theirs);
    listens_as_.erase(found);
}

void notifications_flow::tell(const notification& one) {
    const auto found = listeners_.find(one.user_id);
    if (found == listeners_.end()) return;
    const json frame{{"type", "notification"}, {"notification", to_json(one)}};
    const auto text = std::make_shared<const std::string>(
        frame.dump(-1, ' ', false, json::error_handler_t::replace));
    for (const auto& listener : found->second) self_->send(listener, notification_news{text});
}

// --------------------------------------------------------------------------------------- looks

void notifications_flow::look_in(milliseconds wait) {
    const auto at = self_->clock().now() + wait;
    if (next_look_ && *next_look_ <= at) return;
    next_look_ = at;
    self_->delayed_send(self_, wait, tick{});
}

void notifications_flow::look_when_it_expires(const notification& one) {
    if (!one.expires_at) return;
    // The wall's clock may be set: it is looked at now and then.
    look_in(std::clamp(*one.expires_at - now(), parts_.shortest_look, parts_.longest_look));
}

void notifications_flow::on_tick() {
    if (!next_look_ || self_->clock().now() < *next_look_) return;
    next_look_.reset();
    look_in(parts_.longest_look);
    expire();
    find_follow_ups();
}

void notifications_flow::expire() {
    self_
        ->request(parts_.store.load(), parts_.store_timeout,
                  commit_notification{expire_notifications{expired_at_once}, now()})
        .then(
            [this](const result<notification_committed>& done) {
                if (!done) return look_in(parts_.first_wait * 5);
                for (const auto& one : done->changed) tell(one);
                if (done->changed.size() == expired_at_once) return look_in(parts_.shortest_look);
                notification next;
                next.expires_at = done->next_expiry;
                look_when_it_expires(next);
            },
            [this](const caf::error&) { look_in(parts_.first_wait * 5); });
}

// ----------------------------------------------------------------------------------- decisions

void notifications_flow::find_follow_ups() {
    if (sent_.size() >= parts_.most_sent) return look_in(parts_.shortest_look);
    // At a start the conversations may stand a moment later, and the workflows with them.
    if (parts_.conversations.load())
        find_follow_ups(approval_decided);
    else
        look_in(parts_.shortest_look);
    if (parts_.workflows.load()) find_follow_ups(booking_decided);
}

void notifications_flow::find_follow_ups(const char* kind) {
    const auto wanted = list_follow_ups{kind, now(), parts_.most_sent};
    self_->request(parts_.reader.load(), parts_.store_timeout, wanted)
        .then(
            [this](const result<std::vector<follow_up>>& found) {
                if (!found) return look_in(parts_.first_wait * 5);
                for (const auto& one : *found) carry_out(one);
                if (found->size() == parts_.most_sent) look_in(parts_.shortest_look);
            },
            [this](const caf::error&) { look_in(parts_.first_wait * 5); });
}

void notifications_flow::carry_out(const follow_up& one) {
    if (!sent_.insert(one.what.id).second) return;
    if (one.what.type == booking_approval)
        // A workflow that has the answer already says `conflict`: a second try is harmless.
        send_decision<workflow::account_of>(one, booking_decided, parts_.workflows.load(),
                                            booking_answer(one));
    else
        send_decision<chat_accepted>(one, approval_decided, parts_.conversations.load(),
                                     decision_message(one));
}

template <class Answer, class Handle, class Message>
void notifications_flow::send_decision(const follow_up& one, const char* kind, const Handle& to,
                                       std::optional<Message> decision) {
    const auto& id = one.what.id;
    if (!decision) {
        log(log_level::error, "approval.unreadable", "a decision cannot be read and is dropped",
            {{"notificationId", id}, {"userId", one.what.user_id}});
        return settle(id, forget_follow_up{id});
    }
    self_->request(to, parts_.send_timeout, std::move(*decision))
        .then(
            [this, id, kind](const result<Answer>& answer) {
                carried_out(id, kind, answer ? result<void>{} : result<void>{answer.error()});
            },
            [this, id, kind](const caf::error&) {
                carried_out(id, kind,
                            failure{error_code::unavailable, "who is to be told does not answer"});
            });
}

void notifications_flow::carried_out(const std::string& id, const char* kind,
                                     const result<void>& answer) {
    if (answer && std::string_view(kind) == booking_decided) {
        crash_point("booking.decision_sent");
        return settle(id, forget_follow_up{id});
    }
    if (answer) {
        // The turn has it, and the timer went with its acceptance.
        crash_point("approval.sent");
        failures_.erase(id);
        sent_.erase(id);
        return;
    }
    const auto code = answer.error().code;
    if (code == error_code::not_found || code == error_code::conflict ||
        code == error_code::invalid_request) {
        log(log_level::info, "approval.dropped", "a decision has nowhere to go",
            {{"notificationId", id}, {"code", to_string(code)}});
        return settle(id, forget_follow_up{id});
    }
    const auto failed = std::min<std::size_t>(failures_[id]++, 20);
    const auto wait =
        std::min(parts_.first_wait * (std::int64_t{1} << failed), parts_.longest_wait);
    log(log_level::warning, "approval.postponed", "a decision is carried out later",
        {{"notificationId", id}, {"code", to_string(code)}, {"waitMs", wait}});
    settle(id, postpone_follow_up{id, kind, now() + wait});
    look_in(std::max(wait, parts_.shortest_look));
}

/// Ends an attempt with what becomes of the decision's timer.
void notifications_flow::settle(const std::string& id, notification_change change) {
    if (std::holds_alternative<forget_follow_up>(change)) failures_.erase(id);
    self_
        ->request(parts_.store.load(), parts_.store_timeout,
                  commit_notification{std::move(change), now()})
        .then([this, id](const result<notification_committed>&) { sent_.erase(id); },
              [this, id](const caf::error&) { sent_.erase(id); });
}

}  // namespace perin::actors
