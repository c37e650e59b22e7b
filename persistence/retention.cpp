#include "persistence/retention.hpp"

#include "persistence/columns.hpp"
#include "persistence/conversations.hpp"
#include "persistence/decode.hpp"
#include "persistence/journal.hpp"

#include <array>
#include <span>
#include <string_view>
#include <vector>

namespace perin::persistence {

namespace {

/// A row that was looked at, and whether it seems to be over.
struct candidate {
    retention_position at;
    bool over = false;
};

candidate candidate_of(row& from) {
    return {.at = {.user_id = from.take_text(0), .id = from.take_text(1)},
            .over = from.integer(2) != 0};
}

std::size_t count_of(row& from) { return number_column(from, 0); }

result<std::size_t> records_of(database& on, const std::string& stream) {
    return decode_only<std::size_t>(
        on.execute("SELECT COUNT(*) FROM journal WHERE stream = $1", {stream}), count_of);
}

/// Runs statements that have the one parameter.
result<void> run_all(database& on, std::span<const std::string_view> statements,
                     const std::string& parameter) {
    for (const auto sql : statements) {
        if (auto ran = on.execute(sql, {parameter}); !ran) return ran.error();
    }
    return {};
}

/// Goes through what a query found: `remove` takes a row and says how many records went with it, or
/// nothing where it stays after all.
template <class Remove>
result<pruned_batch> prune(result<std::vector<candidate>> found, std::size_t limit, Remove remove) {
    if (!found) return found.error();
    pruned_batch batch;
    for (const candidate& each : *found) {
        if (!each.over) continue;
        const result<std::optional<std::size_t>> records = remove(each.at);
        if (!records) return records.error();
        if (!*records) continue;
        ++batch.removed;
        batch.records += **records;
    }
    if (!found->empty() && found->size() == limit) batch.next = found->back().at;
    return batch;
}

retention_position begin_of(const std::optional<retention_position>& after) {
    return after.value_or(retention_position{});
}

using records_gone = result<std::optional<std::size_t>>;

records_gone remove_conversation(database& on, const retention_position& at, timestamp before) {
    // The row comes first: a turn that is accepted meanwhile is waited for, or finds it gone.
    const auto taken = on.execute(
        "UPDATE conversations SET title = '', deleted_at = updated_at "
        "WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL AND updated_at < $3 "
        "AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.user_id = $1 "
        "AND turns.conversation_id = $2 AND (turns.ended_version IS NULL OR EXISTS "
        "(SELECT 1 FROM effects WHERE effects.subject = turns.turn_id "
        "AND effects.state IN ('intended', 'unknown'))))",
        {at.user_id, at.id, column(before)});
    if (!taken) return taken.error();
    if (on.changed() == 0) return std::optional<std::size_t>();
    const std::string stream = conversation_stream(at.user_id, at.id);
    auto records = records_of(on, stream);
    if (!records) return records.error();
    if (auto gone = journal_repository(on).remove(stream); !gone) return gone.error();
    const auto effects = on.execute(
        "DELETE FROM effects WHERE subject IN "
        "(SELECT turn_id FROM turns WHERE user_id = $1 AND conversation_id = $2)",
        {at.user_id, at.id});
    if (!effects) return effects.error();
    if (auto gone = conversation_repository(on).forget_turns(at.user_id, at.id); !gone) {
        return gone.error();
    }
    return std::optional(*records);
}

records_gone remove_stream(database& on, const std::string& stream, timestamp before) {
    const auto taken = on.execute(
        "DELETE FROM streams WHERE stream = $1 AND updated_at < $2 "
        "AND state IN ('completed', 'failed', 'cancelled', 'expired')",
        {stream, column(before)});
    if (!taken) return taken.error();
    if (on.changed() == 0) return std::optional<std::size_t>();
    auto records = records_of(on, stream);
    if (!records) return records.error();
    if (auto gone = journal_repository(on).remove(stream); !gone) return gone.error();
    constexpr std::array<std::string_view, 2> with_it = {
        "DELETE FROM effects WHERE subject = $1",
        "DELETE FROM timers WHERE subject = $1",
    };
    if (auto gone = run_all(on, with_it, stream); !gone) return gone.error();
    return std::optional(*records);
}

records_gone remove_link(database& on, const std::string& id, timestamp before) {
    // Its bookings and sessions refer to it, so it cannot be the first to go; nobody changes them
    // without changing it as well.
    const auto taken = on.execute(
        "UPDATE delegations SET updated_at = updated_at WHERE id = $1 "
        "AND (expires_at < $2 OR revoked_at < $2) AND NOT EXISTS "
        "(SELECT 1 FROM bookings WHERE delegation_id = $1 AND ends_at >= $2)",
        {id, column(before)});
    if (!taken) return taken.error();
    if (on.changed() == 0) return std::optional<std::size_t>();
    constexpr std::array<std::string_view, 5> with_it = {
        "DELETE FROM booked_minutes WHERE booking_id IN "
        "(SELECT id FROM bookings WHERE delegation_id = $1)",
        "DELETE FROM bookings WHERE delegation_id = $1",
        "DELETE FROM guest_sessions WHERE delegation_id = $1",
        "DELETE FROM timers WHERE subject = $1",
        "DELETE FROM delegations WHERE id = $1",
    };
    if (auto gone = run_all(on, with_it, id); !gone) return gone.error();
    return std::optional<std::size_t>(0);
}

}  // namespace

result<pruned_batch> retention_repository::prune_conversations(
    timestamp before, std::size_t limit, const std::optional<retention_position>& after) {
    const auto [user_id, id] = begin_of(after);
    auto found = decode_all<candidate>(
        on_.execute("SELECT user_id, id, CASE WHEN deleted_at IS NULL AND updated_at < $1 "
                    "THEN 1 ELSE 0 END FROM conversations WHERE (user_id, id) > ($2, $3) "
                    "ORDER BY user_id, id LIMIT $4",
                    {column(before), user_id, id, column(limit)}),
        candidate_of);
    return prune(std::move(found), limit, [&](const retention_position& at) {
        return remove_conversation(on_, at, before);
    });
}

result<pruned_batch> retention_repository::prune_streams(
    timestamp before, std::size_t limit, const std::optional<retention_position>& after) {
    auto found = decode_all<candidate>(
        on_.execute("SELECT '', stream, CASE WHEN updated_at < $1 AND state IN ('completed', "
                    "'failed', 'cancelled', 'expired') AND NOT EXISTS (SELECT 1 FROM effects "
                    "WHERE subject = stream AND effects.state IN ('intended', 'unknown')) "
                    "THEN 1 ELSE 0 END FROM streams WHERE stream > $2 ORDER BY stream LIMIT $3",
                    {column(before), begin_of(after).id, column(limit)}),
        candidate_of);
    return prune(std::move(found), limit,
                 [&](const retention_position& at) { return remove_stream(on_, at.id, before); });
}

result<pruned_batch> retention_repository::prune_links(
    timestamp before, std::size_t limit, const std::optional<retention_position>& after) {
    auto found = decode_all<candidate>(
        on_.execute("SELECT '', id, CASE WHEN expires_at < $1 OR revoked_at < $1 THEN 1 ELSE 0 END "
                    "FROM delegations WHERE id > $2 ORDER BY id LIMIT $3",
                    {column(before), begin_of(after).id, column(limit)}),
        candidate_of);
    return prune(std::move(found), limit,
                 [&](const retention_position& at) { return remove_link(on_, at.id, before); });
}

result<pruned_batch> retention_repository::prune_notifications(
    timestamp before, std::size_t limit, const std::optional<retention_position>& after) {
    auto found = decode_all<candidate>(
        on_.execute("SELECT '', id, CASE WHEN closed_at < $1 THEN 1 ELSE 0 END "
                    "FROM notifications WHERE id > $2 ORDER BY id LIMIT $3",
                    {column(before), begin_of(after).id, column(limit)}),
        candidate_of);
    return prune(std::move(found), limit, [&](const retention_position& at) -> records_gone {
        const auto gone = on_.execute("DELETE FROM notifications WHERE id = $1", {at.id});
        if (!gone) return gone.error();
        return std::optional<std::size_t>(0);
    });
}

result<std::size_t> retention_repository::prune_expired(timestamp now) {
    constexpr std::array<std::string_view, 2> all = {
        "DELETE FROM guest_sessions WHERE expires_at <= $1",
        "DELETE FROM authorizations WHERE expires_at <= $1",
    };
    std::size_t count = 0;
    for (const auto sql : all) {
        if (auto gone = on_.execute(sql, {column(now)}); !gone) return gone.error();
        count += on_.changed();
    }
    return count;
}

}  // namespace perin::persistence
