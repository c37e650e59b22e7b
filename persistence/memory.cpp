#include "persistence/memory.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

#include <array>

namespace perin::persistence {

namespace {

memory_entry entry_of(row& from) {
    return {.key = from.take_text(0),
            .content = from.take_text(1),
            .type = from.take_text(2),
            .context = from.take_text(3),
            .importance = from.real(4),
            .at = time_column(from, 5),
            .use_count = from.integer(6)};
}

}  // namespace

result<std::vector<memory_entry>> memory_repository::load(const std::string& user_id) {
    return decode_all<memory_entry>(
        on_.execute("SELECT key, content, type, context, importance, at, use_count "
                    "FROM memory WHERE user_id = $1 ORDER BY key",
                    {user_id}),
        entry_of);
}

result<bool> memory_repository::put(const std::string& user_id, const memory_entry& entry) {
    const std::array<value, 8> columns = {
        user_id,       entry.key,        entry.content,    entry.type,
        entry.context, entry.importance, column(entry.at), value(entry.use_count)};
    const auto replaced = on_.execute(
        "UPDATE memory SET content = $3, type = $4, context = $5, importance = $6, at = $7, "
        "use_count = $8 WHERE user_id = $1 AND key = $2",
        columns);
    if (!replaced) return replaced.error();
    if (on_.changed() > 0) return false;
    // Somebody else may have written the same key meanwhile: the later one holds.
    const auto inserted = on_.execute(
        "INSERT INTO memory (user_id, key, content, type, context, importance, at, use_count) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (user_id, key) DO UPDATE SET "
        "content = excluded.content, type = excluded.type, context = excluded.context, "
        "importance = excluded.importance, at = excluded.at, use_count = excluded.use_count",
        columns);
    if (!inserted) return inserted.error();
    return true;
}

result<std::size_t> memory_repository::remove(const std::string& user_id,
                                              std::span<const std::string> keys) {
    std::size_t count = 0;
    for (const std::string& key : keys) {
        const auto removed =
            on_.execute("DELETE FROM memory WHERE user_id = $1 AND key = $2", {user_id, key});
        if (!removed) return removed.error();
        count += on_.changed();
    }
    return count;
}

result<std::size_t> memory_repository::clear(const std::string& user_id) {
    return touched(on_, on_.execute("DELETE FROM memory WHERE user_id = $1", {user_id}));
}

result<void> memory_repository::add_uses(const std::string& user_id, const std::string& key,
                                         std::int64_t n) {
    return done(
        on_.execute("UPDATE memory SET use_count = use_count + $3 WHERE user_id = $1 AND key = $2",
                    {user_id, key, n}));
}

}  // namespace perin::persistence
