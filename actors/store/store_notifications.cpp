#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "persistence/accounts.hpp"
#include "persistence/notifications.hpp"
#include "persistence/timers.hpp"
#include "persistence/tool_effects.hpp"

#include <variant>

namespace perin::actors {

using namespace runtime;
using persistence::notification_repository;
using persistence::timer_repository;
using persistence::timer_row;
using persistence::tool_effect_repository;

namespace {

failure no_such_notification() { return {error_code::not_found, "there is no such notification"}; }

/// Of one notification there is one follow-up of a kind.
timer_row timer_of(const std::string& kind, const std::string& notification_id,
                   const std::string& user_id, timestamp due, timestamp now) {
    return {kind + "/" + notification_id, kind, notification_id, user_id, due, "{}", now};
}

/// One change of notifications.
class notification_changes {
  public:
    using outcome = result<notification_committed>;

    notification_changes(persistence::database& db, timestamp at)
        : db_(db), notifications_(db), timers_(db), at_(at) {}

    outcome operator()(const create_notification& one) {
        const auto there = find(one.fresh.user_id, one.fresh.id);
        if (there) return notification_committed{{*there}, true, {}};
        if (there.error().code != error_code::not_found) return there.error();
        const auto owner = persistence::account_repository(db_).find(one.fresh.user_id);
        if (!owner) return owner.error();
        if (!*owner) return failure{error_code::not_found, "there is no such user"};
        if (auto made = notifications_.create(one.fresh); !made) return made.error();
        return as_it_is(one.fresh.user_id, one.fresh.id);
    }

    outcome operator()(const close_notification& one) {
        tool_effect_repository effects(db_);
        if (one.once) {
            const auto earlier = effects.find(one.once->turn_id, one.once->call_id);
            if (!earlier) return earlier.error();
            if (*earlier) {
                auto now = as_it_is(one.user_id, one.id);
                if (now) now->repeated = true;
                return now;
            }
        }
        if (auto done = notifications_.resolve(one.user_id, one.id, one.resolution, at_); !done)
            return done.error();
        if (one.followed_by) {
            auto put = timers_.put(timer_of(*one.followed_by, one.id, one.user_id, at_, at_));
            if (!put) return put.error();
        }
        if (one.once)
            if (auto kept = effects.insert(one.once->turn_id, one.once->call_id, "{}", at_); !kept)
                return kept.error();
        return as_it_is(one.user_id, one.id);
    }

    outcome operator()(const expire_notifications& one) {
        auto expired = notifications_.expire(at_, one.limit);
        if (!expired) return expired.error();
        auto next = notifications_.next_expiry();
        if (!next) return next.error();
        return notification_committed{std::move(*expired), false, *next};
    }

    outcome operator()(const forget_follow_up& one) {
        if (auto done = timers_.remove_of(one.notification_id); !done) return done.error();
        return notification_committed{};
    }

    outcome operator()(const postpone_follow_up& one) {
        const auto id = timer_of(one.kind, one.notification_id, {}, {}, {}).id;
        auto found = timers_.find(id);
        if (!found) return found.error();
        // It was done meanwhile.
        if (!*found) return notification_committed{};
        (*found)->due_at = one.until;
        if (auto done = timers_.put(**found); !done) return done.error();
        return notification_committed{};
    }

  private:
    result<notification> find(const std::string& user_id, const std::string& id) {
        auto found = notifications_.find(user_id, id);
        if (!found) return found.error();
        if (!*found) return no_such_notification();
        return std::move(**found);
    }

    outcome as_it_is(const std::string& user_id, const std::string& id) {
        auto found = find(user_id, id);
        if (!found) return found.error();
        return notification_committed{{std::move(*found)}, false, {}};
    }

    persistence::database& db_;
    notification_repository notifications_;
    timer_repository timers_;
    timestamp at_;
};

}  // namespace

result<notification_committed> store_writer::apply(const commit_notification& what) {
    return std::visit(notification_changes(db_, what.at), what.change);
}

result<notification_page> store_reader::read(const list_notifications& what) {
    auto page =
        notification_repository(db_).list(what.user_id, what.state, what.limit, what.cursor);
    if (!page) return page.error();
    return notification_page{std::move(page->items), std::move(page->next_cursor)};
}

result<notification> store_reader::read(const find_notification& what) {
    auto found = notification_repository(db_).find(what.user_id, what.id);
    if (!found) return found.error();
    if (!*found) return no_such_notification();
    return std::move(**found);
}

result<std::vector<follow_up>> store_reader::read(const list_follow_ups& what) {
    auto due = timer_repository(db_).due_of(what.kind, what.at, what.limit);
    if (!due) return due.error();
    notification_repository notifications(db_);
    persistence::account_repository accounts(db_);
    std::vector<follow_up> out;
    for (const auto& each : *due) {
        auto found = notifications.find(each.user_id, each.subject);
        if (!found) return found.error();
        auto owner = accounts.find(each.user_id);
        if (!owner) return owner.error();
        // Its user is being erased, and the timer with all that is theirs.
        if (!*found || !*owner) continue;
        out.push_back({std::move(**found), std::move(**owner)});
    }
    return out;
}

}  // namespace perin::actors
