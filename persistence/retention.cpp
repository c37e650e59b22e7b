#include "persistence/retention.hpp"

#include "persistence/columns.hpp"
#include "persistence/conversations.hpp"
#include "persistence/decode.hpp"
#include "persistence/journal.hpp"

#include <array>
#include <limits>
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

/// How many records went with a row; nothing where it stays after all.
using records_gone = result<std::optional<std::size_t>>;

constexpr auto highest_version = std::numeric_limits<std::uint64_t>::max();

candidate candidate_of(row& from) {
    return {.at = {.user_id = from.take_text(0), .id = from.take_text(1)},
            .over = from.integer(2) != 0};
}

std::uint64_t number_of(row& from) { return number_column(from, 0); }

result<std::size_t> records_of(database& on, const std::string& stream) {
    return decode_only<std::size_t>(
        on.execute("SELECT COUNT(*) FROM journal WHERE stream = $1", {stream}), number_of);
}

/// Runs statements that have the one parameter.
result<void> run_all(database& on, std::span<const std::string_view> statements,
                     const std::string& parameter) {
    for (const auto sql : statements) {
        if (auto ran = on.execute(sql, {parameter}); !ran) return ran.error();
    }
    return {};
}

/// What `taking` says of a row where it touched none: it stays.
std::optional<records_gone> untouched(const database& on, const result<rows>& taking) {
    if (!taking) return records_gone(taking.error());
    if (on.changed() == 0) return records_gone(std::optional<std::size_t>());
    return std::nullopt;
}

