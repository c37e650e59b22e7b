#include "persistence/migrations.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"
#include "persistence/migrations/0001_conversations_and_accounts.hpp"
#include "persistence/migrations/0002_streams_and_effects.hpp"
#include "persistence/migrations/0003_integrations.hpp"
#include "persistence/migrations/0004_scheduling.hpp"
#include "persistence/migrations/0005_network_and_notifications.hpp"
#include "persistence/migrations/0006_whole_events.hpp"
#include "persistence/migrations/0007_told_streams.hpp"
#include "persistence/migrations/0008_bookings_apart.hpp"
#include "persistence/migrations/0009_guests_talk.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace perin::persistence {

namespace {

struct applied_migration {
    int number = 0;
    std::string name;
};

applied_migration applied_of(row& from) {
    return {static_cast<int>(from.integer(0)), from.take_text(1)};
}

std::int64_t integer_of(row& from) { return from.integer(0); }

bool is_embedded(const database& on) { return std::string_view(on.driver()) == "sqlite"; }

/// The catalogue is the one thing for which the databases share no SQL.
result<bool> has_migrations_table(database& on) {
    auto count = decode_only<std::int64_t>(
        on.execute(is_embedded(on) ? "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' "
                                     "AND name = 'migrations'"
                                   : "SELECT to_regclass('migrations') IS NOT NULL"),
        integer_of);
    if (!count) return count.error();
    return *count > 0;
}

constexpr std::string_view make_table =
    "CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY NOT NULL, "
    "name TEXT NOT NULL, applied_at BIGINT NOT NULL)";

/// In PostgreSQL two that look at once both find no table, and one of them then fails: there they
/// take turns. The number of the lock is ours alone: "perin".
result<void> make_migrations_table(database& on) {
    if (is_embedded(on)) return done(on.execute(make_table));
    return done(on.execute("DO $$ BEGIN PERFORM pg_advisory_xact_lock(482738334062); " +
                           std::string(make_table) + "; END $$"));
}

/// PostgreSQL's limits are for the daily statements: a step may take long, and so may the wait for
/// a program that runs the same one.
result<void> lift_limits(database& on) {
    if (is_embedded(on)) return {};
    return done(
        on.execute("SELECT set_config('statement_timeout', '0', true), "
                   "set_config('lock_timeout', '0', true)"));
}

/// Nothing where the table is not there yet.
result<std::optional<std::vector<applied_migration>>> applied_migrations(database& on) {
    using answer = std::optional<std::vector<applied_migration>>;
    const auto there = has_migrations_table(on);
    if (!there) return there.error();
    if (!*there) return answer();
    auto all = decode_all<applied_migration>(
        on.execute("SELECT number, name FROM migrations ORDER BY number"), applied_of);
    if (!all) return all.error();
    return answer(std::move(*all));
}

/// Where the databases share no SQL a statement is written twice: `{sqlite}...{postgresql}...`.
std::string_view own_part(const database& on, std::string_view sql) {
    constexpr std::string_view first = "{sqlite}";
    constexpr std::string_view second = "{postgresql}";
    if (!sql.starts_with(first)) return sql;
    sql.remove_prefix(first.size());
    const auto middle = sql.find(second);
    return is_embedded(on) ? sql.substr(0, middle) : sql.substr(middle + second.size());
}

/// The statement as this database takes it.
std::string in_dialect_of(const database& on, std::string_view sql) {
    constexpr std::string_view placeholder = "{json}";
    sql = own_part(on, sql);
    std::string text;
    for (;;) {
        const auto found = sql.find(placeholder);
        text.append(sql.substr(0, found));
        if (found == std::string_view::npos) return text;
        text.append(is_embedded(on) ? "TEXT" : "JSONB");
        sql.remove_prefix(found + placeholder.size());
    }
}

/// Why this program must not touch the database.
std::optional<failure> disagreement(std::span<const applied_migration> applied,
                                    std::span<const migration> steps) {
    if (applied.size() > steps.size()) {
        return failure{error_code::conflict,
                       "the database was made by a newer version of Perin (its schema is " +
                           std::to_string(applied.back().number) + ", this program knows up to " +
                           std::to_string(steps.size()) +
                           "): start that version, or restore an older backup"};
    }
    for (std::size_t i = 0; i < applied.size(); ++i) {
        if (applied[i].number == steps[i].number && applied[i].name == steps[i].name) continue;
        return failure{error_code::conflict,
                       "the database was made by another version of Perin: step " +
                           std::to_string(applied[i].number) + " of its schema is not ours"};
    }
    return std::nullopt;
}

failure in_step(const migration& step, failure why) {
    why.detail = "step " + std::to_string(step.number) + " of the schema failed: " + why.detail;
    return why;
}

/// False where another program has run the step meanwhile.
result<bool> run(database& on, const migration& step, timestamp now) {
    auto changes = transaction::begin(on);
    if (!changes) return changes.error();
    if (auto lifted = lift_limits(on); !lifted) return lifted.error();
    // The row is the lock: it comes first, and whoever comes second waits here for the first one's
    // end.
    const auto recorded = on.execute(
        "INSERT INTO migrations (number, name, applied_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (number) DO NOTHING",
        {std::int64_t{step.number}, std::string(step.name), column(now)});
    if (!recorded) return recorded.error();
    if (on.changed() == 0) return false;
    for (const auto sql : step.statements) {
        const std::string text = in_dialect_of(on, sql);
        if (auto changed = on.execute(text); !changed) return changed.error();
    }
    if (auto committed = changes->commit(); !committed) return committed.error();
    return true;
}

}  // namespace

std::span<const migration> known_migrations() noexcept {
    static constexpr std::array<migration, 9> all = {
        migration{1, "conversations and accounts", migration_0001},
        migration{2, "streams and effects", migration_0002},
        migration{3, "integrations", migration_0003},
        migration{4, "scheduling", migration_0004},
        migration{5, "network and notifications", migration_0005},
        migration{6, "whole events", migration_0006},
        migration{7, "told streams", migration_0007},
        migration{8, "bookings apart", migration_0008},
        migration{9, "guests talk", migration_0009},
    };
    return all;
}

result<std::span<const migration>> missing_migrations(database& on) {
    const auto applied = applied_migrations(on);
    if (!applied) return applied.error();
    if (!applied->has_value()) return known_migrations();
    if (auto why = disagreement(**applied, known_migrations())) return *why;
    return known_migrations().subspan((*applied)->size());
}

result<int> migrate(database& on, timestamp now) { return migrate(on, now, known_migrations()); }

result<int> migrate(database& on, timestamp now, std::span<const migration> steps) {
    const auto applied = applied_migrations(on);
    if (!applied) return applied.error();
    std::size_t before = 0;
    if (applied->has_value()) {
        if (auto why = disagreement(**applied, steps)) return *why;
        before = (*applied)->size();
    } else {
        if (auto made = make_migrations_table(on); !made) return made.error();
    }
    int count = 0;
    for (const migration& step : steps.subspan(before)) {
        const auto ran = run(on, step, now);
        if (!ran) return in_step(step, ran.error());
        if (*ran) ++count;
    }
    return count;
}

result<int> schema_version(database& on) {
    const auto applied = applied_migrations(on);
    if (!applied) return applied.error();
    if (!applied->has_value() || (*applied)->empty()) return 0;
    return (*applied)->back().number;
}

}  // namespace perin::persistence
