#include "persistence/calendars.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

namespace perin::persistence {

namespace {

calendar_state state_in(row& from) {
    return {.version = number_column(from, 0), .changed_at = time_column(from, 1)};
}

failure moved_on() { return {error_code::conflict, "the calendar has changed meanwhile"}; }

found_feed feed_in(row& from) {
    return {.owner = {.id = from.take_text(0),
                      .email = from.take_text(1),
                      .name = from.take_text(2),
                      .timezone = from.take_text(3),
                      .admin = from.integer(4) != 0,
                      .created_at = time_column(from, 5)},
            .state = {.version = number_column(from, 6), .changed_at = time_column(from, 7)}};
}

}  // namespace

result<calendar_state> calendar_repository::state_of(const std::string& user_id) {
    const auto found = decode_first<calendar_state>(
        on_.execute("SELECT version, changed_at FROM calendars WHERE user_id = $1", {user_id}),
        state_in);
    if (!found) return found.error();
    return found->value_or(calendar_state{});
}

result<void> calendar_repository::advance(const std::string& user_id, std::uint64_t expected,
                                          timestamp at) {
    if (expected == 0)
        return done_or(on_,
                       // One who is erased gets none any more.
                       on_.execute("INSERT INTO calendars (user_id, version, changed_at) "
                                   "SELECT id, 1, CAST($2 AS BIGINT) FROM users WHERE id = $1 "
                                   "ON CONFLICT (user_id) DO NOTHING",
                                   {user_id, column(at)}),
                       moved_on());
    return done_or(on_,
                   on_.execute("UPDATE calendars SET version = version + 1, changed_at = $3 "
                               "WHERE user_id = $1 AND version = $2",
                               {user_id, column(expected), column(at)}),
                   moved_on());
}

result<void> calendar_repository::advance_for(const std::string& booking_key,
                                              const std::string& user_id, std::uint64_t expected,
                                              timestamp at) {
    return done_or(on_,
                   on_.execute("UPDATE calendars SET version = version + 1, changed_at = $3 "
                               "WHERE user_id = $1 AND version = $2 AND NOT EXISTS (SELECT 1 "
                               "FROM bookings WHERE user_id = $1 AND idempotency_key = $4)",
                               {user_id, column(expected), column(at), booking_key}),
                   moved_on());
}

result<void> calendar_repository::put_feed(const std::string& user_id,
                                           const std::string& token_hash, timestamp at) {
    return done(
        on_.execute("INSERT INTO calendar_feeds (user_id, token_hash, created_at) "
                    "VALUES ($1, $2, $3) ON CONFLICT (user_id) DO UPDATE SET "
                    "token_hash = excluded.token_hash, created_at = excluded.created_at",
                    {user_id, token_hash, column(at)}));
}

result<void> calendar_repository::end_feed(const std::string& user_id) {
    return done(on_.execute("DELETE FROM calendar_feeds WHERE user_id = $1", {user_id}));
}

result<bool> calendar_repository::has_feed(const std::string& user_id) {
    const auto found = on_.execute("SELECT 1 FROM calendar_feeds WHERE user_id = $1", {user_id});
    if (!found) return found.error();
    return !found->empty();
}

result<std::optional<found_feed>> calendar_repository::find_feed(const std::string& token_hash) {
    return decode_first<found_feed>(
        on_.execute("SELECT u.id, u.email, u.name, u.timezone, u.admin, u.created_at, "
                    "COALESCE(c.version, 0), COALESCE(c.changed_at, 0) "
                    "FROM calendar_feeds f JOIN users u ON u.id = f.user_id "
                    "LEFT JOIN calendars c ON c.user_id = f.user_id WHERE f.token_hash = $1",
                    {token_hash}),
        feed_in);
}

}  // namespace perin::persistence
