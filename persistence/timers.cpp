#include "persistence/timers.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

namespace perin::persistence {

namespace {

timer_row timer_of(row& from) {
    return {.id = from.take_text(0),
            .kind = from.take_text(1),
            .subject = from.take_text(2),
            .user_id = from.take_text(3),
            .due_at = time_column(from, 4),
            .payload = from.take_text(5),
            .created_at = time_column(from, 6)};
}

timestamp time_of(row& from) { return time_column(from, 0); }

}  // namespace

result<void> timer_repository::put(const timer_row& fresh) {
    return done(on_.execute(
        "INSERT INTO timers (id, kind, subject, user_id, due_at, payload, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, payload = excluded.payload",
        {fresh.id, fresh.kind, fresh.subject, fresh.user_id, column(fresh.due_at), fresh.payload,
         column(fresh.created_at)}));
}

result<void> timer_repository::wake(const std::string& kind, const std::string& subject,
                                    const std::string& user_id,
                                    const std::optional<timestamp>& due_at, timestamp now) {
    if (due_at) return put({subject, kind, subject, user_id, *due_at, "{}", now});
    const auto removed = remove(subject);
    return removed ? result<void>{} : result<void>{removed.error()};
}

result<std::optional<timer_row>> timer_repository::find(const std::string& id) {
    return decode_first<timer_row>(
        on_.execute("SELECT id, kind, subject, user_id, due_at, payload, created_at "
                    "FROM timers WHERE id = $1",
                    {id}),
        timer_of);
}

result<std::vector<timer_row>> timer_repository::due(timestamp now, std::size_t limit,
                                                     const std::optional<timer_row>& after) {
    return decode_all<timer_row>(
        on_.execute("SELECT id, kind, subject, user_id, due_at, payload, created_at "
                    "FROM timers WHERE due_at <= $1 AND (due_at, id) > ($2, $3) "
                    "ORDER BY due_at, id LIMIT $4",
                    {column(now), column(after ? after->due_at : timestamp::min()),
                     after ? after->id : std::string(), column(limit)}),
        timer_of);
}

result<std::vector<timer_row>> timer_repository::due_of(const std::string& kind, timestamp now,
                                                        std::size_t limit) {
    return decode_all<timer_row>(
        on_.execute("SELECT id, kind, subject, user_id, due_at, payload, created_at "
                    "FROM timers WHERE due_at <= $1 AND kind = $2 ORDER BY due_at, id LIMIT $3",
                    {column(now), kind, column(limit)}),
        timer_of);
}

result<std::optional<timestamp>> timer_repository::next_due() {
    return decode_first<timestamp>(
        on_.execute("SELECT due_at FROM timers ORDER BY due_at, id LIMIT 1"), time_of);
}

result<std::optional<timestamp>> timer_repository::next_of(const std::string& kind,
                                                           timestamp after) {
    return decode_first<timestamp>(
        on_.execute("SELECT due_at FROM timers WHERE kind = $1 AND due_at > $2 "
                    "ORDER BY due_at, id LIMIT 1",
                    {kind, column(after)}),
        time_of);
}

result<bool> timer_repository::take(const timer_row& due) {
    const auto removed = on_.execute("DELETE FROM timers WHERE id = $1 AND due_at = $2",
                                     {due.id, column(due.due_at)});
    if (!removed) return removed.error();
    return on_.changed() > 0;
}

result<bool> timer_repository::remove(const std::string& id) {
    const auto removed = on_.execute("DELETE FROM timers WHERE id = $1", {id});
    if (!removed) return removed.error();
    return on_.changed() > 0;
}

result<std::size_t> timer_repository::remove_of(const std::string& subject) {
    return touched(on_, on_.execute("DELETE FROM timers WHERE subject = $1", {subject}));
}

}  // namespace perin::persistence
