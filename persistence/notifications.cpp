#include "persistence/notifications.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"
#include "persistence/time_list.hpp"

namespace perin::persistence {

namespace {

notification_state state_of(const std::string& name) {
    using enum notification_state;
    for (const auto each : {open, resolved, expired})
        if (to_string(each) == name) return each;
    throw unreadable_row("a notification is in an unknown state");
}

notification_row notification_of(row& from) {
    return {.id = from.take_text(0),
            .user_id = from.take_text(1),
            .about_user_id = optional_text_column(from, 2),
            .type = from.take_text(3),
            .subject = from.take_text(4),
            .title = from.take_text(5),
            .payload = from.take_text(6),
            .actions = from.take_text(7),
            .state = state_of(from.text(8)),
            .resolution = optional_text_column(from, 9),
            .created_at = time_column(from, 10),
            .expires_at = optional_time_column(from, 11),
            .closed_at = optional_time_column(from, 12)};
}

}  // namespace

result<void> notification_repository::create(const notification_row& fresh) {
    return done(on_.execute(
        "INSERT INTO notifications (id, user_id, about_user_id, type, subject, title, payload, "
        "actions, state, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10)",
        {fresh.id, fresh.user_id, column(fresh.about_user_id), fresh.type, fresh.subject,
         fresh.title, fresh.payload, fresh.actions, column(fresh.created_at),
         column(fresh.expires_at)}));
}

result<std::optional<notification_row>> notification_repository::find(const std::string& user_id,
                                                                      const std::string& id) {
    return decode_first<notification_row>(
        on_.execute("SELECT id, user_id, about_user_id, type, subject, title, payload, actions, "
                    "state, resolution, created_at, expires_at, closed_at FROM notifications "
                    "WHERE user_id = $1 AND id = $2",
                    {user_id, id}),
        notification_of);
}

result<page<notification_row>> notification_repository::list(
    const std::string& user_id, const std::optional<notification_state>& state, std::size_t limit,
    const std::optional<std::string>& cursor) {
    const auto from = begin_page(limit, cursor);
    if (!from) return from.error();
    const std::string wanted_state(state ? to_string(*state) : "");
    return end_page(
        *from, decode_all<notification_row>(
                   on_.execute("SELECT id, user_id, about_user_id, type, subject, title, payload, "
                               "actions, state, resolution, created_at, expires_at, closed_at "
                               "FROM notifications WHERE user_id = $1 AND ($5 = '' OR state = $5) "
                               "AND (created_at, id) < ($2, $3) "
                               "ORDER BY created_at DESC, id DESC LIMIT $4",
                               {user_id, column(from->after.created_at), from->after.id,
                                column(from->wanted + 1), wanted_state}),
                   notification_of));
}

result<void> notification_repository::resolve(const std::string& user_id, const std::string& id,
                                              const std::string& resolution, timestamp now) {
    const auto changed = on_.execute(
        "UPDATE notifications SET state = 'resolved', resolution = $3, closed_at = $4 "
        "WHERE user_id = $1 AND id = $2 AND state = 'open' "
        "AND (expires_at IS NULL OR expires_at > $4)",
        {user_id, id, resolution, column(now)});
    if (!changed) return changed.error();
    if (on_.changed() > 0) return {};
    const auto there = find(user_id, id);
    if (!there) return there.error();
    if (!*there) return failure{error_code::not_found, "there is no such notification"};
    if ((*there)->state == notification_state::resolved) {
        return failure{error_code::conflict, "the notification is resolved already"};
    }
    return failure{error_code::gone, "the notification has expired"};
}

result<std::vector<notification_row>> notification_repository::expire(timestamp now,
                                                                      std::size_t limit) {
    auto due = decode_all<notification_row>(
        on_.execute("SELECT id, user_id, about_user_id, type, subject, title, payload, actions, "
                    "state, resolution, created_at, expires_at, closed_at FROM notifications "
                    "WHERE state = 'open' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2",
                    {column(now), column(limit)}),
        notification_of);
    if (!due) return due;
    std::vector<notification_row> expired;
    for (notification_row& each : *due) {
        const auto changed = on_.execute(
            "UPDATE notifications SET state = 'expired', closed_at = $2 "
            "WHERE id = $1 AND state = 'open'",
            {each.id, column(now)});
        if (!changed) return changed.error();
        // Somebody resolved it meanwhile.
        if (on_.changed() == 0) continue;
        each.state = notification_state::expired;
        each.closed_at = now;
        expired.push_back(std::move(each));
    }
    return expired;
}

result<std::optional<timestamp>> notification_repository::next_expiry() {
    return decode_first<timestamp>(
        on_.execute("SELECT expires_at FROM notifications WHERE state = 'open' "
                    "AND expires_at IS NOT NULL ORDER BY expires_at LIMIT 1"),
        [](row& from) { return time_column(from, 0); });
}

}  // namespace perin::persistence