records_gone remove_stream(database& on, const retention_position& at, timestamp before) {
    const std::string& stream = at.id;
    const auto taken = on.execute(
        "DELETE FROM streams WHERE stream = $1 AND updated_at < $2 "
        "AND state IN ('completed', 'failed', 'cancelled', 'expired')",
        {stream, column(before)});
    if (auto stays = untouched(on, taken)) return *stays;
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

records_gone remove_booking(database& on, const retention_position& at, timestamp before) {
    // Its row is held before anything of it goes; nobody moves it without changing it.
    const auto taken =
        on.execute("UPDATE bookings SET updated_at = updated_at WHERE id = $1 AND ends_at < $2",
                   {at.id, column(before)});
    if (auto stays = untouched(on, taken)) return *stays;
    constexpr std::array<std::string_view, 2> with_it = {
        "DELETE FROM timers WHERE subject = $1",
        "DELETE FROM bookings WHERE id = $1",
    };
    if (auto gone = run_all(on, with_it, at.id); !gone) return gone.error();
    return std::optional<std::size_t>(0);
}

records_gone remove_link(database& on, const retention_position& at, timestamp before) {
    // As with a booking: what refers to it goes first, and is not changed without it.
    const auto taken = on.execute(
        "UPDATE delegations SET updated_at = updated_at WHERE id = $1 "
        "AND (expires_at < $2 OR revoked_at < $2) AND NOT EXISTS "
        "(SELECT 1 FROM bookings WHERE delegation_id = $1 AND ends_at >= $2)",
        {at.id, column(before)});
    if (auto stays = untouched(on, taken)) return *stays;
    constexpr std::array<std::string_view, 4> with_it = {
        "DELETE FROM bookings WHERE delegation_id = $1",
        "DELETE FROM guest_sessions WHERE delegation_id = $1",
        "DELETE FROM timers WHERE subject = $1",
        "DELETE FROM delegations WHERE id = $1",
    };
    if (auto gone = run_all(on, with_it, at.id); !gone) return gone.error();
    return std::optional<std::size_t>(0);
}

records_gone remove_negotiation(database& on, const retention_position& at, timestamp before) {
    const auto taken = on.execute(
        "UPDATE negotiations SET updated_at = updated_at WHERE id = $1 AND updated_at < $2 "
        "AND state NOT IN ('proposing', 'agreed')",
        {at.id, column(before)});
    if (auto stays = untouched(on, taken)) return *stays;
    constexpr std::array<std::string_view, 3> with_it = {
        "DELETE FROM proposals WHERE negotiation_id = $1",
        "DELETE FROM timers WHERE subject = $1",
        "DELETE FROM negotiations WHERE id = $1",
    };
    if (auto gone = run_all(on, with_it, at.id); !gone) return gone.error();
    return std::optional<std::size_t>(0);
}

/// How the rows of one table are looked through.
struct row_rule {
    prunable what;
    /// The keys of the next rows after a position, and whether a row is over: of the time, the key
    /// of the position and the limit.
    std::string_view look;
    /// Removes a row that is over and nothing else: of its key and the time. Empty: `remove`.
    std::string_view erase;
    records_gone (*remove)(database& on, const retention_position& at, timestamp before) = nullptr;
    /// The key is of two columns.
    bool pair = false;
};

constexpr std::array<row_rule, 8> row_rules = {{
    {prunable::workflows,
     "SELECT '', stream, CASE WHEN updated_at < $1 AND state IN ('completed', 'failed', "
     "'cancelled', 'expired') AND NOT EXISTS (SELECT 1 FROM effects WHERE subject = stream AND "
     "effects.state IN ('intended', 'unknown')) THEN 1 ELSE 0 END FROM streams "
     "WHERE stream > $2 ORDER BY stream LIMIT $3",
     {},
     remove_stream},
    {prunable::effects,
     "SELECT '', id, CASE WHEN updated_at < $1 AND state NOT IN ('intended', 'unknown') AND NOT "
     "EXISTS (SELECT 1 FROM streams WHERE stream = subject) AND NOT EXISTS (SELECT 1 FROM turns "
     "WHERE turn_id = subject AND ended_version IS NULL) THEN 1 ELSE 0 END FROM effects "
     "WHERE id > $2 ORDER BY id LIMIT $3",
     "DELETE FROM effects WHERE id = $1 AND updated_at < $2 "
     "AND state NOT IN ('intended', 'unknown')"},
    {prunable::bookings,
     "SELECT '', id, CASE WHEN ends_at < $1 THEN 1 ELSE 0 END FROM bookings "
     "WHERE id > $2 ORDER BY id LIMIT $3",
     {},
     remove_booking},
    {prunable::links,
     "SELECT '', id, CASE WHEN expires_at < $1 OR revoked_at < $1 THEN 1 ELSE 0 END "
     "FROM delegations WHERE id > $2 ORDER BY id LIMIT $3",
     {},
     remove_link},
    {prunable::negotiations,
     "SELECT '', id, CASE WHEN updated_at < $1 AND state NOT IN ('proposing', 'agreed') AND "
     "(agreed_start IS NULL OR agreed_start < $1) THEN 1 ELSE 0 END "
     "FROM negotiations WHERE id > $2 ORDER BY id LIMIT $3",
     {},
     remove_negotiation},
    {prunable::notifications,
     // What follows from a decision may still be to be done.
     "SELECT '', id, CASE WHEN closed_at < $1 AND NOT EXISTS (SELECT 1 FROM timers WHERE "
     "timers.subject = notifications.id) THEN 1 ELSE 0 END FROM notifications "
     "WHERE id > $2 ORDER BY id LIMIT $3",
     "DELETE FROM notifications WHERE id = $1 AND closed_at < $2"},
    {prunable::tokens,
     "SELECT '', id, CASE WHEN expires_at < $1 THEN 1 ELSE 0 END FROM tokens "
     "WHERE id > $2 ORDER BY id LIMIT $3",
     // A session that is used meanwhile lives on.
     "DELETE FROM tokens WHERE id = $1 AND expires_at < $2"},
    {prunable::tool_results,
     "SELECT turn_id, call_id, CASE WHEN at < $1 AND NOT EXISTS (SELECT 1 FROM turns WHERE "
     "turns.turn_id = tool_effects.turn_id AND ended_version IS NULL) THEN 1 ELSE 0 END "
     "FROM tool_effects WHERE (turn_id, call_id) > ($2, $3) ORDER BY turn_id, call_id LIMIT $4",
     "DELETE FROM tool_effects WHERE turn_id = $1 AND call_id = $2 AND at < $3", nullptr, true},
}};

records_gone remove_row(database& on, const row_rule& rule, const retention_position& at,
                        timestamp before) {
    if (rule.remove != nullptr) return rule.remove(on, at, before);
    const auto gone = rule.pair ? on.execute(rule.erase, {at.user_id, at.id, column(before)})
                                : on.execute(rule.erase, {at.id, column(before)});
    if (auto stays = untouched(on, gone)) return *stays;
    return std::optional<std::size_t>(0);
}

result<std::vector<candidate>> look(database& on, const row_rule& rule, timestamp before,
                                    std::size_t limit,
                                    const std::optional<retention_position>& after) {
    const auto [first, second] = after.value_or(retention_position{});
    return decode_all<candidate>(
        rule.pair ? on.execute(rule.look, {column(before), first, second, column(limit)})
                  : on.execute(rule.look, {column(before), second, column(limit)}),
        candidate_of);
}

/// Where the next batch goes on after one that found these.
template <class Found>
std::optional<retention_position> end_of(const std::vector<Found>& found, std::size_t limit) {
    if (found.empty() || found.size() < limit) return std::nullopt;
    return found.back().at;
}

/// What an index finds by its age goes without a position: as long as as many are found as may go.
result<pruned_batch> prune_by_age(database& on, std::span<const std::string_view> statements,
                                  timestamp before, std::size_t limit) {
    pruned_batch batch;
    for (const auto sql : statements) {
        if (auto gone = on.execute(sql, {column(before), column(limit)}); !gone) {
            return gone.error();
        }
        batch.removed += on.changed();
        if (on.changed() == limit) batch.next = retention_position{};
    }
    return batch;
}

constexpr std::array<std::string_view, 1> old_claims = {
    "DELETE FROM idempotency WHERE (user_id, key) IN (SELECT user_id, key FROM idempotency "
    "WHERE at < $1 ORDER BY at LIMIT $2)",
};
constexpr std::array<std::string_view, 2> expired_sessions = {
    "DELETE FROM guest_sessions WHERE id IN (SELECT id FROM guest_sessions "
    "WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM authorizations WHERE state_hash IN (SELECT state_hash FROM authorizations "
    "WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
};

/// Removes the oldest records of a conversation that is gone, and the turns that they are of.
result<pruned_conversation> remove_records(database& on, const std::string& user_id,
                                           const std::string& id, std::size_t most) {
    const std::string stream = conversation_stream(user_id, id);
    const auto kept = decode_first<std::uint64_t>(
        on.execute("SELECT version FROM journal WHERE stream = $1 ORDER BY version "
                   "LIMIT 1 OFFSET $2",
                   {stream, column(most)}),
        number_of);
    if (!kept) return kept.error();
    pruned_conversation out{.gone = true, .whole = !kept->has_value()};
    const value until = column(kept->value_or(highest_version));
    constexpr std::array<std::string_view, 3> of_turns = {
        "DELETE FROM effects WHERE subject IN (SELECT turn_id FROM turns "
        "WHERE user_id = $1 AND conversation_id = $2 AND ended_version < $3)",
        "DELETE FROM tool_effects WHERE turn_id IN (SELECT turn_id FROM turns "
        "WHERE user_id = $1 AND conversation_id = $2 AND ended_version < $3)",
        "DELETE FROM turns WHERE user_id = $1 AND conversation_id = $2 AND ended_version < $3",
    };
    for (const auto sql : of_turns) {
        if (auto gone = on.execute(sql, {user_id, id, until}); !gone) return gone.error();
    }
    const auto gone =
        on.execute("DELETE FROM journal WHERE stream = $1 AND version < $2", {stream, until});
    if (!gone) return gone.error();
    out.records = on.changed();
    if (out.whole) {
        if (auto rest = journal_repository(on).remove(stream); !rest) return rest.error();
    }
    return out;
}

}  // namespace

