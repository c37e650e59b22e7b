#include "persistence/idempotency.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

namespace perin::persistence {

namespace {

idempotency_row request_of(row& from) {
    return {.user_id = from.take_text(0),
            .key = from.take_text(1),
            .fingerprint = from.take_text(2),
            .conversation_id = from.take_text(3),
            .turn_id = from.take_text(4),
            .at = time_column(from, 5)};
}

}  // namespace

result<std::optional<idempotency_row>> idempotency_repository::find(const std::string& user_id,
                                                                    const std::string& key) {
    return decode_first<idempotency_row>(
        on_.execute("SELECT user_id, key, fingerprint, conversation_id, turn_id, at "
                    "FROM idempotency WHERE user_id = $1 AND key = $2",
                    {user_id, key}),
        request_of);
}

result<void> idempotency_repository::insert(const idempotency_row& fresh) {
    return done(on_.execute(
        "INSERT INTO idempotency (user_id, key, fingerprint, conversation_id, turn_id, at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {fresh.user_id, fresh.key, fresh.fingerprint, fresh.conversation_id, fresh.turn_id,
         column(fresh.at)}));
}

result<std::size_t> idempotency_repository::remove_before(timestamp limit) {
    return touched(on_, on_.execute("DELETE FROM idempotency WHERE at < $1", {column(limit)}));
}

}  // namespace perin::persistence
