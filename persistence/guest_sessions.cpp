#include "persistence/guest_sessions.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

namespace perin::persistence {

namespace {

guest_session_row session_of(row& from) {
    return {.id = from.take_text(0),
            .delegation_id = from.take_text(1),
            .conversation_id = from.take_text(2),
            .created_at = time_column(from, 3),
            .expires_at = time_column(from, 4)};
}

}  // namespace

result<void> guest_session_repository::create(const guest_session_row& fresh,
                                              const std::string& hash, std::size_t most) {
    const auto made = on_.execute(
        "INSERT INTO guest_sessions (id, delegation_id, hash, conversation_id, created_at, "
        "expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        {fresh.id, fresh.delegation_id, hash, fresh.conversation_id, column(fresh.created_at),
         column(fresh.expires_at)});
    if (!made) return made.error();
    return done(on_.execute(
        "DELETE FROM guest_sessions WHERE delegation_id = $1 AND id NOT IN (SELECT id FROM "
        "guest_sessions WHERE delegation_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2)",
        {fresh.delegation_id, column(most)}));
}

result<std::optional<guest_session_row>> guest_session_repository::find(const std::string& hash) {
    return decode_first<guest_session_row>(
        on_.execute("SELECT id, delegation_id, conversation_id, created_at, expires_at "
                    "FROM guest_sessions WHERE hash = $1",
                    {hash}),
        session_of);
}

}  // namespace perin::persistence