result<pruned_batch> retention_repository::prune(prunable what, timestamp before, std::size_t limit,
                                                 const std::optional<retention_position>& after) {
    if (what == prunable::claims) return prune_by_age(on_, old_claims, before, limit);
    if (what == prunable::sessions) return prune_by_age(on_, expired_sessions, before, limit);
    for (const row_rule& rule : row_rules) {
        if (rule.what != what) continue;
        const auto found = look(on_, rule, before, limit, after);
        if (!found) return found.error();
        pruned_batch batch{.next = end_of(*found, limit)};
        for (const candidate& each : *found) {
            if (!each.over) continue;
            const records_gone records = remove_row(on_, rule, each.at, before);
            if (!records) return records.error();
            if (!*records) continue;
            ++batch.removed;
            batch.records += **records;
        }
        return batch;
    }
    return failure{error_code::internal, "conversations are not pruned as rows"};
}

result<idle_page> retention_repository::idle_conversations(
    timestamp before, std::size_t limit, const std::optional<retention_position>& after) {
    struct looked_at {
        retention_position at;
        bool idle = false;
        bool removed = false;
    };
    const auto [user_id, id] = after.value_or(retention_position{});
    auto found = decode_all<looked_at>(
        on_.execute(
            "SELECT user_id, id, CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END, "
            "CASE WHEN deleted_at IS NOT NULL THEN EXISTS (SELECT 1 FROM turns WHERE "
            "turns.user_id = conversations.user_id AND conversation_id = conversations.id) "
            "WHEN updated_at < $1 THEN NOT EXISTS (SELECT 1 FROM turns WHERE "
            "turns.user_id = conversations.user_id AND conversation_id = conversations.id AND "
            "(ended_version IS NULL OR EXISTS (SELECT 1 FROM effects WHERE subject = turn_id AND "
            "state IN ('intended', 'unknown')))) END FROM conversations "
            "WHERE (user_id, id) > ($2, $3) ORDER BY user_id, id LIMIT $4",
            {column(before), user_id, id, column(limit)}),
        +[](row& from) {
            return looked_at{.at = {.user_id = from.take_text(0), .id = from.take_text(1)},
                             .idle = !from.is_null(3) && from.integer(3) != 0,
                             .removed = from.integer(2) != 0};
        });
    if (!found) return found.error();
    idle_page page;
    page.next = end_of(*found, limit);
    for (looked_at& each : *found) {
        if (!each.idle) continue;
        page.items.push_back({std::move(each.at.user_id), std::move(each.at.id), each.removed});
    }
    return page;
}

result<pruned_conversation> retention_repository::prune_conversation(
    const std::string& user_id, const std::string& conversation_id, timestamp before,
    std::size_t most_records) {
    // The row comes first: a turn that is accepted meanwhile is waited for, or finds it gone.
    const auto taken = on_.execute(
        "UPDATE conversations SET title = '', deleted_at = updated_at "
        "WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL AND updated_at < $3 "
        "AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.user_id = $1 "
        "AND turns.conversation_id = $2 AND (turns.ended_version IS NULL OR EXISTS "
        "(SELECT 1 FROM effects WHERE effects.subject = turns.turn_id "
        "AND effects.state IN ('intended', 'unknown'))))",
        {user_id, conversation_id, column(before)});
    if (!taken) return taken.error();
    if (on_.changed() == 0) {
        const auto row = conversation_repository(on_).find(user_id, conversation_id);
        if (!row) return row.error();
        if (!*row || !(*row)->deleted) return pruned_conversation{};
    }
    return remove_records(on_, user_id, conversation_id, most_records);
}

}  // namespace perin::persistence
