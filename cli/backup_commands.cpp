#include "cli/backup_commands.hpp"

#include "cli/account_commands.hpp"
#include "cli/database_location.hpp"
#include "cli/part_file.hpp"
#include "cli/postgres_tools.hpp"
#include "persistence/database_check.hpp"
#include "persistence/database_copy.hpp"
#include "persistence/migrations.hpp"
#include "persistence/sqlite/sqlite_backup.hpp"
#include "persistence/sqlite/sqlite_restore.hpp"
#include "runtime/crash_point.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>

namespace perin::cli {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using persistence::access_mode;

constexpr auto secret_is_apart =
    "the secret is not in the backup: keep PERIN_SECRET, or the file `secret` of the data folder, "
    "elsewhere. Without it connections to outside services have to be made anew";

enum class backup_kind { sqlite, postgresql };

const char* to_string(backup_kind kind) {
    return kind == backup_kind::sqlite ? "sqlite" : "postgresql";
}

/// Of the database that is configured.
backup_kind configured_kind(const persistence::database_location& at) {
    return at.embedded() ? backup_kind::sqlite : backup_kind::postgresql;
}

failure not_ours() {
    return {error_code::not_found, "there is no database of Perin's to be backed up"};
}

/// What the file is, by its head.
result<backup_kind> kind_of(const fs::path& file) {
    // https://www.sqlite.org/fileformat.html, section 1.3; the other is pg_dump's custom format.
    static constexpr std::string_view sqlite_head{"SQLite format 3\0", 16};
    static constexpr std::string_view postgresql_head = "PGDMP";
    std::error_code why;
    if (!fs::exists(file, why))
        return failure{error_code::not_found, file.string() + " is not there"};
    std::ifstream in(file, std::ios::binary);
    std::array<char, sqlite_head.size()> head{};
    in.read(head.data(), head.size());
    if (!in && in.gcount() == 0 && !in.eof()) {
        return failure{error_code::forbidden, file.string() + " cannot be read"};
    }
    const std::string_view read(head.data(), static_cast<std::size_t>(in.gcount()));
    if (read == sqlite_head) return backup_kind::sqlite;
    if (read.starts_with(postgresql_head)) return backup_kind::postgresql;
    return failure{error_code::conflict, file.string() + " is no backup of Perin's"};
}

/// Whether the file is the database, or a part of it.
bool is_database(const fs::path& file, const fs::path& database) {
    for (const auto* end : {"", "-wal", "-shm", "-journal"}) {
        auto part = database;
        part += end;
        std::error_code ignored;
        if (fs::weakly_canonical(file, ignored) == fs::weakly_canonical(part, ignored)) return true;
        if (fs::equivalent(file, part, ignored)) return true;
    }
    return false;
}

/// Shows a person how far it is, in one line.
persistence::copy_progress shown_progress(const operator_context& with) {
    if (!with.at.interactive() || with.json) return {};
    return [&at = with.at, before = -1](double done) mutable {
        const int percent = static_cast<int>(std::floor(done * 100));
        if (percent == before) return;
        before = percent;
        at.err() << '\r' << percent << " %" << (percent == 100 ? "\n" : "") << std::flush;
    };
}

/// The step of the schema that the copy is at.
result<int> write_sqlite_backup(const operator_context& with, const fs::path& to) {
    const auto source = database_file(with.configuration);
    std::error_code ignored;
    if (!fs::exists(source, ignored)) return not_ours();
    const auto copied =
        persistence::copy_sqlite(source.string(), to.string(), shown_progress(with));
    if (!copied) return copied.error();
    auto copy =
        persistence::open_database({.url = "", .file = to.string()}, access_mode::read_only);
    if (!copy) return copy.error();
    if (auto whole = persistence::require_whole_storage(**copy); !whole) {
        return failure{whole.error().code, "the copy cannot be used: " + whole.error().detail};
    }
    return persistence::schema_version(**copy);
}

/// Where the data are in PostgreSQL; `not_found` where there are none of ours.
result<postgres_place> place_of(persistence::database& on, const std::string& url) {
    const auto schema = on.execute("SELECT current_schema()::text");
    if (!schema) return schema.error();
    if (schema->empty() || schema->front().is_null(0)) return not_ours();
    return postgres_place{.url = url, .schema = schema->front().text(0)};
}

result<int> write_postgresql_backup(const operator_context& with, const fs::path& to) {
    const auto location = location_of(with.configuration);
    auto connection = persistence::open_database(location, access_mode::read_only);
    if (!connection) return connection.error();
    const auto place = place_of(**connection, location.url);
    if (!place) return place.error();
    const auto schema = persistence::schema_version(**connection);
    if (!schema) return schema.error();
    if (*schema == 0) return not_ours();
    connection->reset();
    if (auto dumped = dump_postgres(*place, to); !dumped) return dumped.error();
    if (auto whole = require_whole_dump(to); !whole) return whole.error();
    return *schema;
}

std::string counted(std::uint64_t count, const char* of) {
    return std::to_string(count) + " " + of + (count == 1 ? "" : "s");
}

exit_code say_restored(const operator_context& with, const fs::path& from, backup_kind kind,
                       const persistence::backup_facts& facts,
                       const std::optional<fs::path>& kept) {
    auto text = "restored " + from.string() + " (schema " + std::to_string(facts.schema);
    if (facts.steps > 0) text += ", brought up to " + std::to_string(facts.schema + facts.steps);
    text += ", " + counted(facts.users, "user") + ")";
    if (kept) text += "\nthe database before it is kept as " + kept->string();
    const auto done = say(with,
                          json{{"file", from.string()},
                               {"kind", to_string(kind)},
                               {"schema", facts.schema + facts.steps},
                               {"schemaOfBackup", facts.schema},
                               {"users", facts.users},
                               {"kept", kept ? json(kept->string()) : json()}},
                          text);
    note(with,
         "what was revoked or erased since the backup was made is back, and workflows go on from "
         "where they were then");
    std::error_code ignored;
    if (with.configuration.secret.empty() &&
        !fs::exists(with.configuration.data / "secret", ignored)) {
        note(with,
             "there is no secret: put the one that belongs to the backup in its place before the "
             "next start, or connections to outside services have to be made anew");
    }
    return done;
}

exit_code restore_sqlite(const operator_context& with, const fs::path& from) {
    const auto database = database_file(with.configuration);
    const auto hold = exclusive_use(with.configuration);
    if (!hold) return complain(with.at, hold.error());
    if (is_database(from, database)) {
        return complain(with.at, {error_code::invalid_request, "FILE is the database itself"});
    }
    auto prepared = persistence::sqlite_restore::prepare(from, database, with.now);
    if (!prepared) return complain(with.at, prepared.error());
    const auto& facts = prepared->facts();
    std::error_code ignored;
    if (fs::exists(database, ignored)) {
        const auto end = doubt(with, "Replace the data in " + with.configuration.data.string() +
                                         " by those of " + from.string() + " (" +
                                         counted(facts.users, "user") + ")?");
        if (end) return *end;
    }
    const auto kept = prepared->place([](const char* step) { runtime::crash_point(step); });
    if (!kept) return complain(with.at, kept.error());
    return say_restored(with, from, backup_kind::sqlite, facts, *kept);
}

/// Brings what was restored up to date.
result<persistence::backup_facts> finish_postgresql(const persistence::database_location& at,
                                                    int schema, timestamp now) {
    auto connection = persistence::open_database(at);
    if (!connection) return connection.error();
    const auto steps = persistence::migrate(**connection, now);
    if (!steps) return steps.error();
    const auto users = (*connection)->execute("SELECT COUNT(*) FROM users");
    if (!users) return users.error();
    return persistence::backup_facts{
        .schema = schema,
        .steps = *steps,
        .users = static_cast<std::uint64_t>(users->empty() ? 0 : users->front().integer(0))};
}

/// Whether all that is replaced is ours; false where there is nothing to be replaced.
result<bool> holds_ours(persistence::database& on) {
    const auto schema = persistence::schema_version(on);
    if (!schema) return schema.error();
    if (*schema > 0) return true;
    const auto tables = persistence::holds_nothing(on);
    if (!tables) return tables.error();
    if (*tables) return false;
    return failure{error_code::conflict,
                   "the database holds tables that are not Perin's; it needs a schema of its own"};
}

exit_code restore_postgresql(const operator_context& with, const fs::path& from) {
    const auto location = location_of(with.configuration);
    const auto hold = exclusive_use(with.configuration);
    if (!hold) return complain(with.at, hold.error());
    auto connection = persistence::open_database(location, access_mode::read_only);
    if (!connection) return complain(with.at, connection.error());
    const auto place = place_of(**connection, location.url);
    if (!place) return complain(with.at, place.error());
    if (auto alone = require_alone(**connection); !alone) return complain(with.at, alone.error());
    const auto schema = inspect_dump(from, place->schema);
    if (!schema) return complain(with.at, schema.error());
    const auto replaces = holds_ours(**connection);
    if (!replaces) return complain(with.at, replaces.error());
    if (*replaces) {
        const auto end = doubt(with,
                               "Replace all data of the configured PostgreSQL database by "
                               "those of " +
                                   from.string() + "? The old ones are not kept.");
        if (end) return *end;
    }
    connection->reset();
    auto restored = restore_postgres(*place, from, [] { runtime::crash_point("restore.sent"); });
    if (!restored) return complain(with.at, restored.error());
    const auto facts = finish_postgresql(location, *schema, with.now);
    if (!facts) return complain(with.at, facts.error());
    return say_restored(with, from, backup_kind::postgresql, *facts, {});
}

}  // namespace

exit_code run(const backup_command& wanted, const operator_context& with) {
    const auto target = fs::absolute(wanted.file);
    const auto kind = configured_kind(location_of(with.configuration));
    std::error_code ignored;
    if (fs::is_directory(target, ignored)) {
        return complain(with.at, {error_code::invalid_request, target.string() + " is a folder"});
    }
    if (is_database(target, database_file(with.configuration))) {
        return complain(with.at, {error_code::invalid_request, "FILE is the database itself"});
    }
    const bool replaces = fs::exists(fs::symlink_status(target, ignored));
    if (replaces) {
        if (const auto end = doubt(with, "Replace " + target.string() + "?")) return *end;
    }
    auto part = part_file::begin(target);
    if (!part) return complain(with.at, part.error());
    const auto schema = kind == backup_kind::sqlite ? write_sqlite_backup(with, part->path())
                                                    : write_postgresql_backup(with, part->path());
    if (!schema) return complain(with.at, schema.error());
    if (*schema == 0) return complain(with.at, not_ours());
    runtime::crash_point("backup.written");
    if (auto placed = part->place(replaces); !placed) return complain(with.at, placed.error());
    const auto bytes = fs::file_size(target, ignored);
    const auto done = say(with,
                          json{{"file", target.string()},
                               {"kind", to_string(kind)},
                               {"schema", *schema},
                               {"bytes", bytes},
                               {"secret", false}},
                          "wrote " + target.string() + " (" + to_string(kind) + ", schema " +
                              std::to_string(*schema) + ", " + std::to_string(bytes) + " bytes)");
    note(with, secret_is_apart);
    return done;
}

exit_code run(const restore_command& wanted, const operator_context& with) {
    const auto from = fs::absolute(wanted.file);
    const auto kind = kind_of(from);
    if (!kind) return complain(with.at, kind.error());
    const auto configured = configured_kind(location_of(with.configuration));
    if (*kind != configured) {
        return complain(
            with.at,
            {error_code::conflict,
             std::string("the backup is of ") +
                 (*kind == backup_kind::sqlite
                      ? "an embedded database, and DATABASE_URL names PostgreSQL: restore it "
                        "without DATABASE_URL, then use `perin db move`"
                      : "PostgreSQL, and DATABASE_URL is not set: restore it with DATABASE_URL, "
                        "then use `perin db move`")});
    }
    return *kind == backup_kind::sqlite ? restore_sqlite(with, from)
                                        : restore_postgresql(with, from);
}

}  // namespace perin::cli
